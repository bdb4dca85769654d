import { isObject, type Json, type JsonObject } from './merge-patch.js'

/**
 * A strategic merge patch of a core object, as far as kubectl's patches of pods and secrets need it: maps merge, lists of named things
 * merge by `name`, other lists replace. Custom resources refuse it (415).
 */
export function strategicMerge (target: Json | undefined, patch: Json): Json {
  if (Array.isArray(patch)) return mergedLists(Array.isArray(target) ? target : [], patch)
  if (!isObject(patch)) return patch
  const merged: Record<string, Json> = isObject(target) && patch['$patch'] !== 'replace' ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null) delete merged[key]
    else merged[key] = strategicMerge(merged[key], value)
  }
  return merged
}

function mergedLists (target: readonly Json[], patch: readonly Json[]): Json {
  const isNamed = (item: Json): item is JsonObject => isObject(item) && typeof item['name'] === 'string'
  if (!patch.every(isNamed) || !target.every(isNamed)) return patch
  const removed = new Set(patch.filter(item => item['$patch'] === 'delete').map(({ name }) => name))
  const changes = new Map(patch.filter(({ name }) => !removed.has(name ?? null)).map(item => [item['name'], item]))
  const kept = target.filter(({ name }) => !removed.has(name ?? null)).map(item => {
    const change = changes.get(item['name'])
    changes.delete(item['name'])
    return change === undefined ? item : strategicMerge(item, change)
  })
  return [...kept, ...changes.values()]
}
