import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json } from '../json.js'
import { timestamp, type KubeObject, type Pod } from '../objects.js'
import type { Resource } from '../resource.js'
import { PODS } from '../resources.js'
import { conflict, invalid, notFound } from '../status-errors.js'
import type { Store } from '../store/store.js'
import type { WriteTarget } from './writes.js'

const POLICIES = ['Foreground', 'Background', 'Orphan']

/** Ends a pod. With grace 0 it is gone at once, otherwise it drains first. */
export type EndPod = (pod: Pod, graceSeconds: number | undefined) => void

/**
 * Deletes one object. Background, the default, removes it at once and its children soon after; the
 * result is a Status. Foreground keeps it with a deletionTimestamp until its pods are gone. Orphan
 * keeps it too (recorded: over 30 s). Both return the object.
 */
export function deleteObject (
  store: Store,
  { resource, namespace, query }: WriteTarget,
  name: string,
  body: Json,
  endPod: EndPod
): object {
  // If there is a body, the query is ignored, even its dryRun (seen on the cluster).
  const options: Readonly<Record<string, Json>> = isObject(body) ? body : readOptions(query)
  const policy = options['propagationPolicy'] ?? 'Background'
  if (typeof policy !== 'string' || !POLICIES.includes(policy)) {
    const message = `Unsupported value: "${String(policy)}": supported values: "Foreground", "Background", "Orphan", "nil"`
    throw invalid('DeleteOptions', 'meta.k8s.io', '', [
      { reason: 'FieldValueNotSupported', message, field: 'propagationPolicy' }
    ])
  }
  const object = store.get(resource, namespace, name)
  if (object === undefined) throw notFound(resource, name)
  checkPreconditions(resource, object, options['preconditions'])
  if (isDeepStrictEqual(options['dryRun'], ['All'])) return successStatus(resource, object)
  if (object.metadata.deletionTimestamp !== undefined && resource !== PODS) return object
  if (resource === PODS) {
    const grace = options['gracePeriodSeconds']
    endPod(object as Pod, grace === undefined || grace === null ? undefined : Number(grace))
    return store.get(resource, namespace, name) ?? object
  }
  if (policy === 'Background') {
    store.remove(resource, namespace, name)
    return successStatus(resource, object)
  }
  const { metadata } = object
  const finalizers = [policy === 'Orphan' ? 'orphan' : 'foregroundDeletion']
  const generation = (metadata.generation ?? 0) + 1
  const leaving = {
    ...metadata,
    deletionGracePeriodSeconds: 0,
    deletionTimestamp: timestamp(),
    finalizers,
    generation
  }
  return store.update(resource, { ...object, metadata: leaving })
}

function checkPreconditions (
  resource: Resource,
  { metadata }: KubeObject,
  preconditions: Json | undefined
): void {
  if (!isObject(preconditions)) return
  const { uid, resourceVersion } = preconditions
  const kind = { ...resource, plural: resource.kind }
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      kind,
      metadata.name,
      `the UID in the precondition (${String(uid)}) does not match the UID in record (${metadata.uid}). ` +
        'The object might have been deleted and then recreated'
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      kind,
      metadata.name,
      `the ResourceVersion in the precondition (${String(resourceVersion)}) does not match the ResourceVersion ` +
        `in record (${metadata.resourceVersion}). The object might have been modified`
    )
  }
}

const successStatus = ({ group, plural }: Resource, { metadata: { name, uid } }: KubeObject) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: { name, ...(group !== '' && { group }), kind: plural, uid }
})

function readOptions (query: URLSearchParams): Record<string, Json> {
  return Object.fromEntries(
    [...query].map(([name, value]) => [name, name === 'dryRun' ? [value] : value])
  )
}
