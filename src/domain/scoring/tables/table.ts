import { DomainError } from '../../errors.js'
import { columnFinder, listNames, shortName, type ColumnFinder } from './columns.js'
import type { Encoding } from '../encodings/encoding.js'

/** A file of rows in any format. The cells of a row are aligned with `columns`. */
export interface Table {
  readonly columns: readonly string[]
  /**
   * The rows in the file's order, in batches as they are read. The iteration throws DomainError
   * `csv-invalid`, `request-unreadable` or `request-invalid` where the rest can't be read.
   */
  readonly rows: AsyncIterable<readonly SourceRow[]>
  /**
   * text: the signature gives cells their types (CSV). values: cells have types already (JSON).
   */
  readonly cellsAre: 'text' | 'values'
  /** For a CSV: how its cells write numbers and missing values. */
  readonly dialect?: CsvDialect
  /**
   * What `SourceRow.line` counts, for messages: 'line 3', or 'row 3' in a JSON array. Default
   * 'line'.
   */
  readonly counted?: 'line' | 'row'
  /**
   * How many columns at the right of a CSV are left out because they have neither name nor content.
   * Spreadsheets write such columns.
   */
  readonly unnamed?: number
  /** How many rows there are, where it is known before they are read. */
  readonly size?: number
  /** The CSV has no line end: it is a header only, or a file whose line ends were removed. */
  readonly isOneLine?: boolean
}

export interface SourceRow {
  /**
   * The line on which the row begins, counted from 1 (a CSV's header is line 1). In a JSON array it
   * is the row's position, counted from 1.
   */
  readonly line: number
  /** CSV: strings. JSON: values; undefined where the row has no such member. */
  readonly cells: readonly unknown[]
  /** Why the row can't be scored. Later rows can still be read. */
  readonly fault?: string
}

/** How a CSV is written: the file that comes, and its answer. */
export interface CsvDialect {
  readonly delimiter: string
  /** The caller named the delimiter, so a file that names another is refused. */
  readonly delimiterGiven?: boolean
  /** The decimal sign. Default '.'. */
  readonly decimal?: string
  /**
   * What may separate groups of three digits in the file; it is never written. ' ' also stands for
   * a no-break space, wide or narrow. Default: nothing.
   */
  readonly thousands?: string | undefined
  /**
   * The quote around cells that hold the delimiter or a line end; '': cells are never quoted.
   * Default '"'.
   */
  readonly quote?: string
  /** Texts that mean missing in a numeric column, besides the empty cell and SAS's own. */
  readonly missing?: readonly string[]
  /** Default UTF-8. */
  readonly encoding?: Encoding
}

/** The name of a row in messages. */
export function placeOf (
  { counted = 'line' }: Pick<Table, 'counted'>,
  { line }: Pick<SourceRow, 'line'>
): string {
  return `${counted} ${line}`
}

/**
 * Finds a column by its exact name, else by its name without regard to case.
 * @throws DomainError `request-invalid`, naming `option` and the columns
 */
export function columnIndex (
  columns: readonly string[],
  name: string,
  option: string,
  remedy: string
): number {
  return indexIn(columnFinder(columns), columns, name, option, remedy)
}

/** Like `columnIndex`, with a finder that serves many names. */
export function indexIn (
  finder: ColumnFinder,
  columns: readonly string[],
  name: string,
  option: string,
  remedy: string
): number {
  const index = finder.exact(name) ?? finder.alike(name)[0]
  if (index !== undefined) return index
  throw new DomainError(
    'request-invalid',
    `${option}: the data has no column "${shortName(name)}"; it has ${listNames(columns)}`,
    { remedy }
  )
}
