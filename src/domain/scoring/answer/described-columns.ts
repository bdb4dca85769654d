import { DomainError } from '../../errors.js'
import type { Signature, Variable } from '../scorer/signature.js'
import { columnFinder } from '../tables/columns.js'
import { answerColumns, ERROR, REVISION } from './answer-columns.js'
import type { AnswerOptions } from './answer-options.js'

/** The options of a score call about the columns of its answer. */
export type ColumnOptions = Pick<AnswerOptions, 'columns' | 'onError' | 'revisionColumn'>

/** A column of an answer, as the model's description has it. */
export interface DescribedColumn {
  /** The name in the answer's header. */
  readonly name: string
  /** `own` for a text column of the service; undefined for a column unknown to the model. */
  readonly of: Variable | 'own' | undefined
}

/**
 * Returns the columns of a scored file in their order. The columns before the outputs are those of
 * the option `columns`, or the model's inputs for `all`.
 * @throws DomainError `signature-unknown` when the model describes nothing, `request-invalid` when
 *   a column is named twice
 */
export function describedColumns (
  model: string,
  signature: Signature,
  { columns: chosen, onError, revisionColumn = false }: ColumnOptions
): DescribedColumn[] {
  if (signature.inferred) {
    throw new DomainError(
      'signature-unknown',
      `${model} describes nothing of itself: types and lengths of its columns are not known`,
      { remedy: 'write the types by hand, after the header line of a scored file' }
    )
  }
  const given =
    chosen === 'all' ? signature.inputs.map(({ name }) => name) : chosen === 'outputs' ? [] : chosen
  const { carried, outputs } = answerColumns(
    { columns: given },
    signature.outputs.map(({ name }) => name),
    { columns: given, revisionColumn }
  )
  const inputOf = inputFinder(signature)
  return [
    ...carried.map(({ index, name }) => ({ name, of: inputOf(given[index]!) })),
    ...outputs.map(({ name }, index) => ({ name, of: signature.outputs[index] })),
    ...(revisionColumn ? [{ name: REVISION, of: 'own' as const }] : []),
    ...(onError === 'report' ? [{ name: ERROR, of: 'own' as const }] : [])
  ]
}

/** Returns a function that finds the input of a column, as scoring does. */
function inputFinder ({ inputs }: Signature): (column: string) => Variable | undefined {
  const finder = columnFinder(inputs.map(({ name }) => name))
  return column => inputs[finder.exact(column) ?? finder.alike(column)[0] ?? -1]
}
