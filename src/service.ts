import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { openConnection } from './adapters/kubernetes/connection.js'
import { openKsvcStore } from './adapters/kubernetes/ksvc-store.js'
import { openModelRuntime } from './adapters/kubernetes/model-runtime.js'
import { Pools } from './adapters/scr/pools.js'
import { ScrScorer } from './adapters/scr/scr-scorer.js'
import { buildApp, type Lifecycle } from './app.js'
import type { Config } from './config.js'
import { createMetrics } from './metrics.js'
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
    scorer: new ScrScorer(pools, metrics.modelCalled),
    cacheAgeMs: () => models.ageMs(),
    clusterNotReady: () => models.isFresh() ? undefined : 'the watch on the cluster is not in sync'
  }, metrics, lifecycle, log)
  const closeOutgoing = async () => {
    models.close()
    await Promise.all([pools.close(), connection.close()])
  }
  let stopped: Promise<void> | undefined
  return { app, stop: async () => await (stopped ??= drain({ app, lifecycle, drainMs: config.DRAIN_SECONDS * 1000, closeOutgoing })) }
}
