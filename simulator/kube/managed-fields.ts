import { isDeepStrictEqual } from 'node:util'
import { fieldsOf, fromFieldsV1, managed, pathText, toFieldsV1, valueAt, without, type FieldSet } from './field-sets.js'
import { isObject, type Json, type JsonObject } from './merge-patch.js'
import { timestamp, type ManagedFields } from './objects.js'
import { badRequest, failure } from './status-errors.js'

/** Who writes: the query's fieldManager, otherwise the program of User-Agent. */
export interface Manager { readonly name: string, readonly operation: 'Update' | 'Apply' }

interface Owner { readonly entry: ManagedFields, readonly fields: FieldSet }

const ownersIn = (entries: readonly ManagedFields[]): Owner[] =>
  entries.filter(({ manager }) => manager !== undefined).map(entry => ({ entry, fields: fromFieldsV1(entry.fieldsV1) }))

const is = ({ entry }: Owner, { name, operation }: Manager): boolean =>
  entry.manager === name && entry.operation === operation && entry.subresource === undefined

/** Who manages what after an update from `old` to `next`: the writer what it changed, nobody what it removed, the others the rest. */
export function afterUpdate (
  entries: readonly ManagedFields[], manager: Manager, old: JsonObject, next: JsonObject, apiVersion: string
): readonly ManagedFields[] {
  const [before, after] = [managed(old), managed(next)]
  const [beforeFields, afterFields] = [fieldsOf(before, { maps: true }), fieldsOf(after, { maps: true })]
  const isLeaf = (field: string) => { const value = valueAt(after, field); return !isObject(value) || Object.keys(value).length === 0 }
  const changed = new Set([...afterFields].filter(field =>
    !beforeFields.has(field) || (isLeaf(field) && !isDeepStrictEqual(valueAt(before, field), valueAt(after, field)))))
  const removed = new Set([...beforeFields].filter(field => !afterFields.has(field)))
  if (changed.size === 0 && removed.size === 0) return entries
  const kept = (owner: Owner) => is(owner, manager) ? new Set([...owner.fields, ...changed]) : difference(owner.fields, changed)
  const owners = ownersIn(entries).map(owner => ({ ...owner, fields: difference(kept(owner), removed) }))
  return written(owners, manager, owners.find(owner => is(owner, manager))?.fields ?? changed, apiVersion, changed.size > 0)
}

/** The object after a server-side apply of `config`. @throws 409 when it changes what others manage, unless `force` */
export function applied (live: JsonObject, entries: readonly ManagedFields[], name: string, config: JsonObject, force: boolean, apiVersion: string): {
  object: JsonObject, managedFields: readonly ManagedFields[]
} {
  if (isObject(config['metadata']) && config['metadata']['managedFields'] !== undefined) throw badRequest('metadata.managedFields must be nil')
  const manager: Manager = { name, operation: 'Apply' }
  const wanted = managed(config)
  const fields = fieldsOf(wanted, { maps: false })
  const owners = ownersIn(entries)
  const changed = new Set([...fields].filter(field => isChange(valueAt(live, field), valueAt(wanted, field))))
  if (!force) refuseConflicts(owners.filter(owner => !is(owner, manager)), changed)
  const others = owners.filter(owner => !is(owner, manager)).map(owner => ({ ...owner, fields: difference(owner.fields, changed) }))
  const mine = owners.find(owner => is(owner, manager))
  const given = [...mine?.fields ?? []].filter(field => !fields.has(field) && !others.some(other => other.fields.has(field))).sort(byDepth)
  const object = given.reduce(withoutUnlessFilled, merged(live, wanted))
  const isTaken = owners.some(owner => !is(owner, manager) && [...changed].some(field => owner.fields.has(field)))
  const isSame = !isTaken && mine !== undefined && isDeepStrictEqual(mine.fields, fields)
  return { object, managedFields: isSame ? entries : written([...others, ...(mine ? [mine] : [])], manager, fields, apiVersion, true) }
}

/** An empty map asks for no more than a map. */
const isChange = (live: Json | undefined, wanted: Json | undefined) => !(isObject(live) && isObject(wanted)) && !isDeepStrictEqual(live, wanted)

/** A map that others' fields or defaults still fill stays. The deeper fields come first. */
function withoutUnlessFilled (object: JsonObject, field: string): JsonObject {
  const value = valueAt(object, field)
  return isObject(value) && Object.keys(value).length > 0 ? object : without(object, field)
}

/** @throws the recorded 409: one line for one conflict, otherwise grouped by manager */
function refuseConflicts (others: readonly Owner[], changed: FieldSet): void {
  const conflicts = others.flatMap(({ entry: { manager, operation, apiVersion }, fields }) => {
    const who = `with "${manager}"${operation === 'Apply' ? '' : ` using ${apiVersion}`}`
    return [...fields].filter(field => changed.has(field)).sort().map(field => ({ who, field: pathText(field) }))
  })
  const [first] = conflicts
  if (first === undefined) return
  const groups = [...new Set(conflicts.map(({ who }) => who))].sort().map(group =>
    `conflicts ${group}:${conflicts.filter(({ who }) => who === group).map(({ field }) => `\n- ${field}`).join('')}`)
  const told = conflicts.length === 1 ? `1 conflict: conflict ${first.who}: ${first.field}` : `${conflicts.length} conflicts: ${groups.join('\n')}`
  const causes = conflicts.map(({ who, field }) => ({ reason: 'FieldManagerConflict', message: `conflict ${who}`, field }))
  throw failure({ code: 409, reason: 'Conflict', message: `Apply failed with ${told}`, details: { causes } })
}

function merged (target: JsonObject, wanted: JsonObject): JsonObject {
  const next: Record<string, Json> = { ...target }
  for (const [key, value] of Object.entries(wanted)) {
    const old = next[key]
    next[key] = isObject(value) && isObject(old) ? merged(old, value) : value
  }
  return next
}

/** The entries with the writer's fields anew; applies come first, the newest update last. */
function written (owners: readonly Owner[], manager: Manager, fields: FieldSet, apiVersion: string, touched: boolean): ManagedFields[] {
  const others = owners.filter(owner => !is(owner, manager) && owner.fields.size > 0)
    .map(({ entry, fields }) => ({ ...entry, fieldsV1: toFieldsV1(fields) }))
  const old = owners.find(owner => is(owner, manager))?.entry
  const time = touched || old === undefined ? timestamp() : old.time
  const own = { apiVersion, fieldsType: 'FieldsV1', fieldsV1: toFieldsV1(fields), manager: manager.name, operation: manager.operation, time }
  const all = fields.size === 0 ? others : [...others, own]
  return [...all.filter(({ operation }) => operation === 'Apply'), ...all.filter(({ operation }) => operation !== 'Apply')]
}

const byDepth = (a: string, b: string) => (JSON.parse(b) as string[]).length - (JSON.parse(a) as string[]).length

function difference (set: FieldSet, less: FieldSet): Set<string> {
  return new Set([...set].filter(field => !less.has(field)))
}
