import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { DomainError } from '../domain/errors.js'
import type { ModelStore } from '../domain/models/model-store.js'
import type { Admission, AdmittedRequest } from '../domain/scoring/admission.js'
import type { Carried } from '../domain/scoring/carried-columns.js'
import { readCsv } from '../domain/scoring/csv-rows.js'
import { readJsonBody } from '../domain/scoring/json-body.js'
import { readNdjson } from '../domain/scoring/json-rows.js'
import { routingFor, type Routing } from '../domain/scoring/routing.js'
import type { Scorer } from '../domain/scoring/scorer.js'
import type { CsvDialect, Table } from '../domain/scoring/table.js'
import { targetsFor, type DataPath } from '../domain/scoring/targets.js'
import { wantedOf, type ScoreOptions } from './score-options.js'
import type { SpoolArea } from './spool-area.js'
import type { Upload, UploadLimits } from './upload.js'

/** A JSON body is read whole before its rows are; larger files are CSV or NDJSON. */
const JSON_MAX_BYTES = 16 * 1024 * 1024

/** What the calls that score need of the service. */
export interface ScoringOptions {
  readonly models: ModelStore
  readonly scorer: Scorer
  readonly dataPath: DataPath
  readonly admission: Admission
  readonly spoolArea: SpoolArea
  readonly upload: UploadLimits
  readonly rowTimeoutMs: number
  readonly holdMs: number
  /** Fires when the service has to end what still runs. */
  readonly abandon: AbortSignal
  readonly isStopping: () => boolean
  readonly onScored: (outcome: { readonly model: string, readonly rows: number, readonly failed: number }) => void
}

/** Lets a request in among those that are being scored, until its answer is over. @throws DomainError `service-busy` */
export function admitted (reply: FastifyReply, admission: Admission, concurrency: number | undefined): AdmittedRequest {
  const request = admission.enter(concurrency)
  reply.raw.once('close', () => { request.leave() })
  return request
}

export const Name = Type.Object({ name: Type.String({ description: 'the model' }) })

export const SCORE_BODY = {
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

/** Where a request's rows go, with the signatures of these revisions: a snapshot of its start. Wakes a sleeping model. */
export async function routingOf (
  { models, dataPath, scorer, rowTimeoutMs }: ScoringOptions, name: string, given: Pick<ScoreOptions, 'revision' | 'tag' | 'route'>, signal: AbortSignal
): Promise<Routing> {
  const { wanted, stickyColumn } = wantedOf(given)
  const { model, revisions } = await models.revisionsOf(name, signal)
  const { retrySafe } = model.spec
  return await routingFor(targetsFor(model, revisions, dataPath, wanted), { retrySafe, stickyColumn }, scorer, rowTimeoutMs, signal)
}

export interface Body { readonly form: 'data' | 'inputs' | 'rows', readonly table: Table }

export async function readBody (upload: Upload, dialect: CsvDialect, signal: AbortSignal): Promise<Body> {
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

/** Tells by a header which input columns are carried under another name. */
export function renamedHeader (reply: FastifyReply, { renamed }: Carried): void {
  if (renamed.length === 0 || reply.sent) return
  void reply.header('scoring-renamed', renamed.map(([from, to]) => `${headerText(from)}=${headerText(to)}`).join(', '))
}

/** Header values are Latin-1 without separators: other characters are percent encoded. */
function headerText (name: string): string {
  return name.replaceAll(/[^\w.$ -]/g, character => encodeURIComponent(character))
}
