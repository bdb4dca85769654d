import type { KubeObject, Pod } from '../objects.js'
import type { Resource } from '../resource.js'
import { PODS } from '../resources.js'
import type { Store } from './store.js'

/** Names the object that owns a pod. The objects between the two are not stored. */
export type OwnerOfPod = (pod: Pod) => {
  readonly resource: Resource
  readonly name: string
  readonly uid: string
}

/**
 * Removes the objects that a removed object owned. Removes an object that is deleted in the
 * foreground once its last pod is gone.
 */
export function collectGarbage (store: Store, ownerOfPod: OwnerOfPod): void {
  const hasPods = ({ metadata: { uid } }: KubeObject): boolean =>
    [...store.values(PODS)].some(pod => ownerOfPod(pod).uid === uid)

  store.subscribe(({ type, resource, object }) => {
    const { metadata } = object
    if (type === 'DELETED') removeOwned(store, metadata.uid)
    if (type === 'MODIFIED' && isLeaving(object)) {
      removeOwned(store, metadata.uid)
      if (!hasPods(object)) store.remove(resource, metadata.namespace, metadata.name)
    }
    if (type === 'DELETED' && resource === PODS) {
      const { resource: parent, name } = ownerOfPod(object as Pod)
      const owner = store.get(parent, metadata.namespace, name)
      if (owner !== undefined && isLeaving(owner) && !hasPods(owner)) {
        store.remove(parent, metadata.namespace, name)
      }
    }
  })
}

const isLeaving = ({ metadata: { finalizers = [] } }: KubeObject): boolean =>
  finalizers.includes('foregroundDeletion')

function removeOwned (store: Store, uid: string): void {
  for (const { resource, object } of store.listOwned(uid)) {
    store.remove(resource, object.metadata.namespace, object.metadata.name)
  }
}
