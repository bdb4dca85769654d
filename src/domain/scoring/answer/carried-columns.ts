import { DomainError } from '../../errors.js'
import { columnFinder } from '../tables/columns.js'
import { indexIn, type Table } from '../tables/table.js'

/** Which input columns an answer has before the outputs: all, none (`outputs`), or those named. */
export type ColumnChoice = 'all' | 'outputs' | readonly string[]

/** The input columns that an answer carries, with their names in the answer. */
export interface Carried {
  readonly columns: ReadonlyArray<{ readonly index: number; readonly name: string }>
  readonly renamed: ReadonlyArray<readonly [from: string, to: string]>
}

/**
 * Chooses the input columns that the answer carries. A column is renamed to `in_NAME` if its name
 * is also in `own`, the answer's other columns, without regard to case.
 * @throws DomainError `request-invalid` when `chosen` names an unknown column, or one twice
 */
export function carriedColumns (
  table: Pick<Table, 'columns'>,
  own: readonly string[],
  chosen: ColumnChoice
): Carried {
  const remedy = 'name columns of the data, or use columns=all or columns=outputs'
  const finder = columnFinder(table.columns)
  const indexes =
    chosen === 'all'
      ? [...table.columns.keys()]
      : chosen === 'outputs'
        ? []
        : chosen.map(name => indexIn(finder, table.columns, name, 'columns', remedy))
  const seen = new Set<number>()
  const twice = indexes.find(index => seen.size === seen.add(index).size)
  if (twice !== undefined) {
    throw new DomainError('request-invalid', `columns: "${table.columns[twice]}" is named twice`, {
      remedy: 'name each column once'
    })
  }
  const taken = new Set(own.map(name => name.toLowerCase()))
  const kept = new Set(indexes.map(index => table.columns[index]!.toLowerCase()))
  const renamed: Array<readonly [string, string]> = []
  const columns = indexes.map(index => {
    const given = table.columns[index]!
    if (!taken.has(given.toLowerCase())) return { index, name: given }
    let name = `in_${given}`
    while (taken.has(name.toLowerCase()) || kept.has(name.toLowerCase())) name = `in_${name}`
    taken.add(name.toLowerCase())
    renamed.push([given, name])
    return { index, name }
  })
  return { columns, renamed }
}
