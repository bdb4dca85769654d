import { isObject, type Json, type JsonObject } from '../json.js'

/**
 * Applies a strategic merge patch to a core object, as far as kubectl's patches of pods and secrets
 * need it. Maps merge, lists of named items merge by `name`, and other lists are replaced. Custom
 * resources refuse such a patch (415).
 */
export function applyStrategicMerge (target: Json | undefined, patch: Json): Json {
  if (Array.isArray(patch)) return mergeLists(Array.isArray(target) ? target : [], patch)
  if (!isObject(patch)) return patch
  const merged: Record<string, Json> =
    isObject(target) && patch['$patch'] !== 'replace' ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null) delete merged[key]
    else merged[key] = applyStrategicMerge(merged[key], value)
  }
  return merged
}

function mergeLists (target: readonly Json[], patch: readonly Json[]): Json {
  const isNamed = (item: Json): item is JsonObject =>
    isObject(item) && typeof item['name'] === 'string'
  if (!patch.every(isNamed) || !target.every(isNamed)) return patch
  const removed = new Set(patch.filter(item => item['$patch'] === 'delete').map(({ name }) => name))
  const changes = new Map(
    patch.filter(({ name }) => !removed.has(name ?? null)).map(item => [item['name'], item])
  )
  const kept = target
    .filter(({ name }) => !removed.has(name ?? null))
    .map(item => {
      const change = changes.get(item['name'])
      changes.delete(item['name'])
      return change === undefined ? item : applyStrategicMerge(item, change)
    })
  return [...kept, ...changes.values()]
}
