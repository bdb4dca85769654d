import { timestamp, type KubeEvent, type KubeObject } from '../objects.js'
import { EVENTS } from '../resources.js'
import type { Draft, Store } from './store.js'

export interface EventNews {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** the component that reports it, e.g. `kubelet` or `service-controller` */
  readonly component: string
  /** for a container's event: `spec.containers{user-container}` */
  readonly fieldPath?: string
}

/** The object of an event. It need not be stored: Deployments and ReplicaSets are not. */
export type Subject = Pick<KubeObject, 'apiVersion' | 'kind'> & {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string }
}

/**
 * The names of events by object, reason and message, one map per store. Searching through thousands
 * of events each time would be slow.
 */
const known = new WeakMap<Store, Map<string, string>>()
let serial = 0

/** Records an event. If it was recorded before, its count goes up, as in Kubernetes. */
export function recordEvent (
  store: Store,
  about: Subject,
  { type, reason, message, component, fieldPath }: EventNews
): void {
  const { name, namespace, uid } = about.metadata
  const names = known.get(store) ?? new Map<string, string>()
  known.set(store, names)
  const key = [uid, reason, message].join('\n')
  const same = store.get(EVENTS, namespace, names.get(key) ?? '')
  const now = timestamp()
  if (same !== undefined) {
    store.update(EVENTS, { ...same, count: (same.count ?? 1) + 1, lastTimestamp: now } as KubeEvent)
    return
  }
  serial += 1
  const event = `${name}.${(Date.now() * 4096 + (serial % 4096)).toString(16)}`
  names.set(key, event)
  const involvedObject = {
    kind: about.kind,
    namespace,
    name,
    uid,
    apiVersion: about.apiVersion,
    ...(fieldPath !== undefined && { fieldPath })
  }
  store.create(EVENTS, {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { name: event, namespace },
    involvedObject,
    reason,
    message,
    type,
    count: 1,
    source: { component },
    firstTimestamp: now,
    lastTimestamp: now,
    eventTime: null,
    reportingComponent: component,
    reportingInstance: ''
  } as Draft<KubeEvent>)
}
