import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json } from '../json.js'
import { badRequest, failure } from '../status-errors.js'

interface Operation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: Json
}

/**
 * Applies a patch of RFC 6902. Every operation that fails gives the same 422 without details, as on
 * a real server.
 */
export function applyJsonPatch (target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'
    )
  }
  const root = { document: structuredClone(target) as Json }
  for (const operation of patch as readonly Json[]) {
    if (!isObject(operation)) throw patchRejected()
    applyOperation(root, operation as unknown as Operation)
  }
  return root.document
}

const patchRejected = () =>
  failure({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: {}
  })

function applyOperation (
  root: { document: Json },
  { op, path, from = '', value = null }: Operation
): void {
  if (op === 'add') return add(root, path, value)
  if (op === 'remove') {
    remove(root, path)
    return
  }
  if (op === 'replace') {
    if (path === '') root.document = value
    else {
      remove(root, path)
      add(root, path, value)
    }
    return
  }
  if (op === 'move') return add(root, path, remove(root, from))
  if (op === 'copy') return add(root, path, structuredClone(get(root, from)))
  if (op !== 'test' || !isDeepStrictEqual(get(root, path), value)) throw patchRejected()
}

const keysOf = (pointer: string): string[] => {
  if (pointer !== '' && !pointer.startsWith('/')) throw patchRejected()
  return pointer
    .split('/')
    .slice(1)
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function get (root: { document: Json }, pointer: string): Json {
  let value: Json | undefined = root.document
  for (const key of keysOf(pointer)) {
    if (Array.isArray(value)) value = (value as readonly Json[])[parseIndex(key, value.length - 1)]
    else value = isObject(value) ? value[key] : undefined
  }
  if (value === undefined) throw patchRejected()
  return value
}

/** Finds the list or map that contains a place, and the key of the place in it. */
function findPlace (
  root: { document: Json },
  pointer: string
): { holder: Json[] | Record<string, Json>; key: string } {
  const keys = keysOf(pointer)
  const key = keys.pop()
  const holder = get(
    root,
    keys.map(key => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  )
  if (key === undefined || holder === null || typeof holder !== 'object') throw patchRejected()
  return { holder: holder as Json[] | Record<string, Json>, key }
}

function add (root: { document: Json }, pointer: string, value: Json): void {
  if (pointer === '') {
    root.document = value
    return
  }
  const { holder, key } = findPlace(root, pointer)
  if (Array.isArray(holder)) {
    holder.splice(key === '-' ? holder.length : parseIndex(key, holder.length), 0, value)
  } else holder[key] = value
}

function remove (root: { document: Json }, pointer: string): Json {
  const value = get(root, pointer)
  const { holder, key } = findPlace(root, pointer)
  if (Array.isArray(holder)) holder.splice(parseIndex(key, holder.length - 1), 1)
  else delete holder[key]
  return value
}

function parseIndex (key: string, last: number): number {
  if (!/^(0|[1-9]\d*)$/.test(key) || Number(key) > last) throw patchRejected()
  return Number(key)
}
