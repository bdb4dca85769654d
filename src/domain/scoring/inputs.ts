import { DomainError } from '../errors.js'
import { CellFault, checkedValue, finite, inferredValueOf, valueOf } from './cell.js'
import type { Inputs } from './scorer.js'
import type { InputVariable, Signature } from './signature.js'
import type { SourceRow, Table } from './table.js'

/** A row's values do not fit the model's inputs. */
export class RowFault extends Error {}

interface Binding { readonly index: number, readonly column: string, readonly name: string, readonly read: (cell: unknown) => unknown }

/**
 * Prepares the way from a row of this table to the model's inputs. Names match exactly, else without regard to case as in SAS;
 * columns that no input has are not sent. The function made throws RowFault naming line, column and value.
 * @throws DomainError `columns-missing`, `csv-invalid` when two columns could be the same input
 */
export function inputsReader ({ columns, cellsAre }: Pick<Table, 'columns' | 'cellsAre'>, { inputs, inferred }: Signature): (row: SourceRow) => Inputs {
  const bindings = inferred
    ? columns.map((column, index) => ({ index, column, name: column, read: inferredReader(cellsAre) }))
    : boundTo(inputs, columns, cellsAre)
  return ({ cells, line, fault }) => {
    if (fault !== undefined) throw new RowFault(fault)
    const values: Record<string, unknown> = {}
    for (const { index, column, name, read } of bindings) {
      try {
        values[name] = read(cells[index])
      } catch (error) {
        if (!(error instanceof CellFault)) throw error
        throw new RowFault(`line ${line}, column ${column}: ${shown(cells[index])} ${error.message}`)
      }
    }
    return values
  }
}

function inferredReader (cellsAre: Table['cellsAre']): Binding['read'] {
  return cellsAre === 'text' ? cell => inferredValueOf(cell as string) : finite
}

function boundTo (inputs: readonly InputVariable[], columns: readonly string[], cellsAre: Table['cellsAre']): Binding[] {
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
    const read = cellsAre === 'text' ? (cell: unknown) => valueOf(cell as string, type) : (cell: unknown) => checkedValue(cell, type)
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
