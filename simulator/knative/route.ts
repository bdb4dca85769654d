import type { Cluster } from './cluster.js'
import { condition, find, isTrue, stamped, summary } from './conditions.js'
import { revisionsOf } from './configuration.js'
import type { Revision, Route, TrafficTarget } from './objects.js'
import type { Rollouts } from './rollout.js'
import type { RouteTable } from '../routes.js'
import { timestamp, type Condition } from '../kube/objects.js'
import { CONFIGURATIONS, REVISIONS, ROUTES } from '../kube/resources.js'

const CERTIFICATE = condition('CertificateProvisioned', 'True', 'TLSNotEnabled', 'external-domain-tls is not enabled')
const NOT_CONFIGURED: Condition = condition('IngressReady', 'Unknown', 'IngressNotConfigured', 'Ingress has not yet been reconciled.')
const IN_ROLLOUT: Condition = condition('IngressReady', 'Unknown', 'RolloutInProgress', 'A gradual rollout of the latest revision(s) is in progress.')

/** With one of these another ingress is to take up the route, and here there is none. */
const INGRESS_CLASSES = ['networking.knative.dev/ingress-class', 'networking.knative.dev/ingress.class']

/**
 * Resolves the traffic of a route. A target that is not ready, or is not there, holds the whole old routing (recorded: nothing changes for
 * the caller); otherwise the ingress gets the new one and serves it a moment later.
 */
export function reconcileRoute (cluster: Cluster, routes: RouteTable, rollouts: Rollouts, namespace: string, name: string): void {
  const route = cluster.store.get(ROUTES, namespace, name)
  if (route === undefined) return
  const url = `http://${name}.${namespace}.${cluster.domain}`
  const resolved = resolve(cluster, route)
  if ('trouble' in resolved) return setStatus(cluster, route, { url }, [resolved.trouble, ...rest(route)])
  const traffic = rollouts.spread(route, resolved.traffic).map(target => withUrl(target, `${name}.${namespace}.${cluster.domain}`))
  labelRevisions(cluster, namespace, name, traffic)
  const served = routes.serves(namespace, name, traffic)
  const isOurs = !INGRESS_CLASSES.some(key => route.metadata.annotations?.[key] !== undefined)
  if (!served && isOurs) {
    cluster.clock.after(cluster.timing.ingressMs, () => {
      if (cluster.store.get(ROUTES, namespace, name)?.metadata.uid !== route.metadata.uid) return
      routes.program(namespace, name, traffic)
      reconcileRoute(cluster, routes, rollouts, namespace, name)
    })
  }
  const ingress = rollouts.isRunning(route) ? IN_ROLLOUT : served ? condition('IngressReady', 'True') : NOT_CONFIGURED
  const address = { url: `http://${name}.${namespace}.svc.cluster.local` }
  setStatus(cluster, route, { address, traffic, url }, [condition('AllTrafficAssigned', 'True'), CERTIFICATE, ingress])
}

/** Conditions that a traffic target in trouble leaves as they are. */
const rest = ({ status }: Route): Condition[] => [
  find(status?.conditions, 'CertificateProvisioned') ?? condition('CertificateProvisioned', 'Unknown'),
  find(status?.conditions, 'IngressReady') ?? NOT_CONFIGURED
]

function setStatus ({ store }: Cluster, route: Route, news: Partial<NonNullable<Route['status']>>, conditions: readonly Condition[]): void {
  const all = stamped([...conditions, summary('Ready', conditions)], route.status?.conditions)
  store.update(ROUTES, { ...route, status: { ...route.status, ...news, conditions: all, observedGeneration: route.metadata.generation ?? 1 } })
}

function resolve (cluster: Cluster, { metadata: { namespace }, spec }: Route): { traffic: TrafficTarget[] } | { trouble: Condition } {
  const traffic: TrafficTarget[] = []
  for (const { configurationName, ...target } of spec.traffic) {
    const found = configurationName === undefined ? byName(cluster, namespace, target.revisionName ?? '') : latest(cluster, namespace, configurationName)
    if (typeof found !== 'string') return { trouble: found }
    traffic.push({ ...target, revisionName: found })
  }
  return { traffic }
}

const missing = (status: 'Unknown' | 'False', message: string) => condition('AllTrafficAssigned', status, 'RevisionMissing', message)

function byName ({ store }: Cluster, namespace: string, name: string): string | Condition {
  const revision = store.get(REVISIONS, namespace, name)
  if (revision === undefined) return missing('False', `Revision "${name}" referenced in traffic not found.`)
  const ready = find(revision.status?.conditions, 'Ready')
  if (ready?.status === 'True') return name
  return ready?.status === 'False' ? missing('False', `Revision "${name}" failed to become ready.`) : missing('Unknown', `Revision "${name}" is not yet ready.`)
}

/** The latest *ready* revision, which may be an older one than the latest. */
function latest ({ store }: Cluster, namespace: string, name: string): string | Condition {
  const status = store.get(CONFIGURATIONS, namespace, name)?.status
  if (status?.latestReadyRevisionName !== undefined) return status.latestReadyRevisionName
  return find(status?.conditions, 'Ready')?.status === 'False'
    ? missing('False', `Configuration "${name}" does not have any ready Revision.`)
    : missing('Unknown', `Configuration "${name}" is waiting for a Revision to become ready.`)
}

const withUrl = (target: TrafficTarget, host: string): TrafficTarget =>
  target.tag === undefined || target.tag === '' ? target : { ...target, url: `http://${target.tag}-${host}` }

/** Marks which revisions are routed; min-scale holds only for those. */
function labelRevisions (cluster: Cluster, namespace: string, name: string, traffic: readonly TrafficTarget[]): void {
  const configuration = cluster.store.get(CONFIGURATIONS, namespace, name)
  for (const revision of configuration === undefined ? [] : revisionsOf(cluster, configuration)) {
    const routed = traffic.some(({ revisionName }) => revisionName === revision.metadata.name)
    const starting = !isTrue(revision.status?.conditions, 'Ready') && find(revision.status?.conditions, 'Ready')?.status !== 'False'
    const state = routed || (starting && isAwaited(cluster, namespace, name, revision)) ? 'active' : 'reserve'
    if (revision.metadata.labels?.['serving.knative.dev/routingState'] === state) continue
    const { 'serving.knative.dev/routes': _, ...annotations } = revision.metadata.annotations ?? {}
    cluster.store.update(REVISIONS, {
      ...revision,
      metadata: {
        ...revision.metadata,
        annotations: { ...annotations, ...(state === 'active' && { 'serving.knative.dev/routes': name }), 'serving.knative.dev/routingStateModified': timestamp() },
        labels: { ...revision.metadata.labels, 'serving.knative.dev/routingState': state }
      }
    })
  }
}

/** A starting revision that traffic will go to once it is ready. */
function isAwaited ({ store }: Cluster, namespace: string, name: string, { metadata }: Revision): boolean {
  const { spec: { traffic } = { traffic: [] } } = store.get(ROUTES, namespace, name) ?? {}
  return traffic.some(target => target.latestRevision === true || target.revisionName === metadata.name)
}
