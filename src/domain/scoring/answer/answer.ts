import { breather } from '../../../async/breather.js'
import { DomainError } from '../../errors.js'
import { answerColumns } from './answer-columns.js'
import type { AnswerOptions } from './answer-options.js'
import { WRITERS } from './answer-writers.js'
import { RowCounter, type Counts } from './counts.js'
import type { ScoredRow } from '../score/score-table.js'
import { showValue } from '../values/shown.js'
import type { Signature } from '../scorer/signature.js'
import { placeOf, type Table } from '../tables/table.js'
import { writableRows } from './writable-rows.js'

/**
 * So many rows may wait for the first scored row. It names the outputs of a model without a
 * signature.
 */
const UNNAMED_MAX = 1_000
/**
 * Pieces of an answer have about this length, because one write per row would cost more than the
 * row.
 */
const PIECE_CHARS = 16 * 1024
/**
 * After this time a shorter piece is passed on too, because proxies and PROC HTTP give up on an
 * answer that stands still.
 */
const PIECE_MS = 1_000

/** An answer's text, which can be read once, and its counts, which grow while it is read. */
export interface Answer {
  readonly pieces: AsyncGenerator<string, void, undefined>
  readonly counts: Counts
}

/**
 * Turns scored rows into the answer's text. With onError=fail the first failed row ends it.
 * @throws (while it is read) DomainError the faults of the rows; `request-invalid` for columns that
 *   can't be written; `model-answer-invalid` when none of the first rows of a model without a
 *   signature could be scored, so that its outputs have no names
 */
export function answerOf (
  rows: AsyncGenerator<readonly ScoredRow[], void>,
  table: Table,
  signature: Signature,
  options: AnswerOptions,
  counts = new RowCounter()
): Answer {
  return { pieces: writePieces(rows, table, signature, options, counts), counts }
}

async function * writePieces (
  rows: AsyncGenerator<readonly ScoredRow[], void>,
  table: Table,
  signature: Signature,
  options: AnswerOptions,
  counts: RowCounter
): AsyncGenerator<string, void, undefined> {
  try {
    const held: ScoredRow[] = []
    const outputs = await outputNames(rows, held, signature)
    const columns = answerColumns(table, outputs, options)
    counts.renamed = columns.renamed
    const writer = WRITERS[options.format](columns, options)
    const check = signature.inferred ? checkAgainstFirst(outputs, table) : (row: ScoredRow) => row
    const noteUndeclared = undeclaredRecorder(signature, counts)
    const writable = writableRows(table, columns, options)
    let piece = writer.head
    let handedOverAt = performance.now()
    const breathe = breather()
    for await (const batch of readHeldThen(held, rows)) {
      for (const scored of batch) {
        const turn = breathe()
        if (turn !== undefined) await turn
        const row = writable(check(scored))
        counts.add(row)
        noteUndeclared(row)
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
    await rows.return(undefined) // for an answer that ends before the rows do
  }
}

/**
 * Names the outputs that become columns: the declared ones, then the others of the first scored
 * row. A model without a signature has only the latter. Rows up to that row are put into `held`.
 */
async function outputNames (
  rows: AsyncGenerator<readonly ScoredRow[], void>,
  held: ScoredRow[],
  { outputs, inferred }: Signature
): Promise<string[]> {
  const names = new Set(outputs.map(({ name }) => name))
  while (held.length < UNNAMED_MAX) {
    const { value: batch } = await rows.next()
    if (batch === undefined) return [...names]
    held.push(...batch)
    const scored = batch.find(row => !('error' in row))
    if (scored === undefined) continue
    for (const name of scored.outputs?.keys() ?? []) names.add(name)
    return [...names]
  }
  if (!inferred) return [...names]
  const last = held.at(-1)!
  throw new DomainError(
    'model-answer-invalid',
    `none of the first ${UNNAMED_MAX} rows could be scored${'error' in last ? `; ${last.error.message}` : ''}`
  )
}

async function * readHeldThen<T> (
  held: readonly T[],
  rows: AsyncIterable<readonly T[]>
): AsyncGenerator<readonly T[], void, undefined> {
  yield held
  yield * rows
}

/**
 * Compares the answers of a model without a signature with its first one. A row with another set of
 * outputs fails: there is no column for a surplus output, and a lacking one would leave a cell
 * empty.
 */
function checkAgainstFirst (names: readonly string[], table: Table): (row: ScoredRow) => ScoredRow {
  const known = new Set(names)
  return row => {
    if ('error' in row) return row
    const { line, cells, revision, outputs } = row
    const stray = [...outputs.keys()].find(name => !known.has(name))
    const absent =
      stray === undefined && outputs.size < known.size
        ? names.find(name => !outputs.has(name))
        : undefined
    if (stray === undefined && absent === undefined) return row
    const what =
      stray !== undefined
        ? `the model answered ${showValue(stray)}, which its first answer did not have`
        : `the model did not answer ${showValue(absent)}, which its first answer had`
    return {
      line,
      cells,
      revision,
      error: new DomainError('row-answer-invalid', `${placeOf(table, row)}: ${what}`)
    }
  }
}

/** Records the names of outputs that the description lacks, so that they can be reported. */
export function undeclaredRecorder (
  { outputs, inferred }: Signature,
  counts: RowCounter
): (row: ScoredRow) => void {
  if (inferred) return () => {}
  const declared = new Set(outputs.map(({ name }) => name))
  return ({ outputs }) => {
    if (outputs === undefined) return
    for (const name of outputs.keys()) {
      if (!declared.has(name)) counts.addUndeclared(name)
    }
  }
}
