import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Config } from './config.js'
import type { Access } from './domain/access/access.js'
import { DomainError } from './domain/errors.js'
import type { ModelRuntime } from './domain/models/model/model-runtime.js'
import type { ModelStore } from './domain/models/model/model-store.js'
import type { Scorer } from './domain/scoring/scorer/scorer.js'
import { Admission } from './domain/scoring/calls/admission.js'
import type { Replicas } from './domain/scorings/replicas.js'
import { Scorings } from './domain/scorings/scorings.js'
import { guardRoutes } from './http/auth.js'
import { guardBody, resetUnread } from './http/transfer/standstill.js'
import { callerOf } from './http/caller.js'
import { answerRefusedRequests, clientErrorHandler } from './http/client-error.js'
import { SpoolArea } from './http/transfer/spool-area.js'
import { ModelAnswer, RevisionAnswer, TrafficAnswer } from './http/models/model.schemas.js'
import { modelRoutes } from './http/models/models.routes.js'
import { revisionRoutes } from './http/models/revisions.routes.js'
import { jsonParser } from './http/json-parser.js'
import { onClose } from './http/on-close.js'
import { openapi } from './http/openapi.js'
import { operationsRoutes } from './http/operations.routes.js'
import { Problem, sendNotFound, sendProblem } from './http/problem.js'
import { runtimeRoutes } from './http/models/runtime.routes.js'
import { leavePlace } from './http/scoring/scoring-call.js'
import { scoringRoutes } from './http/scoring/scoring.routes.js'
import { snippetRoutes } from './http/snippets/snippets.routes.js'
import { scoringsRoutes } from './http/scorings/scorings.routes.js'
import { trafficRoutes } from './http/models/traffic.routes.js'
import { discardRest, hasBody, releaseReader } from './http/transfer/upload.js'
import { refuseUnknownOptions, serializerCompiler, validatorCompiler } from './http/validation.js'
import type { Metrics } from './metrics.js'

const BODY_MAX_BYTES = 1024 * 1024
/**
 * The most that is read of a body whose sender has not logged in, before the answer. It is enough
 * for a first try, and too little to keep the service busy.
 */
const STRANGER = { maxBytes: 32 * 1024 * 1024, idleMs: 10_000 }

/** The caller's own id where it is safe in a log line and a path, otherwise a new one. */
function requestId ({
  headers
}: {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && given.length <= 128 && /^[\w.:-]+$/.test(given) &&
      !['.', '..'].includes(given)
    ? given
    : randomUUID()
}

/** What the app needs from outside. */
export interface Ports {
  readonly models: ModelStore
  readonly runtime: ModelRuntime
  readonly scorer: Scorer
  /** Undefined without a login: everybody may do everything. */
  readonly access?: Access | undefined
  /** Undefined when this replica is alone. */
  readonly replicas?: Replicas | undefined
  /** Why the cluster can't be relied on now; undefined when it can. */
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
  config: Config,
  ports: Ports,
  metrics: Metrics,
  lifecycle: Lifecycle,
  log: FastifyBaseLogger
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log,
    bodyLimit: BODY_MAX_BYTES,
    // whoever knows an outcome logs it, one line each
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId'
    }),
    genReqId: requestId,
    frameworkErrors: sendProblem,
    clientErrorHandler: clientErrorHandler(log),
    http: { requireHostHeader: false }, // refused below, with a problem document
    routerOptions: { maxParamLength: 500 },
    // scoring refuses by itself, with a problem document; the rest is answered to the last
    return503OnClosing: false
  }).withTypeProvider<TypeBoxTypeProvider>()
  answerRefusedRequests(app.server)
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, jsonParser(app))
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler(sendNotFound)
  // Set here and not in the routes' own scopes, because a scope that adds schemas goes back to
  // Fastify's compilers, which coerce and drop fields.
  for (const schema of [Problem, ModelAnswer, RevisionAnswer, TrafficAnswer]) app.addSchema(schema)

  const { upload, imageAllowList: allowList, imagePullSecrets: pullSecrets } = config
  const strangers = {
    maxBytes: Math.min(upload.maxBytes, STRANGER.maxBytes),
    idleMs: Math.min(upload.idleMs, STRANGER.idleMs)
  }
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
    onClose(reply.raw, () => releaseReader(request.raw))
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      throw new DomainError('request-unreadable', 'the request has no Host header', {
        remedy: 'send one (RFC 9112 3.2)'
      })
    }
    // with two Host headers a proxy in front may have read the other one
    if ((request.raw.headersDistinct['host']?.length ?? 0) > 1) {
      throw new DomainError('request-unreadable', 'the request has more than one Host header', {
        remedy: 'send one (RFC 9112 3.2)'
      })
    }
  })
  app.addHook('preParsing', async (request, _reply, payload) => {
    const isParsed = hasBody(request.raw) && request.routeOptions.config.readsOwnBody !== true
    return isParsed ? guardBody(request.raw, payload, upload.idleMs) : payload
  })
  app.addHook('onSend', async (request, reply) => {
    if (reply.statusCode >= 400) leavePlace(request)
    // The body is read before anything is answered, since SAS and Python write all of it first.
    const isStranger = ports.access !== undefined && callerOf(request) === undefined
    if (!(await discardRest(request.raw, isStranger ? strangers : upload))) {
      void reply.header('connection', 'close')
    }
    resetUnread(reply, upload.idleMs)
  })
  app.addHook('onResponse', async (request, reply) => {
    metrics.recordRequest({
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      durationMs: reply.elapsedTime
    })
  })

  const admission = new Admission(config.maxConcurrency, metrics.recordColdStart)
  const scorings = new Scorings(metrics.recordScored)
  const spoolArea = new SpoolArea(config.spool.folder, config.spool.maxBytes)
  metrics.watch({
    cacheAgeSeconds: () => ports.cacheAgeMs() / 1000,
    rowsInFlight: () => admission.inFlight,
    spoolBytes: () => spoolArea.usedBytes,
    uploads: () => scorings.uploads(),
    countRows: () => scorings.tellRows()
  })

  guardRoutes(app, { access: ports.access, namespace: config.namespace })
  refuseUnknownOptions(app)
  await openapi(app)
  await app.register(operationsRoutes, {
    metrics: metrics.registry,
    notReady: () => (lifecycle.stopping ? 'shutting down' : ports.clusterNotReady())
  })
  const abandon = lifecycle.abandon.signal
  await app.register(modelRoutes, { models: ports.models, allowList, pullSecrets, abandon })
  await app.register(revisionRoutes, { models: ports.models, allowList, abandon })
  await app.register(trafficRoutes, { models: ports.models, abandon })
  await app.register(runtimeRoutes, {
    models: ports.models,
    runtime: ports.runtime,
    closing: lifecycle.closing.signal
  })
  const scoring = {
    models: ports.models,
    scorer: ports.scorer,
    dataPath: config.dataPath,
    admission,
    scorings,
    spoolArea,
    upload,
    rowTimeoutMs: config.rowTimeoutMs,
    holdMs: config.holdMs,
    abandon,
    isStopping: () => lifecycle.stopping
  }
  await app.register(scoringRoutes, scoring)
  await app.register(snippetRoutes, {
    ...scoring,
    publicUrl: config.publicUrl,
    needsToken: ports.access !== undefined
  })
  await app.register(scoringsRoutes, {
    scorings,
    access: ports.access,
    replicas: ports.replicas,
    closing: lifecycle.closing.signal
  })
  return app
}
