import {
  describedColumns,
  type ColumnOptions,
  type DescribedColumn
} from '../answer/described-columns.js'
import type { Signature } from '../scorer/signature.js'

export type Dtype = 'Float64' | 'Int64' | 'string'

/**
 * For `pandas.read_csv(…, dtype=…)` of a scored file, and of the file that is scored: each column's
 * type, of those that have missing values.
 * @throws DomainError those of `describedColumns`
 */
export function dtypesOf (
  model: string,
  signature: Signature,
  options: ColumnOptions
): Record<string, Dtype> {
  return Object.fromEntries(
    describedColumns(model, signature, options).map(({ name, of }) => [name, dtypeOf(of)])
  )
}

function dtypeOf (of: DescribedColumn['of']): Dtype {
  if (of === 'own' || of?.type !== 'number') return 'string'
  return of.format === 'int64' ? 'Int64' : 'Float64'
}
