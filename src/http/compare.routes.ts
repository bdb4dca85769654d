import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { invalidFields } from '../domain/errors.js'
import { answerText } from '../domain/scoring/answer.js'
import type { Counts } from '../domain/scoring/answer-options.js'
import { compareTable, joinedRow, joinedSignature, type ComparedRow, type Sides } from '../domain/scoring/compare-table.js'
import { Comparer } from '../domain/scoring/comparison.js'
import { routingFor } from '../domain/scoring/routing.js'
import type { ScoredRow } from '../domain/scoring/score-table.js'
import { pairFor } from '../domain/scoring/targets.js'
import { callerName } from './caller.js'
import { callerSignal } from './caller-signal.js'
import { deadline } from './deadline.js'
import { COMPARE_ANSWER, CompareOptions } from './compare.schemas.js'
import { acceptedFormat, contentTypeOf } from './negotiation.js'
import { problems } from './problem.js'
import { countHeaders, encodedPieces, sendAnswer } from './score-answer.js'
import { dialectOf } from './csv-options.js'
import { columnsOf, formOptions } from './score-options.js'
import { admitted, Name, readBody, renamedHeader, SCORE_BODY, type ScoringOptions } from './score-request.js'
import { openUpload } from './upload.js'
import { unreadBodyCompiler } from './validation.js'

const WORST = 10

/** Registered by the scoring routes: bodies are streams there. */
export const compareRoutes: FastifyPluginAsyncTypebox<ScoringOptions> = async (app, options) => {
  const { models, scorer, dataPath, admission, spoolArea, upload: uploadLimits, rowTimeoutMs, holdMs } = options

  app.post('/models/:name/compare', {
    validatorCompiler: unreadBodyCompiler,
    schema: {
      operationId: 'compareRevisions',
      tags: ['scoring'],
      summary: 'Scores the same rows on two revisions and tells how they agree',
      description: 'Takes bodies as score does. Both revisions get every row with the same inputs, whatever the traffic table says; nothing is routed differently by it. ' +
        'Outside the cluster both need a tag. Options in the query may also be form fields before the file.',
      params: Name,
      querystring: CompareOptions,
      body: SCORE_BODY,
      response: { 200: COMPARE_ANSWER, ...problems(400, 403, 404, 406, 408, 409, 413, 415, 422, 429, 502, 503, 504, 507) }
    }
  }, async (request, reply) => {
    const startedAt = performance.now()
    const { signal, after } = deadline(reply, callerSignal(reply, options.abandon))
    const { name } = request.params
    const upload = await openUpload(request, uploadLimits, spoolArea, signal)
    const given = { ...request.query, ...formOptions(request, upload, CompareOptions) }
    after(given.timeout)
    const { champion, challenger, concurrency, step, worst = WORST } = given
    if (challenger === undefined) throw invalidFields([{ field: 'query.challenger', detail: 'is missing', remedy: 'name the challenger\'s tag or revision: challenger=NAME' }])
    const format = given.format ?? acceptedFormat(request.headers.accept, 'json')
    const dialect = dialectOf(given)
    const limits = { request: admitted(reply, admission, concurrency), rowTimeoutMs }

    const { model, revisions } = await models.revisionsOf(name, signal)
    const { retrySafe } = model.spec
    const routing = await routingFor(pairFor(model, revisions, dataPath, { champion, challenger }), { retrySafe }, scorer, rowTimeoutMs, signal)
    const pair = { champion: routing.routes[0]!, challenger: routing.routes[1]! }
    const compared = { champion: pair.champion.target.revision, challenger: pair.challenger.target.revision }
    const signatures = { champion: pair.champion.signature, challenger: pair.challenger.signature }
    const { table } = await readBody(upload, dialect, signal)
    void reply.headers({ 'scoring-champion': compared.champion, 'scoring-challenger': compared.challenger })
    if (routing.signature.inferred) void reply.header('scoring-types', 'inferred')

    const counts: Counts = { rows: 0, failed: 0, revisions: new Map() }
    const rows = compareTable(table, routing, pair, scorer, step, limits, signal)
    const pieces = format === 'json'
      ? comparisonText(rows, compared, new Comparer(signatures, worst), counts)
      : answerText(joined(rows), table, joinedSignature(routing.signature, signatures), { format, dialect, columns: columnsOf(given.columns), onError: 'report' }, counts, carried => renamedHeader(reply, carried))
    void reply.type(contentTypeOf(format, dialect))
    // The comparison is one piece that comes last: there is nothing to stream before.
    const hold = { uploadEnded: upload.ended, holdMs: format === 'json' ? Infinity : holdMs }
    const encoded = encodedPieces(pieces, format, dialect)
    const { sent, bytes } = await sendAnswer(reply, spoolArea, encoded, hold, () => countHeaders(reply, counts, startedAt), signal)
    sent.then(() => {
      options.onScored({ model: name, rows: counts.rows, failed: counts.failed })
      request.log.info({
        user: callerName(request),
        model: name,
        revision: Object.values(compared),
        rows: counts.rows,
        rowsFailed: counts.failed,
        bytesIn: upload.size(),
        bytesOut: bytes(),
        durationMs: performance.now() - startedAt
      }, 'compare finished')
    }, error => request.log.warn({ err: error, model: name, rows: counts.rows, fault: 'answer-broken-off' }, 'compare broken off'))
    return reply
  })
}

async function * joined (rows: AsyncIterable<readonly ComparedRow[]>): AsyncGenerator<readonly ScoredRow[], void, undefined> {
  for await (const batch of rows) yield batch.map(joinedRow)
}

async function * comparisonText (
  rows: AsyncIterable<readonly ComparedRow[]>, { champion, challenger }: Sides<string | undefined>, comparer: Comparer, counts: Counts
): AsyncGenerator<string, void, undefined> {
  for await (const batch of rows) {
    for (const row of batch) comparer.add(row)
  }
  const comparison = comparer.result()
  counts.rows = comparison.rows
  counts.failed = comparison.failed.either
  yield JSON.stringify({ champion: { revision: champion }, challenger: { revision: challenger }, ...comparison }) + '\n'
}
