import multipart from '@fastify/multipart'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { DomainError } from '../domain/errors.js'
import { REVISION } from '../domain/scoring/answer-writers.js'
import { answerText } from '../domain/scoring/answer.js'
import type { Counts } from '../domain/scoring/answer-options.js'
import { jsonAnswer } from '../domain/scoring/json-body.js'
import { scoreRow, scoreTable } from '../domain/scoring/score-table.js'
import { callerName } from './caller.js'
import { callerSignal } from './caller-signal.js'
import { deadline } from './deadline.js'
import { compareRoutes } from './compare.routes.js'
import { CONTENT_TYPES, contentTypeOf } from './negotiation.js'
import { problems } from './problem.js'
import { countHeaders, encodedPieces, sendAnswer } from './score-answer.js'
import { answerOptions, formOptions, ScoreOptions } from './score-options.js'
import { admitted, Name, readBody, renamedHeader, routingOf, SCORE_BODY, type ScoringOptions } from './score-request.js'
import { signatureRoutes } from './signature.routes.js'
import { openUpload } from './upload.js'
import { unreadBodyCompiler } from './validation.js'

const SCORE_ANSWER = {
  description: 'All rows in the order they came. CSV: carried columns, the outputs, with revisionColumn=true a column _revision, and with onError=report a column _error. ' +
    'JSON: {data} to {data}, {outputs} to {inputs}, {rows, counts} to anything else. Headers: Scoring-Rows, Scoring-Failed, Scoring-Revisions (rows by revision), ' +
    'Scoring-Renamed (input columns carried as in_NAME since the answer has a column of the name), Scoring-Types: inferred for a model without a signature.',
  content: {
    'text/csv': { schema: Type.String() },
    'application/json': { schema: Type.Object({}, { additionalProperties: true }) },
    'application/x-ndjson': { schema: Type.String() }
  }
}

export const scoringRoutes: FastifyPluginAsyncTypebox<ScoringOptions> = async (app, options) => {
  const { scorer, admission, spoolArea, upload: uploadLimits, rowTimeoutMs, holdMs } = options
  await app.register(multipart)
  // Bodies are read by the handlers, as streams and counted. Only these routes take them without a content type, too.
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('*', (_request, _payload, done) => { done(null) })

  app.addHook('onRequest', async () => {
    if (options.isStopping()) throw new DomainError('service-stopping', 'this replica is shutting down', { retryAfterSeconds: 1 })
  })

  await app.register(signatureRoutes, options)

  app.post('/models/:name/score', {
    validatorCompiler: unreadBodyCompiler,
    schema: {
      operationId: 'score',
      tags: ['scoring'],
      summary: 'Scores the rows of a file, or of a JSON body',
      description: 'Send a CSV with a header line as the one file part of a form (options before it), or as a raw body; NDJSON as a raw body; or JSON as {"data": {…}}, {"inputs": [{"name", "value"}, …]} or an array of row objects. ' +
        'Options in the query may also be form fields before the file.',
      params: Name,
      querystring: ScoreOptions,
      body: SCORE_BODY,
      response: { 200: SCORE_ANSWER, ...problems(400, 403, 404, 406, 408, 409, 413, 415, 422, 429, 502, 503, 504, 507) }
    }
  }, async (request, reply) => {
    const startedAt = performance.now()
    const { signal, after } = deadline(reply, callerSignal(reply, options.abandon))
    const { name } = request.params
    const upload = await openUpload(request, uploadLimits, spoolArea, signal)
    const given = { ...request.query, ...formOptions(request, upload, ScoreOptions) }
    after(given.timeout)
    const limits = { request: admitted(reply, admission, given.concurrency), rowTimeoutMs }
    const answer = answerOptions(given, request, upload.kind)
    const routes = await routingOf(options, name, given, signal)
    if (routes.signature.inferred) void reply.header('scoring-types', 'inferred')
    const counts: Counts = { rows: 0, failed: 0, revisions: new Map() }
    const body = await readBody(upload, answer.dialect, signal)

    const finished = (bytesOut: number) => {
      const { revisions, rows, failed } = counts
      options.onScored({ model: name, rows, failed })
      request.log.info({
        user: callerName(request),
        model: name,
        revision: [...revisions.keys()],
        rows,
        rowsFailed: failed,
        bytesIn: upload.size(),
        bytesOut,
        durationMs: performance.now() - startedAt
      }, 'score finished')
    }

    if (body.form !== 'rows' && answer.format === 'json') {
      const { outputs, revision } = await scoreRow(body.table, routes, scorer, given.step, limits, signal)
      counts.rows = 1
      if (revision !== undefined) counts.revisions.set(revision, 1)
      countHeaders(reply, counts, startedAt)
      const told = answer.revisionColumn === true ? { ...outputs, [REVISION]: revision ?? null } : outputs
      const text = JSON.stringify(jsonAnswer(body.form, told))
      finished(text.length)
      return await reply.type(CONTENT_TYPES.json).send(text)
    }

    const rows = scoreTable(body.table, routes, scorer, given.step, limits, signal)
    const pieces = answerText(rows, body.table, routes.signature, answer, counts, carried => renamedHeader(reply, carried))
    void reply.type(contentTypeOf(answer.format, answer.dialect))
    // Without a column for the reason, the counts are told by headers alone: the status is held until they are known.
    const hold = { uploadEnded: upload.ended, holdMs: answer.onError === 'report' ? holdMs : Infinity }
    const encoded = encodedPieces(pieces, answer.format, answer.dialect)
    const { sent, bytes } = await sendAnswer(reply, spoolArea, encoded, hold, () => countHeaders(reply, counts, startedAt), signal)
    sent.then(() => finished(bytes()), error => request.log.warn({ err: error, model: name, rows: counts.rows, fault: 'answer-broken-off' }, 'score broken off'))
    return reply
  })

  await app.register(compareRoutes, options)
}
