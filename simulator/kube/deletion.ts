import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json } from './merge-patch.js'
import { timestamp, type KubeObject, type Pod } from './objects.js'
import { PODS, SERVICES, type Resource } from './resources.js'
import { conflict, invalid, notFound } from './status-errors.js'
import type { Store } from './store.js'
import type { WriteTarget } from './writes.js'

const POLICIES = ['Foreground', 'Background', 'Orphan']

/** Ends a pod: with grace it drains and goes by itself, with 0 it is gone at once. */
export type EndPod = (pod: Pod, graceSeconds: number | undefined) => void

/**
 * DELETE of one object. Background (the default): gone at once, its children follow. Foreground: stays with a deletionTimestamp until its
 * pods are gone. Orphan: stays (recorded: over 30 s). The answer's body is a Status in the first case, the object in the others.
 */
export function deleteObject (store: Store, { resource, namespace, query }: WriteTarget, name: string, body: Json, endPod: EndPod): object {
  // With a body nothing of the query is read, not even dryRun (seen on the cluster).
  const options: Readonly<Record<string, Json>> = isObject(body) ? body : fromQuery(query)
  const policy = options['propagationPolicy'] ?? 'Background'
  if (typeof policy !== 'string' || !POLICIES.includes(policy)) {
    const message = `Unsupported value: "${String(policy)}": supported values: "Foreground", "Background", "Orphan", "nil"`
    throw invalid('DeleteOptions', 'meta.k8s.io', '', [{ reason: 'FieldValueNotSupported', message, field: 'propagationPolicy' }])
  }
  const object = store.get(resource, namespace, name)
  if (object === undefined) throw notFound(resource, name)
  checkPreconditions(resource, object, options['preconditions'])
  if (isDeepStrictEqual(options['dryRun'], ['All'])) return success(resource, object)
  if (object.metadata.deletionTimestamp !== undefined && resource !== PODS) return object
  if (resource === PODS) {
    const grace = options['gracePeriodSeconds']
    endPod(object as Pod, grace === undefined || grace === null ? undefined : Number(grace))
    return store.get(resource, namespace, name) ?? object
  }
  if (policy === 'Background') {
    store.remove(resource, namespace, name)
    return success(resource, object)
  }
  const { metadata } = object
  const finalizers = [policy === 'Orphan' ? 'orphan' : 'foregroundDeletion']
  const generation = (metadata.generation ?? 0) + 1
  const leaving = { ...metadata, deletionGracePeriodSeconds: 0, deletionTimestamp: timestamp(), finalizers, generation }
  return store.update(resource, { ...object, metadata: leaving })
}

function checkPreconditions (resource: Resource, { metadata }: KubeObject, preconditions: Json | undefined): void {
  if (!isObject(preconditions)) return
  const { uid, resourceVersion } = preconditions
  const kind = { ...resource, plural: resource.kind }
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(kind, metadata.name, `the UID in the precondition (${String(uid)}) does not match the UID in record (${metadata.uid}). ` +
      'The object might have been deleted and then recreated')
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(kind, metadata.name, `the ResourceVersion in the precondition (${String(resourceVersion)}) does not match the ResourceVersion ` +
      `in record (${metadata.resourceVersion}). The object might have been modified`)
  }
}

const success = ({ group, plural }: Resource, { metadata: { name, uid } }: KubeObject) => ({
  kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, ...(group !== '' && { group }), kind: plural, uid }
})

/** Removes what a removed object owned, and a ksvc that is deleted in the foreground once its last pod is gone. */
export function collectGarbage (store: Store): void {
  store.subscribe(({ type, resource, object }) => {
    const { metadata } = object
    if (type === 'DELETED') removeOwned(store, metadata.uid)
    if (type === 'MODIFIED' && metadata.finalizers?.includes('foregroundDeletion') === true) {
      removeOwned(store, metadata.uid)
      if (!hasPods(store, object)) store.remove(resource, metadata.namespace, metadata.name)
    }
    if (type === 'DELETED' && resource === PODS) {
      const name = metadata.labels?.['serving.knative.dev/service'] ?? ''
      const ksvc = store.get(SERVICES, metadata.namespace, name)
      if (ksvc?.metadata.finalizers?.includes('foregroundDeletion') === true && !hasPods(store, ksvc)) store.remove(SERVICES, metadata.namespace, name)
    }
  })
}

function removeOwned (store: Store, uid: string): void {
  for (const { resource, object: { metadata } } of store.owned(uid)) store.remove(resource, metadata.namespace, metadata.name)
}

const hasPods = (store: Store, { metadata }: KubeObject): boolean =>
  [...store.all(PODS)].some(pod => pod.metadata.labels?.['serving.knative.dev/serviceUID'] === metadata.uid)

function fromQuery (query: URLSearchParams): Record<string, Json> {
  return Object.fromEntries([...query].map(([name, value]) => [name, name === 'dryRun' ? [value] : value]))
}
