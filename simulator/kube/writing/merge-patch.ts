import { isObject, type Json } from '../json.js'

/**
 * Applies a patch of RFC 7396: null removes a member, objects merge, and every other value, also a
 * list, replaces the old one.
 */
export function applyMergePatch (target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  const merged: Record<string, Json> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = applyMergePatch(merged[key], value)
  }
  return merged
}
