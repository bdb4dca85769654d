import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json, type JsonObject } from '../json.js'
import { timestamp, type ManagedFields } from '../objects.js'
import { badRequest, failure } from '../status-errors.js'
import {
  fieldsOf,
  formatPath,
  fromFieldsV1,
  pickManaged,
  toFieldsV1,
  valueAt,
  without,
  type FieldSet
} from './field-sets.js'

/** The writer: the query's fieldManager, otherwise the first program of User-Agent. */
export interface Manager {
  readonly name: string
  readonly operation: 'Update' | 'Apply'
}

interface Owner {
  readonly entry: ManagedFields
  readonly fields: FieldSet
}

const ownersIn = (entries: readonly ManagedFields[]): Owner[] =>
  entries
    .filter(({ manager }) => manager !== undefined)
    .map(entry => ({ entry, fields: fromFieldsV1(entry.fieldsV1) }))

const isOwnedBy = ({ entry }: Owner, { name, operation }: Manager): boolean =>
  entry.manager === name && entry.operation === operation && entry.subresource === undefined

/**
 * Works out who manages which fields after an update from `old` to `next`. The writer manages the
 * fields that it changed. Nobody manages those that it removed. The others keep their other fields.
 */
export function trackUpdate (
  entries: readonly ManagedFields[],
  manager: Manager,
  old: JsonObject,
  next: JsonObject,
  apiVersion: string
): readonly ManagedFields[] {
  const [before, after] = [pickManaged(old), pickManaged(next)]
  const [beforeFields, afterFields] = [
    fieldsOf(before, { maps: true }),
    fieldsOf(after, { maps: true })
  ]
  const isLeaf = (field: string) => {
    const value = valueAt(after, field)
    return !isObject(value) || Object.keys(value).length === 0
  }
  const changed = new Set(
    [...afterFields].filter(
      field =>
        !beforeFields.has(field) ||
        (isLeaf(field) && !isDeepStrictEqual(valueAt(before, field), valueAt(after, field)))
    )
  )
  const removed = new Set([...beforeFields].filter(field => !afterFields.has(field)))
  if (changed.size === 0 && removed.size === 0) return entries
  const keepFields = (owner: Owner) =>
    isOwnedBy(owner, manager)
      ? new Set([...owner.fields, ...changed])
      : subtract(owner.fields, changed)
  const owners = ownersIn(entries).map(owner => ({
    ...owner,
    fields: subtract(keepFields(owner), removed)
  }))
  return updateEntries(
    owners,
    manager,
    owners.find(owner => isOwnedBy(owner, manager))?.fields ?? changed,
    apiVersion,
    changed.size > 0
  )
}

/**
 * Makes a server-side apply of `config`.
 * @throws StatusError 409 when it changes fields that others manage, unless `force`
 */
export function applyConfig (
  live: JsonObject,
  entries: readonly ManagedFields[],
  name: string,
  config: JsonObject,
  force: boolean,
  apiVersion: string
): { object: JsonObject; managedFields: readonly ManagedFields[] } {
  if (isObject(config['metadata']) && config['metadata']['managedFields'] !== undefined) {
    throw badRequest('metadata.managedFields must be nil')
  }
  const manager: Manager = { name, operation: 'Apply' }
  const wanted = pickManaged(config)
  const fields = fieldsOf(wanted, { maps: false })
  const owners = ownersIn(entries)
  const changed = new Set(
    [...fields].filter(field => isChange(valueAt(live, field), valueAt(wanted, field)))
  )
  if (!force) {
    refuseConflicts(
      owners.filter(owner => !isOwnedBy(owner, manager)),
      changed
    )
  }
  const others = owners
    .filter(owner => !isOwnedBy(owner, manager))
    .map(owner => ({ ...owner, fields: subtract(owner.fields, changed) }))
  const mine = owners.find(owner => isOwnedBy(owner, manager))
  const given = [...(mine?.fields ?? [])]
    .filter(field => !fields.has(field) && !others.some(other => other.fields.has(field)))
    .sort(compareDepth)
  const object = given.reduce(withoutUnlessFilled, mergeObjects(live, wanted))
  const isTaken = owners.some(
    owner => !isOwnedBy(owner, manager) && [...changed].some(field => owner.fields.has(field))
  )
  const isSame = !isTaken && mine !== undefined && isDeepStrictEqual(mine.fields, fields)
  return {
    object,
    managedFields: isSame
      ? entries
      : updateEntries([...others, ...(mine ? [mine] : [])], manager, fields, apiVersion, true)
  }
}

