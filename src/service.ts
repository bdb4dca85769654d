import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { openConnection, type Connection } from './adapters/kubernetes/connection.js'
import { accessReviews } from './adapters/kubernetes/access-review.js'
import { openKsvcStore } from './adapters/kubernetes/ksvc-store.js'
import { openModelRuntime } from './adapters/kubernetes/model-runtime.js'
import { tokenReviews } from './adapters/kubernetes/token-review.js'
import { oidcTokens, type OidcOptions } from './adapters/oidc/oidc-tokens.js'
import { Pools } from './adapters/scr/pools.js'
import { ScrScorer } from './adapters/scr/scr-scorer.js'
import { buildApp, type Lifecycle } from './app.js'
import type { Config } from './config.js'
import type { Access } from './domain/access/access.js'
import { rememberedIdentities, rememberedRights, type Told } from './domain/access/remembered.js'
import { createMetrics, type Metrics } from './metrics.js'
import { drain } from './shutdown.js'

export interface Service {
  readonly app: FastifyInstance
  /** Stops in order, once; resolves when the last answer is sent or cut off and all sockets are closed. */
  stop (): Promise<void>
}

/** Joins the adapters and the app; the caller listens, and stops it. */
export async function openService (config: Config, log: FastifyBaseLogger): Promise<Service> {
  const metrics = createMetrics()
  const connection = await openConnection({ kubeconfigFile: config.KUBECONFIG, onCall: metrics.clusterCalled })
  const models = openKsvcStore(connection, { namespace: config.NAMESPACE, log })
  const pools = new Pools({ connections: config.MAX_CONCURRENCY, gatewayUrl: config.SCORING_GATEWAY_URL })
  const lifecycle: Lifecycle = { stopping: false, closing: new AbortController(), abandon: new AbortController() }
  const app = await buildApp(config, {
    models,
    runtime: openModelRuntime(connection, models.view, config.NAMESPACE),
    access: accessOf(config, connection, told(metrics, log)),
    scorer: new ScrScorer(pools, metrics.modelCalled),
    cacheAgeMs: () => models.ageMs(),
    // Once filled, old caches are no reason to be taken out of service: scoring goes on without the cluster's API.
    clusterNotReady: () => Number.isFinite(models.ageMs()) ? undefined : 'the watch on the cluster is not in sync'
  }, metrics, lifecycle, log)
  const closeOutgoing = async () => {
    models.close()
    await Promise.all([pools.close(), connection.close()])
  }
  let stopped: Promise<void> | undefined
  return { app, stop: async () => await (stopped ??= drain({ app, lifecycle, drainMs: config.DRAIN_SECONDS * 1000, closeOutgoing })) }
}

/** Undefined: no login. */
function accessOf (config: Config, connection: Connection, told: Told): Access | undefined {
  if (config.AUTH_MODE === 'none') return undefined
  const rights = rememberedRights(accessReviews(connection, config.NAMESPACE), told)
  // an OpenID token is checked here: nothing is worth remembering
  if (config.AUTH_MODE === 'oidc') return { identities: oidcTokens(oidcOptions(config)), rights }
  return { identities: rememberedIdentities(tokenReviews(connection, namesIn(config.TOKEN_AUDIENCES)), told), rights }
}

function oidcOptions (config: Config): OidcOptions {
  return {
    issuer: config.OIDC_ISSUER ?? '',
    audiences: namesIn(config.OIDC_AUDIENCE),
    jwksUrl: config.OIDC_JWKS_URL,
    userClaim: config.OIDC_USER_CLAIM,
    groupsClaim: config.OIDC_GROUPS_CLAIM,
    clockSkewSeconds: config.OIDC_CLOCK_SKEW_SECONDS
  }
}

function namesIn (list: string | undefined): string[] {
  return list?.split(',') ?? []
}

/** Counts decisions, and says it, once a minute at most, when past ones have to do. */
function told (metrics: Metrics, log: FastifyBaseLogger): Told {
  let saidAt = -Infinity
  return (decision, source, error) => {
    metrics.decided(decision, source)
    if (source !== 'held' || performance.now() - saidAt < 60_000) return
    saidAt = performance.now()
    log.warn({ err: error, decision }, 'nobody can be asked about callers: past decisions hold for 15 minutes')
  }
}
