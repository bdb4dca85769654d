import type { Answer } from './answer/answer.js'
import type { AnswerFormat, AnswerOptions } from './answer/answer-options.js'
import type { Counts } from './answer/counts.js'
import type { AdmittedRequest } from './calls/admission.js'
import type { Routing } from './routing/routing.js'
import type { CsvDialect, Table } from './tables/table.js'
import { nearNames, type NearName } from './values/near-names.js'

/** A file that is being scored: the facts known before its first row is scored, and the answer. */
export interface ScoredFile {
  /** The model has no description, so types are inferred from the look of the values. */
  readonly isInferred: boolean
  /** Columns that match no input but probably mean an optional one. */
  readonly nearNames: readonly NearName[]
  /** How many columns at the right have neither name nor content. */
  readonly unnamed: number
  readonly format: AnswerFormat
  readonly dialect: CsvDialect
  /** The body was one row as a JSON object, so the whole answer is one piece. */
  readonly isOneRow: boolean
  /** The answer's text. It can be read once, and rows are scored while it is read. */
  readonly pieces: AsyncIterable<string>
  /** The counts are complete when the last piece was read. */
  readonly counts: Counts
}

interface Making {
  readonly table: Table
  readonly routing: Routing
  readonly options: AnswerOptions
  readonly answer: Answer
  readonly place: AdmittedRequest
  readonly isOneRow?: boolean
}

/**
 * Puts together the facts about a file and its answer. The request's place is given back when no
 * more of its rows will be scored, so that others need not wait until its caller has read the
 * answer.
 */
export function scoredFile ({
  table: { columns, unnamed = 0 },
  routing: { signature },
  options: { format, dialect },
  answer: { pieces, counts },
  place,
  isOneRow = false
}: Making): ScoredFile {
  return {
    isInferred: signature.inferred,
    nearNames: nearNames(columns, signature),
    unnamed,
    format,
    dialect,
    isOneRow,
    pieces: leaveAtEnd(pieces, place),
    counts
  }
}

async function * leaveAtEnd (
  pieces: AsyncIterable<string>,
  place: AdmittedRequest
): AsyncGenerator<string, void, undefined> {
  try {
    yield * pieces
  } finally {
    place.leave()
  }
}
