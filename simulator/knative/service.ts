import { isDeepStrictEqual } from 'node:util'
import type { Cluster } from './cluster.js'
import { condition, find, stamped, summary } from './conditions.js'
import type { Configuration, Ksvc, Route, TrafficTarget } from './objects.js'
import { record } from '../kube/events.js'
import type { Condition, KubeObject, OwnerReference } from '../kube/objects.js'
import { CONFIGURATIONS, ROUTES, SERVICES } from '../kube/resources.js'

/** Brings Configuration and Route in line with the ksvc, and tells their state on the ksvc. */
export function reconcileService ({ store }: Cluster, namespace: string, name: string): void {
  const ksvc = store.get(SERVICES, namespace, name)
  if (ksvc === undefined || ksvc.metadata.deletionTimestamp !== undefined) return
  const template = ksvc.spec.template
  const traffic = (ksvc.spec.traffic ?? []).map(target => target.latestRevision === true ? { ...target, configurationName: name } : target)
  const created = (kind: string) => record(store, ksvc, { type: 'Normal', reason: 'Created', message: `Created ${kind} "${name}"`, component: 'service-controller' })

  let configuration = store.get(CONFIGURATIONS, namespace, name)
  if (configuration === undefined) {
    configuration = store.create(CONFIGURATIONS, { apiVersion: ksvc.apiVersion, kind: 'Configuration', metadata: childMetadata(ksvc), spec: { template } })
    created('Configuration')
  } else {
    configuration = store.update(CONFIGURATIONS, withSpec<Configuration>(configuration, ksvc, { template }))
  }
  let route = store.get(ROUTES, namespace, name)
  if (route === undefined) {
    route = store.create(ROUTES, { apiVersion: ksvc.apiVersion, kind: 'Route', metadata: childMetadata(ksvc), spec: { traffic } })
    created('Route')
  } else {
    route = store.update(ROUTES, withSpec<Route>(route, ksvc, { traffic }))
  }
  store.update(SERVICES, { ...ksvc, status: statusOf(ksvc, configuration, route) })
}

const outOfDate = (type: string, kind: string): Condition =>
  condition(type, 'Unknown', 'OutOfDate', `The ${kind} is still working to reflect the latest desired specification.`)

function statusOf (ksvc: Ksvc, configuration: Configuration, route: Route): NonNullable<Ksvc['status']> {
  const { latestCreatedRevisionName: created, latestReadyRevisionName: ready } = configuration.status ?? {}
  const { url, address, traffic } = route.status ?? {}
  const configurationsReady = mirrored('ConfigurationsReady', 'Configuration', configuration)
  const routesReady = mirrored('RoutesReady', 'Route', route)
  const behind = routesReady.status === 'True' && !migrated(ksvc.spec.traffic ?? [], traffic ?? [], ready)
  const routes = behind ? condition('RoutesReady', 'Unknown', 'TrafficNotMigrated', 'Traffic is not yet migrated to the latest revision.') : routesReady
  const conditions = [configurationsReady, routes, summary('Ready', [routes, configurationsReady])]
  return {
    ...(address && { address }),
    conditions: stamped(conditions, ksvc.status?.conditions),
    ...(created !== undefined && { latestCreatedRevisionName: created }),
    ...(ready !== undefined && { latestReadyRevisionName: ready }),
    observedGeneration: ksvc.metadata.generation ?? 1,
    ...(traffic && { traffic }),
    ...(url !== undefined && { url })
  }
}

/** A child's Ready as the ksvc tells it: out of date while the child has not seen its newest spec. */
function mirrored (type: string, kind: string, { metadata, status }: Configuration | Route): Condition {
  const ready = find(status?.conditions, 'Ready')
  if (ready === undefined || status?.observedGeneration !== metadata.generation) return outOfDate(type, kind)
  return condition(type, ready.status, ready.reason, ready.message)
}

/** Whether every target on the latest revision already goes to the latest ready one. */
const migrated = (asked: readonly TrafficTarget[], given: readonly TrafficTarget[], ready: string | undefined): boolean =>
  asked.every((target, i) => target.latestRevision !== true || given[i]?.revisionName === ready)

export const owner = ({ apiVersion, kind, metadata: { name, uid } }: KubeObject): OwnerReference =>
  ({ apiVersion, blockOwnerDeletion: true, controller: true, kind, name, uid })

const childLabels = ({ metadata: { name, uid, labels } }: Ksvc) => ({ ...labels, 'serving.knative.dev/service': name, 'serving.knative.dev/serviceUID': uid })

const childMetadata = (ksvc: Ksvc) => ({
  name: ksvc.metadata.name,
  namespace: ksvc.metadata.namespace,
  annotations: { ...ksvc.metadata.annotations },
  labels: childLabels(ksvc),
  ownerReferences: [owner(ksvc)]
})

function withSpec<T extends Configuration | Route> (child: T, ksvc: Ksvc, spec: T['spec']): T {
  const generation = (child.metadata.generation ?? 1) + (isDeepStrictEqual(child.spec, spec) ? 0 : 1)
  const annotations = { ...child.metadata.annotations, ...ksvc.metadata.annotations }
  return { ...child, metadata: { ...child.metadata, annotations, labels: childLabels(ksvc), generation }, spec }
}
