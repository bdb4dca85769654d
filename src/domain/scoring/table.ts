import { DomainError } from '../errors.js'
import type { Encoding } from './encoding.js'

/** A file of rows, whatever its format: cells are aligned with `columns`. */
export interface Table {
  readonly columns: readonly string[]
  /**
   * In the file's order, as many at a time as are read together; ends with DomainError `csv-invalid` or `request-unreadable` where the
   * file stops making sense.
   */
  readonly rows: AsyncIterable<readonly SourceRow[]>
  /** Cells are text to be typed by the signature (CSV), or values to be taken as they are (JSON). */
  readonly cellsAre: 'text' | 'values'
  /** Of a CSV: how its cells write numbers and missing values. */
  readonly dialect?: CsvDialect
  /** What `SourceRow.line` counts, for messages: 'line 3', or 'row 3' of a JSON array; default 'line'. */
  readonly counted?: 'line' | 'row'
}

export interface SourceRow {
  /** Where the row begins in the file, from 1 (the header of a CSV is line 1); in a JSON array its position, from 1. */
  readonly line: number
  /** CSV: strings. JSON: values; undefined where the row has no such member. */
  readonly cells: readonly unknown[]
  /** Why the row can't be scored although the file can be read on. */
  readonly fault?: string
}

/** How a CSV is written, the one that comes and the one that answers it. */
export interface CsvDialect {
  readonly delimiter: string
  /** Default '.'. */
  readonly decimal?: string
  /** What may stand between groups of three digits that come; never written. ' ' is any blank that does not break. Default: nothing. */
  readonly thousands?: string | undefined
  /** Around cells that hold the delimiter or a line end; '': cells are never quoted. Default '"'. */
  readonly quote?: string
  /** Texts that mean missing in a numeric column, besides nothing and SAS's own. */
  readonly missing?: readonly string[]
  /** Default UTF-8. */
  readonly encoding?: Encoding
}

/** How messages call a row. */
export function placeOf ({ counted = 'line' }: Pick<Table, 'counted'>, { line }: Pick<SourceRow, 'line'>): string {
  return `${counted} ${line}`
}

/**
 * Where a column is: the one of exactly this name, else without regard to case.
 * @throws DomainError `request-invalid`, naming `option` and the columns
 */
export function columnIndex (columns: readonly string[], name: string, option: string, remedy: string): number {
  const exact = columns.indexOf(name)
  const index = exact >= 0 ? exact : columns.findIndex(column => column.toLowerCase() === name.toLowerCase())
  if (index < 0) {
    throw new DomainError('request-invalid', `${option}: the data has no column "${name}"; it has ${columns.join(', ')}`, { remedy })
  }
  return index
}
