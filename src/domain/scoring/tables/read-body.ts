import { DomainError } from '../../errors.js'
import type { Progress } from '../progress/progress.js'
import { readCsv, type CsvSource } from './csv-rows.js'
import { settleDialect } from './dialect.js'
import { readJsonBody, type JsonBody } from './json-body.js'
import { readNdjson } from './json-rows.js'
import type { CsvDialect } from './table.js'

/** A JSON body is read whole before its first row, so larger files have to be CSV or NDJSON. */
const JSON_MAX_BYTES = 16 * 1024 * 1024

/** The body of a request: its bytes, which can be read once, and its declared kind. */
export interface Body extends Pick<CsvSource, 'mayBeStripped'> {
  readonly kind: 'csv' | 'json' | 'ndjson'
  readonly bytes: AsyncIterable<Buffer>
}

/** `dialect`: the dialect of the file and of its answer. */
export interface ReadBody extends JsonBody {
  readonly dialect: CsvDialect
}

/**
 * Reads a body up to its first row. Iterating over the table's rows reads the rest. `progress`
 * counts both.
 * @throws DomainError the faults of `readCsv`, `readNdjson` and `readJsonBody`; `upload-too-large`
 *   for a JSON body over 16 MiB; `request-unreadable` for one that is not UTF-8
 */
export async function readBody (
  body: Body,
  given: CsvDialect,
  progress: Progress,
  signal: AbortSignal
): Promise<ReadBody> {
  const taken = { ...body, bytes: progress.taking(body.bytes) }
  const read = await readRows(taken, given, progress, signal)
  const { table } = read
  progress.rowsInAll = table.size
  return { ...read, table: { ...table, rows: progress.reading(table.rows) } }
}

async function readRows (
  { kind, bytes, mayBeStripped = false }: Body,
  given: CsvDialect,
  progress: Progress,
  signal: AbortSignal
): Promise<ReadBody> {
  if (kind === 'csv') {
    const table = await readCsv(bytes, given, signal, { mayBeStripped, progress })
    return { form: 'rows', table, dialect: table.dialect ?? given }
  }
  const dialect = settleDialect(given)
  if (kind === 'ndjson') return { form: 'rows', table: await readNdjson(bytes), dialect }
  return { ...readJsonBody(await readWholeText(bytes)), dialect }
}

async function readWholeText (bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > JSON_MAX_BYTES) {
      throw new DomainError('upload-too-large', `a JSON body may have ${JSON_MAX_BYTES} bytes`, {
        remedy: 'send the rows as CSV or as application/x-ndjson'
      })
    }
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw new DomainError('request-unreadable', 'the body is not UTF-8 text', { cause: error })
  }
}
