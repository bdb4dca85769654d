import { DomainError } from '../errors.js'
import { CellFault, cellReader, checkedValue, finite, inferredReader } from './cell.js'
import type { Inputs } from './scorer.js'
import type { InputVariable, Signature } from './signature.js'
import { placeOf, type CsvDialect, type SourceRow, type Table } from './table.js'

/** A row's values do not fit the model's inputs. */
export class RowFault extends Error {}

interface Binding { readonly index: number, readonly column: string, readonly name: string, readonly read: (cell: unknown) => unknown }

/**
 * Prepares the way from a row of this table to the model's inputs. Names match exactly, else without regard to case as in SAS;
 * columns that no input has are not sent. The function made throws RowFault naming line, column and value.
 * @throws DomainError `columns-missing`, `csv-invalid` when two columns could be the same input
 */
export function inputsReader (table: Omit<Table, 'rows'>, { inputs, inferred }: Signature): (row: SourceRow) => Inputs {
  const { columns, cellsAre, dialect } = table
  const readInferred = (cellsAre === 'text' ? inferredReader(dialect) : finite) as Binding['read']
  const bindings = inferred
    ? columns.map((column, index) => ({ index, column, name: column, read: readInferred }))
    : boundTo(inputs, columns, cellsAre, dialect)
  // A name like others; only here, since objects without a prototype are slower.
  const hasProto = bindings.some(({ name }) => name === '__proto__')
  const blank = (): Record<string, unknown> => hasProto ? Object.create(null) as Record<string, unknown> : {}
  return row => {
    const { cells, fault } = row
    if (fault !== undefined) throw new RowFault(fault)
    const values = blank()
    for (const { index, column, name, read } of bindings) {
      try {
        values[name] = read(cells[index])
      } catch (error) {
        if (!(error instanceof CellFault)) throw error
        throw new RowFault(`${placeOf(table, row)}, column ${column}: ${shown(cells[index])} ${error.message}`)
      }
    }
    return values
  }
}

function boundTo (inputs: readonly InputVariable[], columns: readonly string[], cellsAre: Table['cellsAre'], dialect?: CsvDialect): Binding[] {
  const byName = new Map(columns.map((column, index) => [column, index]))
  const folded = columns.map(column => column.toLowerCase())
  const missing: string[] = []
  const bindings: Binding[] = []
  for (const { name, type, required } of inputs) {
    const index = byName.get(name) ?? folded.indexOf(name.toLowerCase())
    if (index < 0) {
      if (required) missing.push(name)
      continue
    }
    const rival = folded.indexOf(name.toLowerCase(), index + 1)
    if (!byName.has(name) && rival >= 0) {
      throw new DomainError('csv-invalid', `the columns "${columns[index]}" and "${columns[rival]}" could both be the input ${name}`, {
        remedy: `name the right one ${name}`
      })
    }
    const read = cellsAre === 'text' ? cellReader(type, dialect) as Binding['read'] : (cell: unknown) => checkedValue(cell, type)
    bindings.push({ index, column: columns[index]!, name, read })
  }
  if (missing.length > 0) {
    throw new DomainError('columns-missing', `the model needs ${missing.length === 1 ? 'the column' : 'the columns'} ${missing.join(', ')}; the data has ${columns.join(', ')}`)
  }
  return bindings
}

/** A value in a message: short, on one line. */
function shown (cell: unknown): string {
  const text = typeof cell === 'string' ? `"${cell}"` : JSON.stringify(cell) ?? 'nothing'
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 57)}…"` : line
}
