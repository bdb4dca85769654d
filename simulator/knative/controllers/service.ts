import { isDeepStrictEqual } from 'node:util'
import type { Condition, KubeObject, OwnerReference } from '../../kube/objects.js'
import { recordEvent } from '../../kube/store/events.js'
import type { Cluster } from '../cluster/cluster.js'
import { condition, findCondition, stampConditions, summarize } from '../conditions.js'
import type { Configuration, Ksvc, Route, TrafficTarget } from '../objects.js'
import { CONFIGURATIONS, ROUTES, SERVICES } from '../resources.js'

/** Makes Configuration and Route agree with the ksvc, and writes their state into its status. */
export function reconcileService ({ store }: Cluster, namespace: string, name: string): void {
  const ksvc = store.get(SERVICES, namespace, name)
  if (ksvc === undefined || ksvc.metadata.deletionTimestamp !== undefined) return
  const template = ksvc.spec.template
  const traffic = (ksvc.spec.traffic ?? []).map(target =>
    target.latestRevision === true ? { ...target, configurationName: name } : target
  )
  const recordCreated = (kind: string) =>
    recordEvent(store, ksvc, {
      type: 'Normal',
      reason: 'Created',
      message: `Created ${kind} "${name}"`,
      component: 'service-controller'
    })

  let configuration = store.get(CONFIGURATIONS, namespace, name)
  if (configuration === undefined) {
    configuration = store.create(CONFIGURATIONS, {
      apiVersion: ksvc.apiVersion,
      kind: 'Configuration',
      metadata: metadataOfChild(ksvc),
      spec: { template }
    })
    recordCreated('Configuration')
  } else {
    configuration = store.update(
      CONFIGURATIONS,
      withSpec<Configuration>(configuration, ksvc, { template })
    )
  }
  let route = store.get(ROUTES, namespace, name)
  if (route === undefined) {
    route = store.create(ROUTES, {
      apiVersion: ksvc.apiVersion,
      kind: 'Route',
      metadata: metadataOfChild(ksvc),
      spec: { traffic }
    })
    recordCreated('Route')
  } else {
    route = store.update(ROUTES, withSpec<Route>(route, ksvc, { traffic }))
  }
  store.update(SERVICES, { ...ksvc, status: statusOf(ksvc, configuration, route) })
}

const outOfDate = (type: string, kind: string): Condition =>
  condition(
    type,
    'Unknown',
    'OutOfDate',
    `The ${kind} is still working to reflect the latest desired specification.`
  )

function statusOf (
  ksvc: Ksvc,
  configuration: Configuration,
  route: Route
): NonNullable<Ksvc['status']> {
  const { latestCreatedRevisionName: created, latestReadyRevisionName: ready } =
    configuration.status ?? {}
  const { url, address, traffic } = route.status ?? {}
  const configurationsReady = mirrorReady('ConfigurationsReady', 'Configuration', configuration)
  const routesReady = mirrorReady('RoutesReady', 'Route', route)
  const behind =
    routesReady.status === 'True' && !isMigrated(ksvc.spec.traffic ?? [], traffic ?? [], ready)
  const routes = behind
    ? condition(
      'RoutesReady',
      'Unknown',
      'TrafficNotMigrated',
      'Traffic is not yet migrated to the latest revision.'
    )
    : routesReady
  const conditions = [
    configurationsReady,
    routes,
    summarize('Ready', [routes, configurationsReady])
  ]
  return {
    ...(address && { address }),
    conditions: stampConditions(conditions, ksvc.status?.conditions),
    ...(created !== undefined && { latestCreatedRevisionName: created }),
    ...(ready !== undefined && { latestReadyRevisionName: ready }),
    observedGeneration: ksvc.metadata.generation ?? 1,
    ...(traffic && { traffic }),
    ...(url !== undefined && { url })
  }
}

/** Copies a child's Ready. It is Unknown while the child's status is about an older spec. */
function mirrorReady (
  type: string,
  kind: string,
  { metadata, status }: Configuration | Route
): Condition {
  const ready = findCondition(status?.conditions, 'Ready')
  if (ready === undefined || status?.observedGeneration !== metadata.generation) {
    return outOfDate(type, kind)
  }
  return condition(type, ready.status, ready.reason, ready.message)
}

/** Whether every target that follows the latest revision now goes to the latest ready one. */
const isMigrated = (
  asked: readonly TrafficTarget[],
  given: readonly TrafficTarget[],
  ready: string | undefined
): boolean =>
  asked.every((target, i) => target.latestRevision !== true || given[i]?.revisionName === ready)

export const ownerReferenceTo = ({
  apiVersion,
  kind,
  metadata: { name, uid }
}: KubeObject): OwnerReference => ({
  apiVersion,
  blockOwnerDeletion: true,
  controller: true,
  kind,
  name,
  uid
})

const labelsOfChild = ({ metadata: { name, uid, labels } }: Ksvc) => ({
  ...labels,
  'serving.knative.dev/service': name,
  'serving.knative.dev/serviceUID': uid
})

const metadataOfChild = (ksvc: Ksvc) => ({
  name: ksvc.metadata.name,
  namespace: ksvc.metadata.namespace,
  annotations: { ...ksvc.metadata.annotations },
  labels: labelsOfChild(ksvc),
  ownerReferences: [ownerReferenceTo(ksvc)]
})

function withSpec<T extends Configuration | Route> (child: T, ksvc: Ksvc, spec: T['spec']): T {
  const generation =
    (child.metadata.generation ?? 1) + (isDeepStrictEqual(child.spec, spec) ? 0 : 1)
  const annotations = { ...child.metadata.annotations, ...ksvc.metadata.annotations }
  return {
    ...child,
    metadata: { ...child.metadata, annotations, labels: labelsOfChild(ksvc), generation },
    spec
  }
}
