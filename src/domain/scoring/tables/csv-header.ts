import { DomainError } from '../../errors.js'
import { checkColumns, shortName } from './columns.js'
import type { SourceRow } from './table.js'

export interface Header {
  readonly columns: readonly string[]
  /** How many cells a row has: more than `columns` if columns at the right have no name. */
  readonly width: number
}

/**
 * @throws DomainError `csv-invalid` naming the line: no names, a repeated name, too many names
 */
export function headerOf ({ line, cells }: SourceRow): Header {
  const names = (cells as readonly string[]).map(name => name.trim())
  const columns = names.slice(0, names.findLastIndex(name => name !== '') + 1)
  if (columns.length === 0) {
    throw new DomainError('csv-invalid', `line ${line}: the header has no column name`, {
      remedy: 'send a CSV whose first line has the column names'
    })
  }
  checkColumns(columns, `line ${line}`, 'csv-invalid')
  const seen = new Set<string>()
  const twice = columns.find(name => seen.size === seen.add(name).size)
  if (twice === '' || columns.indexOf('', 1) >= 0) {
    throw new DomainError(
      'csv-invalid',
      `line ${line}: column ${columns.indexOf('', 1) + 1} has no name`,
      {
        remedy: 'give each column a name; only the first may lack one, as in files of pandas and R'
      }
    )
  }
  if (twice !== undefined) {
    throw new DomainError(
      'csv-invalid',
      `line ${line}: the column "${shortName(twice)}" is there twice`,
      { remedy: 'give each column a name of its own' }
    )
  }
  return { columns, width: names.length }
}

/**
 * Checks that rows have the header's width. Leaves out blank lines, and empty cells of columns that
 * have no name.
 * @throws DomainError `csv-invalid` for a row of another width, or content under no name
 */
export function wholeRows (rows: SourceRow[], { columns, width }: Header): SourceRow[] {
  const isBlank = ({ cells }: SourceRow) => cells.length === 1 && cells[0] === ''
  const odd = rows.some(row => row.cells.length !== width)
  const kept = odd ? rows.filter(row => row.cells.length === width || !isBlank(row)) : rows
  for (const { line, cells } of odd ? kept : []) {
    if (cells.length !== width) throw raggedFault(line, cells.length, width)
  }
  return columns.length === width ? kept : kept.map(row => dropUnnamed(row, columns.length))
}

function dropUnnamed ({ line, cells }: SourceRow, length: number): SourceRow {
  const at = cells.findIndex((cell, index) => index >= length && (cell as string).trim() !== '')
  if (at < 0) return { line, cells: cells.slice(0, length) }
  throw new DomainError(
    'csv-invalid',
    `line ${line}: the cell in column ${at + 1} has no column name in the header`,
    { remedy: 'give the column a name in the header, or empty its cells' }
  )
}

function raggedFault (line: number, found: number, width: number): DomainError {
  return new DomainError(
    'csv-invalid',
    `line ${line} has ${found} ${found === 1 ? 'cell' : 'cells'}, the header has ${width}`,
    {
      remedy:
        'correct the line; a cell that holds the delimiter or a line end must be quoted; delimiter= names another delimiter'
    }
  )
}
