import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { openConnection, type Connection } from './adapters/kubernetes/api/connection.js'
import { createAccessReviews } from './adapters/kubernetes/reviews/access-review.js'
import { openKsvcStore } from './adapters/kubernetes/ksvc-store.js'
import { openModelRuntime } from './adapters/kubernetes/model-runtime.js'
import { createTokenReviews } from './adapters/kubernetes/reviews/token-review.js'
import { createOidcIdentities } from './adapters/oidc/oidc-tokens.js'
import { openReplicas } from './adapters/replicas/replicas.js'
import { Pools } from './adapters/scr/pools.js'
import { ScrScorer } from './adapters/scr/scr-scorer.js'
import { buildApp, type Lifecycle } from './app.js'
import type { Config } from './config.js'
import type { Access } from './domain/access/access.js'
import { rememberIdentities, rememberRights, type ReportDecision } from './domain/access/remembered.js'
import { createMetrics, type Metrics } from './metrics.js'
import { drain } from './shutdown.js'

export interface Service {
  readonly app: FastifyInstance
  /**
   * Stops in order, once. Resolves when the last answer is sent or cut off and all sockets are
   * closed.
   */
  stop(): Promise<void>
}

/** Joins the adapters and the app. The caller listens, and stops it. */
export async function openService (config: Config, log: FastifyBaseLogger): Promise<Service> {
  const metrics = createMetrics()
  const connection = await openConnection({
    kubeconfigFile: config.kubeconfig,
    onCall: metrics.recordClusterCall
  })
  const models = openKsvcStore(connection, { namespace: config.namespace, log })
  const pools = new Pools({
    connections: config.maxConcurrency,
    gatewayUrl: config.gatewayUrl
  })
  const replicas = config.replicaAddresses.length === 0
    ? undefined
    : openReplicas(config.replicaAddresses)
  const lifecycle: Lifecycle = {
    stopping: false,
    closing: new AbortController(),
    abandon: new AbortController()
  }
  const app = await buildApp(
    config,
    {
      models,
      runtime: openModelRuntime(connection, models.view, config.namespace),
      replicas,
      access: createAccess(config, connection, reportDecisions(metrics, log)),
      scorer: new ScrScorer(pools, metrics.recordModelCall),
      cacheAgeMs: () => models.ageMs(),
      // Once the caches were filled, old ones do not make the service unready: scoring goes on
      // without the cluster's API.
      clusterNotReady: () =>
        Number.isFinite(models.ageMs()) ? undefined : 'the watch on the cluster is not in sync'
    },
    metrics,
    lifecycle,
    log
  )
  const closeOutgoing = async () => {
    models.close()
    await Promise.all([pools.close(), connection.close(), replicas?.close()])
  }
  let stopped: Promise<void> | undefined
  return {
    app,
    stop: async () =>
      await (stopped ??= drain({
        app,
        lifecycle,
        drainMs: config.drainMs,
        closeOutgoing
      }))
  }
}

/** Undefined without a login. */
function createAccess (
  { auth, namespace }: Config,
  connection: Connection,
  report: ReportDecision
): Access | undefined {
  if (auth.mode === 'none') return undefined
  const rights = rememberRights(createAccessReviews(connection, namespace), report)
  // an OpenID token is checked in this process, so there is nothing to remember
  if (auth.mode === 'oidc') return { identities: createOidcIdentities(auth), rights }
  const reviews = createTokenReviews(connection, auth.audiences)
  return { identities: rememberIdentities(reviews, report), rights }
}

/** How often the log says that past decisions are used. */
const HELD_LOG_MS = 60_000

/** Counts decisions, and logs when past ones are used because the authorizer is unreachable. */
function reportDecisions (metrics: Metrics, log: FastifyBaseLogger): ReportDecision {
  let loggedAt = -Infinity
  return (decision, source, error) => {
    metrics.recordDecision(decision, source)
    if (source !== 'held' || performance.now() - loggedAt < HELD_LOG_MS) return
    loggedAt = performance.now()
    log.warn(
      { err: error, decision },
      'authorizer unreachable, using cached decisions for at most 15 minutes'
    )
  }
}
