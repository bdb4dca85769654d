import multipart from '@fastify/multipart'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { DomainError, invalidFields } from '../domain/errors.js'
import type { ModelStore } from '../domain/models/model-store.js'
import { answerText, type AnswerFormat, type AnswerOptions, type Counts } from '../domain/scoring/answer.js'
import { readCsv } from '../domain/scoring/csv-rows.js'
import { jsonAnswer, readJsonBody } from '../domain/scoring/json-body.js'
import { readNdjson } from '../domain/scoring/json-rows.js'
import { routingFor, type DataPath, type Pin, type Routing } from '../domain/scoring/routing.js'
import { scoreRow, scoreTable } from '../domain/scoring/score-table.js'
import type { Scorer } from '../domain/scoring/scorer.js'
import type { Slots } from '../domain/scoring/slots.js'
import type { Table } from '../domain/scoring/table.js'
import type { SpoolArea } from './answer-spool.js'
import { callerName } from './caller.js'
import { callerSignal } from './caller-signal.js'
import { acceptedFormat, CONTENT_TYPES } from './negotiation.js'
import { fieldFault, problems } from './problem.js'
import { countHeaders, sendAnswer } from './score-answer.js'
import { validatorCompiler } from './validation.js'
import { openUpload, type Upload, type UploadLimits } from './upload.js'

/** A JSON body is read whole before its rows are; larger files are CSV or NDJSON. */
const JSON_MAX_BYTES = 16 * 1024 * 1024

export interface ScoringOptions {
  readonly models: ModelStore
  readonly scorer: Scorer
  readonly dataPath: DataPath
  readonly slots: Slots
  readonly spoolArea: SpoolArea
  readonly upload: UploadLimits
  readonly rowTimeoutMs: number
  readonly holdMs: number
  /** Fires when the service has to end what still runs. */
  readonly abandon: AbortSignal
  readonly isStopping: () => boolean
  readonly onScored: (outcome: { readonly model: string, readonly rows: number, readonly failed: number }) => void
}

const Name = Type.Object({ name: Type.String({ description: 'the model' }) })

const PinQuery = {
  revision: Type.Optional(Type.String({ minLength: 1, description: 'score on this revision, whatever the traffic table says' })),
  tag: Type.Optional(Type.String({ minLength: 1, description: 'score on the revision with this tag' }))
}

const ScoreOptions = Type.Object({
  ...PinQuery,
  columns: Type.Optional(Type.String({ description: 'input columns carried into the answer, before the outputs: all (default), outputs (none), or names separated by commas' })),
  onError: Type.Optional(Type.Enum(['report', 'fail', 'skip'], {
    description: 'a row that can\'t be scored is kept with its reason in the column _error (report, default), ends the request with 422 (fail), or is left out (skip)'
  })),
  format: Type.Optional(Type.Enum(['csv', 'json', 'ndjson'], { description: 'the answer\'s format; goes before Accept; default: that of the input' })),
  delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 3, description: 'of the CSV, one character or tab; default a comma' })),
  concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'upper limit of rows in flight for this request' })),
  step: Type.Optional(Type.String({ minLength: 1, description: 'a step other than the model\'s default' }))
}, { additionalProperties: false })
type ScoreOptions = Static<typeof ScoreOptions>

const Variable = {
  name: Type.String(),
  type: Type.Enum(['number', 'string']),
  length: Type.Optional(Type.Integer({ description: 'of a text, in characters' }))
}
const SignatureAnswer = Type.Object({
  inputs: Type.Array(Type.Object({ ...Variable, required: Type.Boolean({ description: 'the column has to be there; its cells may be missing values' }) })),
  outputs: Type.Array(Type.Object(Variable)),
  inferred: Type.Boolean({ description: 'the model describes nothing: types come from how values look' }),
  revision: Type.Union([Type.String(), Type.Null()], { description: 'null: the platform chooses among several' })
}, { $id: 'Signature' })

