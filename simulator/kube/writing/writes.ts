import { isDeepStrictEqual } from 'node:util'
import type { Admitted, Catalog } from '../catalog.js'
import { trackUpdate } from '../clients/managed-fields.js'
import { isObject, type Json, type JsonObject } from '../json.js'
import type { KubeObject, ManagedFields, ObjectMeta } from '../objects.js'
import { apiVersionOf, type Resource } from '../resource.js'
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  namespaceNotFound,
  notFound
} from '../status-errors.js'
import type { Draft, Store } from '../store/store.js'
import { checkMetadata } from './metadata.js'

/** The parts of the API server that every write uses. */
export interface WriteParts {
  readonly store: Store
  readonly catalog: Catalog
  readonly namespaces: ReadonlySet<string>
}

/** The target and the options of one request that writes. */
export interface WriteTarget {
  readonly resource: Resource
  readonly namespace: string
  readonly query: URLSearchParams
  /** the writer's name for managedFields */
  readonly manager: string
}

export interface Written {
  readonly object: KubeObject
  readonly warnings: readonly string[]
}

export function createObject (parts: WriteParts, where: WriteTarget, body: Json): Written {
  const given = parseObject(where.resource, where.namespace, body)
  const managers = trackUpdate(
    [],
    { name: where.manager, operation: 'Update' },
    {},
    given as unknown as JsonObject,
    given.apiVersion
  )
  return storeNew(parts, where, given, managers)
}

export function storeNew (
  { store, catalog, namespaces }: WriteParts,
  { resource, namespace, query }: Omit<WriteTarget, 'manager'>,
  given: Given,
  managedFields: readonly ManagedFields[]
): Written {
  if (resource.clusterWide !== true && !namespaces.has(namespace)) {
    throw namespaceNotFound(namespace)
  }
  const { generateName } = given.metadata
  const name =
    given.metadata.name ?? (generateName === undefined ? undefined : generateName + makeSuffix())
  const named = {
    ...given,
    metadata: { ...given.metadata, managedFields, name: name ?? '', namespace }
  }
  // A writer can't set the status.
  const { status: _, ...draft } = named as KubeObject & { status?: unknown }
  checkMetadata(resource, named.metadata)
  const dryRun = isDryRun(query, 'CreateOptions')
  const { object, warnings } = admit(catalog, resource, draft, undefined, query)
  const existing = store.get(resource, namespace, named.metadata.name)
  if (existing !== undefined) {
    throw alreadyExists(
      resource,
      named.metadata.name,
      existing.metadata.deletionTimestamp !== undefined
    )
  }
  return { object: store.create(resource, object as Draft<KubeObject>, dryRun), warnings }
}

export function replaceObject (
  parts: WriteParts,
  { resource, namespace, query, manager }: WriteTarget,
  name: string,
  body: Json
): Written {
  const given = parseObject(resource, namespace, body)
  if (given.metadata.name !== name) throw wrongName(given.metadata.name ?? '', name)
  const old = parts.store.get(resource, namespace, name)
  if (old === undefined) throw notFound(resource, name)
  if (!given.metadata.resourceVersion) {
    const message = 'Invalid value: 0: must be specified for an update'
    throw invalid(resource.plural, resource.group, name, [
      { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }
    ])
  }
  const uid = given.metadata.uid
  if (uid !== undefined && uid !== old.metadata.uid) {
    throw conflict(resource, name, uidConflict(resource, namespace, name, uid, old.metadata.uid))
  }
  return storeChange(parts, resource, old, withManagers(manager, old, given), query)
}

/**
 * Updates managedFields after an update of the object. It starts from the managedFields that the
 * writer sent, if any.
 */
export function withManagers (manager: string, old: KubeObject, given: Given): Given {
  const entries = given.metadata.managedFields ?? old.metadata.managedFields ?? []
  const { apiVersion } = given
  const managedFields = trackUpdate(
    entries,
    { name: manager, operation: 'Update' },
    old as unknown as JsonObject,
    given as unknown as JsonObject,
    apiVersion
  )
  return {
    ...given,
    metadata: { ...given.metadata, ...(managedFields.length > 0 && { managedFields }) }
  }
}

export type Given = Omit<KubeObject, 'metadata'> & {
  readonly metadata: Partial<KubeObject['metadata']>
}

/** Fields of the metadata that a change of the object leaves as they are. */
const KEPT = [
  'uid',
  'name',
  'namespace',
  'creationTimestamp',
  'generation',
  'ownerReferences',
  'finalizers',
  'deletionTimestamp'
] as const

export function storeChange (
  { store, catalog }: WriteParts,
  resource: Resource,
  old: KubeObject,
  given: Given,
  query: URLSearchParams
): Written {
  if (given.metadata.resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(resource, old.metadata.name)
  }
  const kept = Object.fromEntries(KEPT.map(field => [field, old.metadata[field]]))
  const metadata = dropUndefined({ ...given.metadata, ...kept }) as ObjectMeta
  const status = 'status' in old ? { status: old.status } : {}
  const { status: _, ...rest } = given as KubeObject & { status?: unknown }
  checkMetadata(resource, metadata)
  const { object, warnings } = admit(catalog, resource, { ...rest, metadata }, old, query)
  const grown = 'spec' in old && !isDeepStrictEqual(specOf(object), old.spec)
  const next = {
    ...object,
    metadata: {
      ...object.metadata,
      ...(grown && { generation: (old.metadata.generation ?? 0) + 1 })
    },
    ...status
  }
  return {
    object: isDryRun(query, 'UpdateOptions') ? next : store.update(resource, next),
    warnings
  }
}

const specOf = (object: KubeObject): unknown => ('spec' in object ? object.spec : undefined)

function admit (
  catalog: Catalog,
  resource: Resource,
  object: KubeObject,
  old: KubeObject | undefined,
  query: URLSearchParams
): Admitted<KubeObject> {
  const strict = query.get('fieldValidation') === 'Strict'
  return catalog.kind(resource).admit?.(object, old, strict) ?? { object, warnings: [] }
}

/** Reads the body as an object of this resource and namespace, or refuses it with a 400. */
export function parseObject (resource: Resource, namespace: string, body: Json): Given {
  if (!isObject(body)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind`
    )
  }
  const expected = apiVersionOf(resource)
  const { apiVersion = expected, kind = resource.kind } = body
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`
    )
  }
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request'
    )
  }
  return { ...body, apiVersion: expected, kind: String(kind), metadata } as unknown as Given
}

function isDryRun (query: URLSearchParams, options: string): boolean {
  const value = query.get('dryRun')
  if (value === null || value === 'All') return value === 'All'
  const message = `Unsupported value: ["${value}"]: supported values: "All"`
  throw invalid(options, 'meta.k8s.io', '', [
    { reason: 'FieldValueNotSupported', message, field: 'dryRun' }
  ])
}

const dropUndefined = (object: object): unknown =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

export const wrongName = (given: string, name: string) =>
  badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)

const uidConflict = (
  { group, plural }: Resource,
  namespace: string,
  name: string,
  given: string,
  stored: string
) =>
  `StorageError: invalid object, Code: 4, Key: /registry/${group}/${plural}/${namespace}/${name}, ResourceVersion: 0, ` +
  `AdditionalErrorMsg: Precondition failed: UID in precondition: ${given}, UID in object meta: ${stored}`

const makeSuffix = (): string =>
  Array.from(
    { length: 5 },
    () => 'bcdfghjklmnpqrstvwxz2456789'[Math.floor(Math.random() * 27)]
  ).join('')
