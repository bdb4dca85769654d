type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * Applies a patch of RFC 7396. Members of the patch replace those of the target, null removes them,
 * objects merge, and arrays are replaced as a whole.
 */
export function mergePatch (target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result = new Map<string, unknown>(isObject(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key)
    else result.set(key, mergePatch(result.get(key), value))
  }
  return Object.fromEntries(result)
}

function isObject (value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