const SCORE_BODY = {
  content: {
    'multipart/form-data': { schema: Type.Object({ file: Type.String({ format: 'binary', description: 'a CSV with a header line; any field name will do' }) }) },
    'text/csv': { schema: Type.String({ description: 'a CSV with a header line' }) },
    'application/json': {
      schema: Type.Union([
        Type.Object({ data: Type.Record(Type.String(), Type.Unknown()) }),
        Type.Object({ inputs: Type.Array(Type.Object({ name: Type.String(), value: Type.Unknown() })) }),
        Type.Array(Type.Record(Type.String(), Type.Unknown()))
      ])
    },
    'application/x-ndjson': { schema: Type.String({ description: 'one JSON object a line' }) }
  }
}

const SCORE_ANSWER = {
  description: 'All rows in the order they came. CSV: carried columns, the outputs, and with onError=report a column _error. ' +
    'JSON: {data} to {data}, {outputs} to {inputs}, {rows, counts} to anything else. Headers: Scoring-Rows, Scoring-Failed, Scoring-Revisions (rows by revision), ' +
    'Scoring-Renamed (input columns carried as in_NAME since an output has the name), Scoring-Types: inferred for a model without a signature.',
  content: {
    'text/csv': { schema: Type.String() },
    'application/json': { schema: Type.Object({}, { additionalProperties: true }) },
    'application/x-ndjson': { schema: Type.String() }
  }
}

export const scoringRoutes: FastifyPluginAsyncTypebox<ScoringOptions> = async (app, options) => {
  const { models, scorer, dataPath, slots, spoolArea, upload: uploadLimits, rowTimeoutMs, holdMs } = options
  await app.register(multipart)
  // Bodies are read by the handlers, as streams and counted. Only this route takes them without a content type, too.
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('*', (_request, _payload, done) => { done(null) })

  app.addHook('onRequest', async () => {
    if (options.isStopping()) throw new DomainError('service-stopping', 'this replica is shutting down', { retryAfterSeconds: 1 })
  })

  const route = async (name: string, pin: Pin, signal: AbortSignal): Promise<Routing> =>
    await routingFor(await models.revisionsOf(name, signal), dataPath, pin, scorer, rowTimeoutMs, signal)

  app.get('/models/:name/signature', {
    schema: {
      operationId: 'getSignature',
      tags: ['scoring'],
      summary: 'What a model takes and gives, by its own description; wakes a sleeping model',
      params: Name,
      querystring: Type.Object(PinQuery, { additionalProperties: false }),
      response: { 200: SignatureAnswer, ...problems(404, 409, 422, 502, 503, 504) }
    }
  }, async (request, reply) => {
    const { routes, signature } = await route(request.params.name, pinOf(request.query), AbortSignal.any([callerSignal(reply), options.abandon]))
    return { ...signature, revision: routes.length === 1 ? routes[0]!.target.revision ?? null : null }
  })

  app.post('/models/:name/score', {
    // described for readers of the API; the handler reads it as a stream and checks it itself
    validatorCompiler: given => given.httpPart === 'body' ? () => true : validatorCompiler(given),
    schema: {
      operationId: 'score',
      tags: ['scoring'],
      summary: 'Scores the rows of a file, or of a JSON body',
      description: 'Send a CSV with a header line as the one file part of a form (options before it), or as a raw body; NDJSON as a raw body; or JSON as {"data": {…}}, {"inputs": [{"name", "value"}, …]} or an array of row objects. ' +
        'Options in the query may also be form fields before the file.',
      params: Name,
      querystring: ScoreOptions,
      body: SCORE_BODY,
      response: { 200: SCORE_ANSWER, ...problems(400, 403, 404, 406, 408, 409, 413, 415, 422, 502, 503, 504, 507) }
    }
  }, async (request, reply) => {
    const startedAt = performance.now()
    const signal = AbortSignal.any([callerSignal(reply), options.abandon])
    const { name } = request.params
    const upload = await openUpload(request, uploadLimits, signal)
    const given = { ...request.query, ...formOptions(request, upload) }
    const limits = { slots, rowTimeoutMs, concurrency: given.concurrency }
    const answer = answerOptions(given, request, upload.kind)
    const routing = await route(name, pinOf(given), signal)
    if (routing.signature.inferred) void reply.header('scoring-types', 'inferred')
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
      const { outputs, revision } = await scoreRow(body.table, routing, scorer, given.step, limits, signal)
      counts.rows = 1
      if (revision !== undefined) counts.revisions.set(revision, 1)
      countHeaders(reply, counts, startedAt)
      const text = JSON.stringify(jsonAnswer(body.form, outputs))
      finished(text.length)
      return await reply.type(CONTENT_TYPES.json).send(text)
    }

    const rows = scoreTable(body.table, routing, scorer, given.step, limits, signal)
    const pieces = answerText(rows, body.table, routing.signature, answer, counts, ({ renamed }) => {
      if (renamed.length > 0 && !reply.sent) void reply.header('scoring-renamed', renamed.map(([from, to]) => `${headerText(from)}=${headerText(to)}`).join(', '))
    })
    void reply.type(CONTENT_TYPES[answer.format])
    // Without a column for the reason, the counts are told by headers alone: the status is held until they are known.
    const hold = { uploadEnded: upload.ended, holdMs: answer.onError === 'report' ? holdMs : Infinity }
    const { sent, bytes } = await sendAnswer(reply, spoolArea, pieces, hold, () => countHeaders(reply, counts, startedAt), signal)
    sent.then(() => finished(bytes()), error => request.log.warn({ err: error, model: name, rows: counts.rows, fault: 'answer-broken-off' }, 'score broken off'))
    return reply
  })

  function formOptions (request: FastifyRequest, { fields }: Upload): Partial<ScoreOptions> {
    if (Object.keys(fields).length === 0) return {}
    const typed: Record<string, unknown> = { ...fields }
    const validate = request.getValidationFunction('querystring') ?? request.compileValidationSchema(ScoreOptions, 'querystring')
    if (validate(typed)) return typed
    throw invalidFields((validate.errors ?? []).map(fault => ({
      ...fieldFault('form', fault),
      ...(fault.keyword === 'additionalProperties' ? { remedy: 'see /docs for the options; the file itself must be a file part, with a file name' } : {})
    })))
  }
}