/** Whether `wanted` changes the value. If both are maps, it does not: only leaves count. */
const isChange = (live: Json | undefined, wanted: Json | undefined) =>
  !(isObject(live) && isObject(wanted)) && !isDeepStrictEqual(live, wanted)

/**
 * Removes the value at `field`, unless it is a map that others or defaults still fill. Deeper
 * fields must be removed first.
 */
function withoutUnlessFilled (object: JsonObject, field: string): JsonObject {
  const value = valueAt(object, field)
  return isObject(value) && Object.keys(value).length > 0 ? object : without(object, field)
}

/**
 * Refuses to change fields that others manage.
 * @throws StatusError the recorded 409: one line for one conflict, several grouped by manager
 */
function refuseConflicts (others: readonly Owner[], changed: FieldSet): void {
  const conflicts = others.flatMap(({ entry: { manager, operation, apiVersion }, fields }) => {
    const who = `with "${manager}"${operation === 'Apply' ? '' : ` using ${apiVersion}`}`
    return [...fields]
      .filter(field => changed.has(field))
      .sort()
      .map(field => ({ who, field: formatPath(field) }))
  })
  const [first] = conflicts
  if (first === undefined) return
  const groups = [...new Set(conflicts.map(({ who }) => who))].sort().map(
    group =>
      `conflicts ${group}:${conflicts
        .filter(({ who }) => who === group)
        .map(({ field }) => `\n- ${field}`)
        .join('')}`
  )
  const text =
    conflicts.length === 1
      ? `1 conflict: conflict ${first.who}: ${first.field}`
      : `${conflicts.length} conflicts: ${groups.join('\n')}`
  const causes = conflicts.map(({ who, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict ${who}`,
    field
  }))
  throw failure({
    code: 409,
    reason: 'Conflict',
    message: `Apply failed with ${text}`,
    details: { causes }
  })
}

function mergeObjects (target: JsonObject, wanted: JsonObject): JsonObject {
  const next: Record<string, Json> = { ...target }
  for (const [key, value] of Object.entries(wanted)) {
    const old = next[key]
    next[key] = isObject(value) && isObject(old) ? mergeObjects(old, value) : value
  }
  return next
}

/**
 * Returns new entries with the writer's fields. Entries of applies come first, and the newest
 * update comes last.
 */
function updateEntries (
  owners: readonly Owner[],
  manager: Manager,
  fields: FieldSet,
  apiVersion: string,
  touched: boolean
): ManagedFields[] {
  const others = owners
    .filter(owner => !isOwnedBy(owner, manager) && owner.fields.size > 0)
    .map(({ entry, fields }) => ({ ...entry, fieldsV1: toFieldsV1(fields) }))
  const old = owners.find(owner => isOwnedBy(owner, manager))?.entry
  const time = touched || old === undefined ? timestamp() : old.time
  const own = {
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(fields),
    manager: manager.name,
    operation: manager.operation,
    time
  }
  const all = fields.size === 0 ? others : [...others, own]
  return [
    ...all.filter(({ operation }) => operation === 'Apply'),
    ...all.filter(({ operation }) => operation !== 'Apply')
  ]
}

const compareDepth = (a: string, b: string) =>
  (JSON.parse(b) as string[]).length - (JSON.parse(a) as string[]).length

function subtract (set: FieldSet, less: FieldSet): Set<string> {
  return new Set([...set].filter(field => !less.has(field)))
}
