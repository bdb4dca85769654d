import { DomainError } from '../errors.js'
import { ERROR, REVISION, WRITERS } from './answer-writers.js'
import type { AnswerOptions, Counts } from './answer-options.js'
import { carriedColumns, type Carried } from './carried-columns.js'
import type { ScoredRow } from './score-table.js'
import type { Signature } from './signature.js'
import { placeOf, type Table } from './table.js'
import { writableRows } from './writable-rows.js'

/** Rows that may wait for the first success, which names the outputs of a model without a signature. */
const UNNAMED_MAX = 1_000
/** Answers are handed over in pieces of about this length: a write a row would cost more than the row. */
const PIECE_CHARS = 16 * 1024
/** … or after this time: proxies and PROC HTTP give up on an answer that stands still. */
const PIECE_MS = 1_000

/** Turns scored rows into the answer's text and keeps `counts`. With onError=fail the first failed row ends it. */
export async function * answerText (
  rows: AsyncGenerator<readonly ScoredRow[], void>, table: Table, signature: Signature, options: AnswerOptions, counts: Counts,
  onCarried: (carried: Carried) => void
): AsyncGenerator<string, void, undefined> {
  try {
    const held: ScoredRow[] = []
    const outputs = signature.inferred ? await outputsOfFirst(rows, held) : signature.outputs.map(({ name }) => name)
    const carried = carriedColumns(table, [...outputs, ...(options.revisionColumn === true ? [REVISION] : []), ERROR], options.columns)
    onCarried(carried)
    const writer = WRITERS[options.format](carried, outputs, options)
    const writable = writableRows(table, carried, outputs, options)
    let piece = writer.head
    let handedOverAt = performance.now()
    for await (const batch of following(held, rows)) {
      for (const scored of batch) {
        const row = writable(signature.inferred ? withoutStrayOutputs(scored, outputs, table) : scored)
        count(row, counts)
        if ('error' in row && options.onError === 'fail') throw row.error
        piece += writer.row(row)
      }
      if (piece.length >= PIECE_CHARS || performance.now() - handedOverAt >= PIECE_MS) {
        yield piece
        piece = ''
        handedOverAt = performance.now()
      }
    }
    yield piece + writer.tail(counts)
  } finally {
    await rows.return(undefined) // also when it ends before they were read
  }
}

function count (row: ScoredRow, counts: Counts): void {
  counts.rows++
  if ('error' in row) counts.failed++
  else if (row.revision !== undefined) counts.revisions.set(row.revision, (counts.revisions.get(row.revision) ?? 0) + 1)
}

/** Takes rows into `held` up to the first that was scored: its outputs are the answer's columns. */
async function outputsOfFirst (rows: AsyncGenerator<readonly ScoredRow[], void>, held: ScoredRow[]): Promise<readonly string[]> {
  while (held.length < UNNAMED_MAX) {
    const { value: batch } = await rows.next()
    if (batch === undefined) return []
    held.push(...batch)
    const scored = batch.find(row => !('error' in row))
    if (scored !== undefined) return Object.keys(scored.outputs ?? {})
  }
  const last = held.at(-1)!
  throw new DomainError('model-answer-invalid', `none of the first ${UNNAMED_MAX} rows could be scored${'error' in last ? `; ${last.error.message}` : ''}`)
}

async function * following<T> (held: readonly T[], rows: AsyncIterable<readonly T[]>): AsyncGenerator<readonly T[], void, undefined> {
  yield held
  yield * rows
}

/** An output that the first answer did not have has no column: better a failed row than a dropped value. */
function withoutStrayOutputs (row: ScoredRow, outputs: readonly string[], table: Table): ScoredRow {
  const stray = 'error' in row ? undefined : Object.keys(row.outputs).find(name => !outputs.includes(name))
  if (stray === undefined) return row
  const { line, cells, revision } = row
  return { line, cells, revision, error: new DomainError('row-refused', `${placeOf(table, row)}: the model answered "${stray}", which its first answer did not have`) }
}
