import type { AnswerOptions } from './answer-options.js'
import { carriedColumns, type Carried } from './carried-columns.js'
import type { Table } from '../tables/table.js'

export const ERROR = '_error'
export const REVISION = '_revision'

/** An output and its name in the answer. */
export interface OutputColumn {
  readonly output: string
  readonly name: string
}

/** The columns of an answer: carried input columns, then outputs. The service's own come last. */
export interface AnswerColumns {
  readonly carried: Carried['columns']
  readonly outputs: readonly OutputColumn[]
  readonly renamed: ReadonlyArray<readonly [from: string, to: string]>
}

type Shape = Pick<AnswerOptions, 'columns' | 'revisionColumn'>

/**
 * Names an answer's columns so that all names differ, also without regard to case. An output is
 * renamed to `out_NAME` if the service has a column of that name. An input column is renamed to
 * `in_NAME` if an output or one of the service's columns has its name.
 * @throws DomainError `request-invalid` when `columns` names an unknown column, or one twice
 */
export function answerColumns (
  table: Pick<Table, 'columns'>,
  outputs: readonly string[],
  { columns, revisionColumn = false }: Shape
): AnswerColumns {
  const own = [...(revisionColumn ? [REVISION] : []), ERROR]
  const named = outputColumns(outputs, own)
  const carried = carriedColumns(table, [...named.map(({ name }) => name), ...own], columns)
  const renamed = named.flatMap(({ output, name }) =>
    output === name ? [] : [[output, name] as const]
  )
  return { carried: carried.columns, outputs: named, renamed: [...renamed, ...carried.renamed] }
}

function outputColumns (outputs: readonly string[], own: readonly string[]): OutputColumn[] {
  const reserved = new Set(own)
  const taken = new Set([...own, ...outputs.map(name => name.toLowerCase())])
  return outputs.map(output => {
    if (!reserved.has(output.toLowerCase())) return { output, name: output }
    let name = `out_${output}`
    while (taken.has(name.toLowerCase())) name = `out_${name}`
    taken.add(name.toLowerCase())
    return { output, name }
  })
}