function pinOf ({ revision, tag }: Pin): Pin {
  if (revision !== undefined && tag !== undefined) throw invalidFields([{ field: 'query.tag', detail: 'can\'t be combined with revision', remedy: 'give one of revision and tag' }])
  return { revision, tag }
}

function answerOptions (given: ScoreOptions, request: FastifyRequest, kind: Upload['kind']): AnswerOptions {
  const format: AnswerFormat = given.format ?? acceptedFormat(request.headers.accept, kind)
  const columns = given.columns === undefined || given.columns === 'all' ? 'all' : given.columns === 'outputs' ? 'outputs' : given.columns.split(',').map(name => name.trim())
  return { format, columns, onError: given.onError ?? 'report', dialect: { delimiter: delimiterOf(given.delimiter ?? ',') } }
}

function delimiterOf (given: string): string {
  const delimiter = given === 'tab' || given === '\\t' ? '\t' : given
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw invalidFields([{ field: 'query.delimiter', detail: `"${given}" can't be a delimiter`, remedy: 'give one character, e.g. %3B for a semicolon, or tab' }])
  }
  return delimiter
}

interface Body { readonly form: 'data' | 'inputs' | 'rows', readonly table: Table }

async function readBody (upload: Upload, dialect: AnswerOptions['dialect'], signal: AbortSignal): Promise<Body> {
  switch (upload.kind) {
    case 'csv': return { form: 'rows', table: await readCsv(upload.bytes, dialect, signal) }
    case 'ndjson': return { form: 'rows', table: await readNdjson(upload.bytes) }
    case 'json': return readJsonBody(await wholeText(upload.bytes))
  }
}

async function wholeText (bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > JSON_MAX_BYTES) throw new DomainError('upload-too-large', `a JSON body may have ${JSON_MAX_BYTES} bytes`, { remedy: 'send the rows as CSV or as application/x-ndjson' })
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw new DomainError('request-unreadable', 'the body is not UTF-8 text', { cause: error })
  }
}

/** Header values are Latin-1 without separators: other characters are percent encoded. */
function headerText (name: string): string {
  return name.replaceAll(/[^\w.$ -]/g, character => encodeURIComponent(character))
}
