import type { ColumnChoice } from './carried-columns.js'
import type { CsvDialect } from './table.js'

export type AnswerFormat = 'csv' | 'json' | 'ndjson'
export type OnError = 'report' | 'fail' | 'skip'

export interface AnswerOptions {
  readonly format: AnswerFormat
  readonly dialect: CsvDialect
  readonly columns: ColumnChoice
  readonly onError: OnError
  /** After the outputs a column that tells which revision had the row; missing where the platform chose it. */
  readonly revisionColumn?: boolean
}

/** What became of the rows, so far. Changes while the answer is made. */
export interface Counts {
  rows: number
  failed: number
  /** Rows by the revision that scored them. */
  readonly revisions: Map<string, number>
}
