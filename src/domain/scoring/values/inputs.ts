import { DomainError } from '../../errors.js'
import type { Json } from '../../json/json.js'
import { CellFault, cellReader, checkValue, inferredReader, missingHint } from './cell.js'
import { columnFinder, foldName, listNames, shortName, type ColumnFinder } from '../tables/columns.js'
import { nearNames } from './near-names.js'
import type { Inputs } from '../scorer/scorer.js'
import { showValue } from './shown.js'
import type { InputVariable, Signature } from '../scorer/signature.js'
import { placeOf, type SourceRow, type Table } from '../tables/table.js'

/** Says that a row's values do not fit the model's inputs. */
export class RowFault extends Error {}

interface Binding {
  readonly index: number
  readonly column: string
  readonly name: string
  readonly read: (cell: unknown) => unknown
}
type Columns = Omit<Table, 'rows'>

/**
 * Makes a function that turns a row of this table into the model's inputs. Names match exactly,
 * else without regard to case as in SAS. Columns that match no input are not sent. The returned
 * function throws RowFault naming line, column and value.
 * @throws DomainError `columns-missing`, `csv-invalid` when two columns could be the same input
 */
export function inputsReader (table: Columns, signature: Signature): (row: SourceRow) => Inputs {
  const { columns, cellsAre, dialect } = table
  const readInferred = (
    cellsAre === 'text' ? inferredReader(dialect) : (value: unknown) => value
  ) as Binding['read']
  const bindings = signature.inferred
    ? columns.map((column, index) => ({ index, column, name: column, read: readInferred }))
    : bindingsOf(signature, table)
  // Assigning `__proto__` works only on an object without a prototype. Such objects are slower, so
  // they are made only for this name.
  const hasProto = bindings.some(({ name }) => name === '__proto__')
  const emptyInputs = (): Record<string, unknown> =>
    hasProto ? (Object.create(null) as Record<string, unknown>) : {}
  return row => {
    const { cells, fault } = row
    if (fault !== undefined) throw new RowFault(fault)
    const values = emptyInputs()
    for (const { index, column, name, read } of bindings) {
      try {
        const value = read(cells[index])
        if (value !== undefined) values[name] = value
      } catch (error) {
        if (!(error instanceof CellFault)) throw error
        throw new RowFault(
          `${placeOf(table, row)}, column ${shortName(column)}: ${showValue(cells[index])} ${error.message}${hintFor(cells[index], table)}`
        )
      }
    }
    return values
  }
}

function bindingsOf (signature: Signature, table: Columns): Binding[] {
  const { columns } = table
  const finder = columnFinder(columns)
  const twins = namesAlike(signature.inputs)
  const missing: string[] = []
  const bindings: Binding[] = []
  for (const input of signature.inputs) {
    const index = indexFor(input, finder, columns, twins)
    if (index !== undefined) {
      bindings.push({
        index,
        column: columns[index]!,
        name: input.name,
        read: readerFor(input, table)
      })
    } else if (input.required) missing.push(input.name)
  }
  if (missing.length > 0) throw columnsMissingFault(missing, signature, table)
  return bindings
}

/**
 * Finds the column of an input. Inputs that differ by case only match by their exact name alone, so
 * that they never share a column.
 */
function indexFor (
  { name }: InputVariable,
  finder: ColumnFinder,
  columns: readonly string[],
  twins: ReadonlySet<string>
): number | undefined {
  const exact = finder.exact(name)
  if (exact !== undefined || twins.has(foldName(name))) return exact
  const [index, rival] = finder.alike(name)
  if (index === undefined || rival === undefined) return index
  throw new DomainError(
    'csv-invalid',
    `the columns "${shortName(columns[index]!)}" and "${shortName(columns[rival]!)}" could both be the input ${name}`,
    { remedy: `name the right one ${name}` }
  )
}

/** Returns the folded names that more than one input has. */
function namesAlike (inputs: readonly InputVariable[]): Set<string> {
  const seen = new Set<string>()
  return new Set(
    inputs.map(({ name }) => foldName(name)).filter(name => seen.size === seen.add(name).size)
  )
}

function readerFor (
  { type, format }: InputVariable,
  { cellsAre, dialect }: Columns
): Binding['read'] {
  if (cellsAre === 'text') return cellReader(type, dialect, format) as Binding['read']
  return cell => checkValue(cell as Json | undefined, type, format)
}

const STRIPPED =
  'add the named columns; if the file has rows, send it with its line ends: curl --data-binary @FILE, since curl -d takes them away'

function columnsMissingFault (
  missing: readonly string[],
  signature: Signature,
  { columns, cellsAre, isOneLine = false }: Columns
): DomainError {
  const near = nearNames(columns, signature).filter(({ input }) => missing.includes(input))
  const meant = near.map(
    ({ column, input }) => `"${shortName(column)}" is nearly ${shortName(input)}`
  )
  const message = `the model needs the ${missing.length === 1 ? 'column' : 'columns'} ${listNames(missing)}; the data has ${listNames(columns)}`
  const remedy = isOneLine ? STRIPPED : cellsAre === 'text' ? delimiterRemedy(columns) : undefined
  return new DomainError(
    'columns-missing',
    [message, ...meant].join('; '),
    remedy === undefined ? {} : { remedy }
  )
}

/** Advises another delimiter if the only column has a common delimiter in its name. */
function delimiterRemedy ([only = '', ...others]: readonly string[]): string | undefined {
  const sign = others.length > 0 ? undefined : [';', '\t', '|', ','].find(one => only.includes(one))
  return sign === undefined
    ? undefined
    : `if its cells are separated so, give delimiter=${encodeURIComponent(sign)}; otherwise add the named columns`
}

/** Returns advice for text in a numeric column, '' for other cells. */
function hintFor (cell: unknown, { cellsAre }: Columns): string {
  return cellsAre === 'text' && typeof cell === 'string' ? missingHint(cell) : ''
}
