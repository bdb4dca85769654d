import { isObject, type Json, type JsonObject } from '../json.js'

/**
 * The paths of an object's fields, each as the JSON text of its keys. A list counts as one field,
 * since lists in the spec of a ksvc are atomic (recorded).
 */
export type FieldSet = ReadonlySet<string>

const PREFIX = 'f:'
/** Fields that nobody manages, since the server sets them or they identify the object. */
const UNMANAGED = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink'
])

/**
 * Picks the fields that a client may manage. Type, status and the server's own metadata are not
 * among them.
 */
export function pickManaged ({ metadata, ...object }: JsonObject): JsonObject {
  const own = Object.entries(isObject(metadata) ? metadata : {}).filter(
    ([key]) => !UNMANAGED.has(key)
  )
  const rest = Object.entries(object).filter(
    ([key]) => !['apiVersion', 'kind', 'status'].includes(key)
  )
  return {
    ...(own.length > 0 && { metadata: Object.fromEntries(own) }),
    ...Object.fromEntries(rest)
  }
}

/**
 * Lists an object's leaves: values, lists and empty maps. With `maps` it also lists the maps above
 * them, which an update owns but an apply does not.
 */
export function fieldsOf (object: JsonObject, { maps }: { maps: boolean }): FieldSet {
  const found = new Set<string>()
  const walk = (value: Json, path: readonly string[]) => {
    const isLeaf = !isObject(value) || Object.keys(value).length === 0
    if (isLeaf || (maps && path.length > 0 && path.join() !== 'metadata')) {
      found.add(JSON.stringify(path))
    }
    for (const [key, inner] of Object.entries(isLeaf ? {} : value)) {
      if (inner !== null && inner !== undefined) walk(inner, [...path, key])
    }
  }
  if (Object.keys(object).length > 0) walk(object, [])
  return found
}

export function valueAt (object: Json | undefined, field: string): Json | undefined {
  let value = object
  for (const key of JSON.parse(field) as string[]) value = isObject(value) ? value[key] : undefined
  return value
}

/** Removes the value at `field`. Maps that become empty stay. */
export function without (object: JsonObject, field: string): JsonObject {
  const [key = '', ...rest] = JSON.parse(field) as string[]
  const { [key]: inner, ...others } = object
  if (rest.length === 0) return others as JsonObject
  return isObject(inner) ? { ...object, [key]: without(inner, JSON.stringify(rest)) } : object
}

/** Writes a path for messages: `.spec.template.spec.containers`. */
export const formatPath = (field: string): string =>
  (JSON.parse(field) as string[]).map(key => `.${key}`).join('')

interface Node {
  [key: string]: Node
}

/**
 * Makes the nested form of the API (FieldsV1). It has `f:` before each key, and `.` for a map
 * itself.
 */
export function toFieldsV1 (fields: FieldSet): Node {
  const root: Node = {}
  const all = [...fields].map(field => JSON.parse(field) as string[])
  for (const path of all) {
    let node = root
    for (const key of path) node = node[PREFIX + key] ??= {}
  }
  const mark = (node: Node, path: readonly string[]) => {
    const inner = Object.entries(node)
    for (const [key, child] of inner) mark(child, [...path, key.slice(PREFIX.length)])
    if (inner.length > 0 && fields.has(JSON.stringify(path))) node['.'] = {}
  }
  mark(root, [])
  return root
}

export function fromFieldsV1 (node: Json | undefined): FieldSet {
  const found = new Set<string>()
  const walk = (inner: Json | undefined, path: readonly string[]) => {
    const keys = isObject(inner) ? Object.keys(inner) : []
    if (path.length > 0 && (keys.length === 0 || keys.includes('.'))) {
      found.add(JSON.stringify(path))
    }
    for (const key of keys) {
      if (key.startsWith(PREFIX)) {
        walk((inner as JsonObject)[key], [...path, key.slice(PREFIX.length)])
      }
    }
  }
  walk(node, [])
  return found
}
