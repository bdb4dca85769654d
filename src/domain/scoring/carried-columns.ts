import { DomainError } from '../errors.js'
import { columnIndex, type Table } from './table.js'

/** Input columns carried into an answer, before the outputs: all, none, or those named. */
export type ColumnChoice = 'all' | 'outputs' | readonly string[]

/** The input columns that are carried, under their names in the answer. */
export interface Carried {
  readonly columns: ReadonlyArray<{ readonly index: number, readonly name: string }>
  readonly renamed: ReadonlyArray<readonly [from: string, to: string]>
}

/**
 * Which input columns are carried. One that is also in `own`, the answer's own columns, without regard to case, is carried as `in_NAME`.
 * @throws DomainError `request-invalid` when `chosen` names one that is not there, or one twice
 */
export function carriedColumns (table: Pick<Table, 'columns'>, own: readonly string[], chosen: ColumnChoice): Carried {
  const remedy = 'name columns of the data, or use columns=all or columns=outputs'
  const indexes = chosen === 'all'
    ? [...table.columns.keys()]
    : chosen === 'outputs' ? [] : chosen.map(name => columnIndex(table.columns, name, 'columns', remedy))
  const twice = indexes.find((index, at) => indexes.indexOf(index) !== at)
  if (twice !== undefined) throw new DomainError('request-invalid', `columns: "${table.columns[twice]}" is named twice`, { remedy: 'name each column once' })
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
