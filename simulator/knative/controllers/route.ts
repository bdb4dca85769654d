import { timestamp, type Condition } from '../../kube/objects.js'
import type { Cluster } from '../cluster/cluster.js'
import { condition, findCondition, isTrue, stampConditions, summarize } from '../conditions.js'
import type { RouteTable } from '../ingress/route-table.js'
import type { Revision, Route, TrafficTarget } from '../objects.js'
import { CONFIGURATIONS, REVISIONS, ROUTES } from '../resources.js'
import { revisionsOf } from './configuration.js'
import type { Rollouts } from './rollout.js'

const CERTIFICATE = condition(
  'CertificateProvisioned',
  'True',
  'TLSNotEnabled',
  'external-domain-tls is not enabled'
)
const NOT_CONFIGURED: Condition = condition(
  'IngressReady',
  'Unknown',
  'IngressNotConfigured',
  'Ingress has not yet been reconciled.'
)
const IN_ROLLOUT: Condition = condition(
  'IngressReady',
  'Unknown',
  'RolloutInProgress',
  'A gradual rollout of the latest revision(s) is in progress.'
)

/**
 * Annotations that give the route to another ingress. The simulator has no other, so such a route
 * is not served.
 */
const INGRESS_CLASSES = [
  'networking.knative.dev/ingress-class',
  'networking.knative.dev/ingress.class'
]

/**
 * Resolves the traffic of a route. While a target is missing or not ready, the whole old routing
 * stays in force (recorded: nothing changes for the caller). Otherwise the ingress gets the new
 * routing and serves it a moment later.
 */
export function reconcileRoute (
  cluster: Cluster,
  routes: RouteTable,
  rollouts: Rollouts,
  namespace: string,
  name: string
): void {
  const route = cluster.store.get(ROUTES, namespace, name)
  if (route === undefined) return
  const url = `http://${name}.${namespace}.${cluster.domain}`
  const resolved = resolveTraffic(cluster, route)
  if ('trouble' in resolved) {
    return setStatus(cluster, route, { url }, [resolved.trouble, ...keepConditions(route)])
  }
  const traffic = rollouts
    .spread(route, resolved.traffic)
    .map(target => withUrl(target, `${name}.${namespace}.${cluster.domain}`))
  labelRevisions(cluster, namespace, name, traffic)
  const served = routes.serves(namespace, name, traffic)
  const isOurs = !INGRESS_CLASSES.some(key => route.metadata.annotations?.[key] !== undefined)
  if (!served && isOurs) {
    cluster.clock.runAfter(cluster.timing.ingressMs, () => {
      if (cluster.store.get(ROUTES, namespace, name)?.metadata.uid !== route.metadata.uid) return
      routes.program(namespace, name, traffic)
      reconcileRoute(cluster, routes, rollouts, namespace, name)
    })
  }
  const ingress = rollouts.isRunning(route)
    ? IN_ROLLOUT
    : served
      ? condition('IngressReady', 'True')
      : NOT_CONFIGURED
  const address = { url: `http://${name}.${namespace}.svc.cluster.local` }
  setStatus(cluster, route, { address, traffic, url }, [
    condition('AllTrafficAssigned', 'True'),
    CERTIFICATE,
    ingress
  ])
}

/** Returns the conditions that stay as they are while a traffic target is missing or not ready. */
const keepConditions = ({ status }: Route): Condition[] => [
  findCondition(status?.conditions, 'CertificateProvisioned') ??
    condition('CertificateProvisioned', 'Unknown'),
  findCondition(status?.conditions, 'IngressReady') ?? NOT_CONFIGURED
]

function setStatus (
  { store }: Cluster,
  route: Route,
  news: Partial<NonNullable<Route['status']>>,
  conditions: readonly Condition[]
): void {
  const all = stampConditions(
    [...conditions, summarize('Ready', conditions)],
    route.status?.conditions
  )
  store.update(ROUTES, {
    ...route,
    status: {
      ...route.status,
      ...news,
      conditions: all,
      observedGeneration: route.metadata.generation ?? 1
    }
  })
}

