import { isDeepStrictEqual } from 'node:util'
import { admitKsvc, admitRevision, type Admitted } from '../knative/admission.js'
import type { Ksvc, Revision } from '../knative/objects.js'
import { afterUpdate } from './managed-fields.js'
import { isObject, type Json, type JsonObject } from './merge-patch.js'
import { checkMetadata } from './metadata.js'
import type { KubeObject, ManagedFields, ObjectMeta, Secret } from './objects.js'
import { apiVersionOf, REVISIONS, SECRETS, SERVICES, type Resource } from './resources.js'
import { alreadyExists, badRequest, conflict, invalid, namespaceNotFound, notFound } from './status-errors.js'
import type { Draft, Store } from './store.js'

/** One request that writes: where, and how. */
export interface WriteTarget {
  readonly resource: Resource
  readonly namespace: string
  readonly query: URLSearchParams
  /** who writes, for managedFields */
  readonly manager: string
}

export interface Written { readonly object: KubeObject, readonly warnings: readonly string[] }

export function createObject (store: Store, namespaces: ReadonlySet<string>, where: WriteTarget, body: Json): Written {
  const given = typed(where.resource, where.namespace, body)
  const managers = afterUpdate([], { name: where.manager, operation: 'Update' }, {}, given as unknown as JsonObject, given.apiVersion)
  return create(store, namespaces, where, given, managers)
}

export function create (
  store: Store, namespaces: ReadonlySet<string>, { resource, namespace, query }: Omit<WriteTarget, 'manager'>, given: Given, managedFields: readonly ManagedFields[]
): Written {
  if (resource.clusterWide !== true && !namespaces.has(namespace)) throw namespaceNotFound(namespace)
  const { generateName } = given.metadata
  const name = given.metadata.name ?? (generateName === undefined ? undefined : generateName + suffix())
  const named = { ...given, metadata: { ...given.metadata, managedFields, name: name ?? '', namespace } }
  const { status: _, ...draft } = named as KubeObject & { status?: unknown } // the status is not the writer's
  checkMetadata(resource, named.metadata)
  const dryRun = isDryRun(query, 'CreateOptions')
  const { object, warnings } = admit(resource, draft, undefined, query)
  const existing = store.get(resource, namespace, named.metadata.name)
  if (existing !== undefined) throw alreadyExists(resource, named.metadata.name, existing.metadata.deletionTimestamp !== undefined)
  return { object: store.create(resource, object as Draft<KubeObject>, dryRun), warnings }
}

export function replaceObject (store: Store, { resource, namespace, query, manager }: WriteTarget, name: string, body: Json): Written {
  const given = typed(resource, namespace, body)
  if (given.metadata.name !== name) throw wrongName(given.metadata.name ?? '', name)
  const old = store.get(resource, namespace, name)
  if (old === undefined) throw notFound(resource, name)
  if (!given.metadata.resourceVersion) {
    const message = 'Invalid value: 0: must be specified for an update'
    throw invalid(resource.plural, resource.group, name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }])
  }
  const uid = given.metadata.uid
  if (uid !== undefined && uid !== old.metadata.uid) throw conflict(resource, name, uidConflict(resource, namespace, name, uid, old.metadata.uid))
  return write(store, resource, old, managedBy(manager, old, given), query)
}

/** Managed anew after an update; managedFields that the writer itself changed are where that begins. */
export function managedBy (manager: string, old: KubeObject, given: Given): Given {
  const entries = given.metadata.managedFields ?? old.metadata.managedFields ?? []
  const { apiVersion } = given
  const managedFields = afterUpdate(entries, { name: manager, operation: 'Update' }, old as unknown as JsonObject, given as unknown as JsonObject, apiVersion)
  return { ...given, metadata: { ...given.metadata, ...(managedFields.length > 0 && { managedFields }) } }
}

export type Given = Omit<KubeObject, 'metadata'> & { readonly metadata: Partial<KubeObject['metadata']> }

export function write (store: Store, resource: Resource, old: KubeObject, given: Given, query: URLSearchParams): Written {
  if (given.metadata.resourceVersion !== old.metadata.resourceVersion) throw conflict(resource, old.metadata.name)
  const { uid, name, namespace, creationTimestamp, generation, ownerReferences, finalizers, deletionTimestamp } = old.metadata
  const kept = { uid, name, namespace, creationTimestamp, generation, ownerReferences, finalizers, deletionTimestamp }
  const metadata = defined({ ...given.metadata, ...kept }) as ObjectMeta
  const status = 'status' in old ? { status: old.status } : {}
  const { status: _, ...rest } = given as KubeObject & { status?: unknown }
  checkMetadata(resource, metadata)
  const { object, warnings } = admit(resource, { ...rest, metadata }, old, query)
  const grown = 'spec' in old && !isDeepStrictEqual((object as Ksvc).spec, old.spec)
  const next = { ...object, metadata: { ...object.metadata, ...(grown && { generation: (generation ?? 0) + 1 }) }, ...status }
  return { object: isDryRun(query, 'UpdateOptions') ? next : store.update(resource, next), warnings }
}

function admit (resource: Resource, object: KubeObject, old: KubeObject | undefined, query: URLSearchParams): Admitted<KubeObject> {
  if (resource === SERVICES) return admitKsvc(object as Ksvc, old as Ksvc | undefined, query.get('fieldValidation') === 'Strict')
  if (resource === REVISIONS) return admitRevision(object as Revision, old as Revision | undefined)
  if (resource === SECRETS) return { object: encoded(object as Secret), warnings: [] }
  return { object, warnings: [] }
}

function encoded ({ stringData = {}, data = {}, type = 'Opaque', ...rest }: Secret): Secret {
  const texts = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  return { ...rest, data: { ...data, ...Object.fromEntries(texts) }, type }
}

/** The body as an object of this resource and namespace, or a 400. */
export function typed (resource: Resource, namespace: string, body: Json): Given {
  if (!isObject(body)) throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind`)
  const expected = apiVersionOf(resource)
  const { apiVersion = expected, kind = resource.kind } = body
  if (apiVersion !== expected) throw badRequest(`the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`)
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  return { ...body, apiVersion: expected, kind: String(kind), metadata } as unknown as Given
}

function isDryRun (query: URLSearchParams, options: string): boolean {
  const value = query.get('dryRun')
  if (value === null || value === 'All') return value === 'All'
  const message = `Unsupported value: ["${value}"]: supported values: "All"`
  throw invalid(options, 'meta.k8s.io', '', [{ reason: 'FieldValueNotSupported', message, field: 'dryRun' }])
}

const defined = (object: object): unknown => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

export const wrongName = (given: string, name: string) => badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)

const uidConflict = ({ group, plural }: Resource, namespace: string, name: string, given: string, stored: string) =>
  `StorageError: invalid object, Code: 4, Key: /registry/${group}/${plural}/${namespace}/${name}, ResourceVersion: 0, ` +
  `AdditionalErrorMsg: Precondition failed: UID in precondition: ${given}, UID in object meta: ${stored}`

const suffix = (): string => Array.from({ length: 5 }, () => 'bcdfghjklmnpqrstvwxz2456789'[Math.floor(Math.random() * 27)]).join('')
