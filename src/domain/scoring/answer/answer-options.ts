import type { ColumnChoice } from './carried-columns.js'
import type { CsvDialect } from '../tables/table.js'

export type AnswerFormat = 'csv' | 'json' | 'ndjson'
export type OnError = 'report' | 'fail' | 'skip'

export interface AnswerOptions {
  readonly format: AnswerFormat
  readonly dialect: CsvDialect
  readonly columns: ColumnChoice
  readonly onError: OnError
  /**
   * Adds a column after the outputs with the revision that scored the row. Its cells are empty when
   * the platform chose the revision.
   */
  readonly revisionColumn?: boolean
}