function resolveTraffic (
  cluster: Cluster,
  { metadata: { namespace }, spec }: Route
): { traffic: TrafficTarget[] } | { trouble: Condition } {
  const traffic: TrafficTarget[] = []
  for (const { configurationName, ...target } of spec.traffic) {
    const found =
      configurationName === undefined
        ? findRevision(cluster, namespace, target.revisionName ?? '')
        : findLatestReady(cluster, namespace, configurationName)
    if (typeof found !== 'string') return { trouble: found }
    traffic.push({ ...target, revisionName: found })
  }
  return { traffic }
}

const revisionMissing = (status: 'Unknown' | 'False', message: string) =>
  condition('AllTrafficAssigned', status, 'RevisionMissing', message)

function findRevision ({ store }: Cluster, namespace: string, name: string): string | Condition {
  const revision = store.get(REVISIONS, namespace, name)
  if (revision === undefined) {
    return revisionMissing('False', `Revision "${name}" referenced in traffic not found.`)
  }
  const ready = findCondition(revision.status?.conditions, 'Ready')
  if (ready?.status === 'True') return name
  return ready?.status === 'False'
    ? revisionMissing('False', `Revision "${name}" failed to become ready.`)
    : revisionMissing('Unknown', `Revision "${name}" is not yet ready.`)
}

/** Finds the latest *ready* revision, which may be older than the latest one. */
function findLatestReady ({ store }: Cluster, namespace: string, name: string): string | Condition {
  const status = store.get(CONFIGURATIONS, namespace, name)?.status
  if (status?.latestReadyRevisionName !== undefined) return status.latestReadyRevisionName
  return findCondition(status?.conditions, 'Ready')?.status === 'False'
    ? revisionMissing('False', `Configuration "${name}" does not have any ready Revision.`)
    : revisionMissing(
      'Unknown',
        `Configuration "${name}" is waiting for a Revision to become ready.`
    )
}

const withUrl = (target: TrafficTarget, host: string): TrafficTarget =>
  target.tag === undefined || target.tag === ''
    ? target
    : { ...target, url: `http://${target.tag}-${host}` }

/** Marks the revisions that are routed, since min-scale holds only for these. */
function labelRevisions (
  cluster: Cluster,
  namespace: string,
  name: string,
  traffic: readonly TrafficTarget[]
): void {
  const configuration = cluster.store.get(CONFIGURATIONS, namespace, name)
  for (const revision of configuration === undefined ? [] : revisionsOf(cluster, configuration)) {
    const routed = traffic.some(({ revisionName }) => revisionName === revision.metadata.name)
    const starting =
      !isTrue(revision.status?.conditions, 'Ready') &&
      findCondition(revision.status?.conditions, 'Ready')?.status !== 'False'
    const state =
      routed || (starting && isAwaited(cluster, namespace, name, revision)) ? 'active' : 'reserve'
    if (revision.metadata.labels?.['serving.knative.dev/routingState'] === state) continue
    const { 'serving.knative.dev/routes': _, ...annotations } = revision.metadata.annotations ?? {}
    cluster.store.update(REVISIONS, {
      ...revision,
      metadata: {
        ...revision.metadata,
        annotations: {
          ...annotations,
          ...(state === 'active' && { 'serving.knative.dev/routes': name }),
          'serving.knative.dev/routingStateModified': timestamp()
        },
        labels: { ...revision.metadata.labels, 'serving.knative.dev/routingState': state }
      }
    })
  }
}

/** Whether traffic will go to this starting revision once it is ready. */
function isAwaited (
  { store }: Cluster,
  namespace: string,
  name: string,
  { metadata }: Revision
): boolean {
  const { spec: { traffic } = { traffic: [] } } = store.get(ROUTES, namespace, name) ?? {}
  return traffic.some(
    target => target.latestRevision === true || target.revisionName === metadata.name
  )
}
