import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { secretNames, type Config } from './config.js'
import type { Access } from './domain/access/access.js'
import type { ModelRuntime } from './domain/models/model-runtime.js'
import type { ModelStore } from './domain/models/model-store.js'
import { imageAllowList } from './domain/models/spec-rules.js'
import type { Scorer } from './domain/scoring/scorer.js'
import { Admission } from './domain/scoring/admission.js'
import { guardRoutes } from './http/auth.js'
import { callerOf } from './http/caller.js'
import { SpoolArea } from './http/spool-area.js'
import { ModelAnswer, RevisionAnswer, TrafficAnswer } from './http/model.schemas.js'
import { modelRoutes } from './http/models.routes.js'
import { revisionRoutes } from './http/revisions.routes.js'
import { openapi } from './http/openapi.js'
import { operationsRoutes } from './http/operations.routes.js'
import { Problem, sendNotFound, sendProblem } from './http/problem.js'
import { runtimeRoutes } from './http/runtime.routes.js'
import { scoringRoutes } from './http/scoring.routes.js'
import { trafficRoutes } from './http/traffic.routes.js'
import { discardRest, letGo } from './http/upload.js'
import { serializerCompiler, validatorCompiler } from './http/validation.js'
import type { Metrics } from './metrics.js'

const BODY_MAX_BYTES = 1024 * 1024
/** What is read of a body whose sender has not logged in, before the answer: enough for a first try, too little to keep us busy. */
const STRANGER = { maxBytes: 32 * 1024 * 1024, idleMs: 10_000 }

/** The caller's own id, where it can be written into a log line as it is; otherwise a new one. */
function requestId ({ headers }: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
}

/** What the service needs of the world. */
export interface Ports {
  readonly models: ModelStore
  readonly runtime: ModelRuntime
  readonly scorer: Scorer
  /** Undefined: no login, everybody may do everything. */
  readonly access?: Access | undefined
  /** Why the cluster can't be relied on now; undefined: it can. */
  readonly clusterNotReady: () => string | undefined
  readonly cacheAgeMs: () => number
}

/** Where the service is in its life; `shutdown.ts` moves it. */
export interface Lifecycle {
  stopping: boolean
  /** Aborted when stopping begins, for what would never end by itself. */
  readonly closing: AbortController
  /** Aborted when what still runs has to end. */
  readonly abandon: AbortController
}

/** Builds the service and never listens, so that a test owns the port and its end. */
export async function buildApp (
  config: Config, ports: Ports, metrics: Metrics, lifecycle: Lifecycle, log: FastifyBaseLogger
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log,
    bodyLimit: BODY_MAX_BYTES,
    // one line an outcome is written by who knows it
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestId,
    routerOptions: { maxParamLength: 500 },
    return503OnClosing: false // scoring refuses by itself, with a problem document; the rest is answered to the last
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler(sendNotFound)
  // Here and not in the routes' own scopes: a scope that adds schemas goes back to Fastify's compilers, which coerce and drop fields.
  for (const schema of [Problem, ModelAnswer, RevisionAnswer, TrafficAnswer]) app.addSchema(schema)

  const upload = { maxBytes: config.MAX_UPLOAD_BYTES, idleMs: config.UPLOAD_IDLE_SECONDS * 1000 }
  const strangers = { maxBytes: Math.min(upload.maxBytes, STRANGER.maxBytes), idleMs: Math.min(upload.idleMs, STRANGER.idleMs) }
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
    reply.raw.once('close', () => letGo(request.raw))
  })
  app.addHook('onSend', async (request, reply) => {
    // Nothing is answered before the body was read: SAS and Python write all of it first.
    const isStranger = ports.access !== undefined && callerOf(request) === undefined
    if (!await discardRest(request.raw, isStranger ? strangers : upload)) void reply.header('connection', 'close')
  })
  app.addHook('onResponse', async (request, reply) => {
    metrics.requestDone({ method: request.method, route: request.routeOptions.url ?? 'unknown', status: reply.statusCode, durationMs: reply.elapsedTime })
  })

  const admission = new Admission(config.MAX_CONCURRENCY, metrics.coldStart)
  const spoolArea = new SpoolArea(config.SPOOL_DIR, config.SPOOL_MAX_BYTES)
  metrics.watch({ cacheAgeSeconds: () => ports.cacheAgeMs() / 1000, rowsInFlight: () => admission.inFlight, spoolBytes: () => spoolArea.usedBytes })

  guardRoutes(app, { access: ports.access, namespace: config.NAMESPACE })
  await openapi(app)
  await app.register(operationsRoutes, {
    metrics: metrics.registry,
    notReady: () => lifecycle.stopping ? 'shutting down' : ports.clusterNotReady()
  })
  const abandon = lifecycle.abandon.signal
  const allowList = imageAllowList(config.IMAGE_ALLOW_LIST)
  const pullSecrets = secretNames(config.IMAGE_PULL_SECRETS)
  await app.register(modelRoutes, { models: ports.models, allowList, pullSecrets, abandon })
  await app.register(revisionRoutes, { models: ports.models, allowList, abandon })
  await app.register(trafficRoutes, { models: ports.models, abandon })
  await app.register(runtimeRoutes, { models: ports.models, runtime: ports.runtime, closing: lifecycle.closing.signal })
  await app.register(scoringRoutes, {
    models: ports.models,
    scorer: ports.scorer,
    dataPath: config.DATA_PATH,
    admission,
    spoolArea,
    upload,
    rowTimeoutMs: config.ROW_TIMEOUT_SECONDS * 1000,
    holdMs: config.HOLD_SECONDS * 1000,
    abandon,
    isStopping: () => lifecycle.stopping,
    onScored: metrics.scored
  })
  return app
}
