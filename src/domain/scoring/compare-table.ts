import { DomainError } from '../errors.js'
import { inputsReader } from './inputs.js'
import { orderedMap } from './ordered-map.js'
import type { Route, Routing } from './routing.js'
import { rowCalls, type ScoreLimits } from './row-calls.js'
import { rowsFault, rowWindow, type ScoredRow } from './score-table.js'
import type { Inputs, Outputs, Scorer } from './scorer.js'
import type { Signature, Variable } from './signature.js'
import type { SourceRow, Table } from './table.js'

export interface Sides<T> { readonly champion: T, readonly challenger: T }

export type SideResult = { readonly outputs: Outputs } | { readonly error: DomainError }

/** One row on two revisions, which got the same inputs. */
export interface ComparedRow extends SourceRow {
  /** undefined: the row's values do not fit, so that neither revision was asked; both have the reason. */
  readonly inputs?: Inputs
  readonly sides: Sides<SideResult>
}

/**
 * Scores each row of a table on both of two revisions, in the rows' order. A fault of a row is its result on that side; whatever else
 * fails, after retries, ends the iteration, and so does a revision that disappears: no other can stand in for it.
 * @throws DomainError as `scoreTable`
 */
export async function * compareTable (
  table: Table, routing: Routing, { champion, challenger }: Sides<Route>,
  scorer: Scorer, step: string | undefined, limits: ScoreLimits, signal: AbortSignal
): AsyncGenerator<readonly ComparedRow[], void, undefined> {
  const inputsOf = inputsReader(table, routing.signature)
  const calls = rowCalls(routing, scorer, step, limits)
  const work = async (row: SourceRow, signal: AbortSignal): Promise<ComparedRow> => {
    let inputs: Inputs
    try {
      inputs = inputsOf(row)
    } catch (error) {
      const unsent = { error: rowsFault(error, table, row) }
      return { ...row, sides: { champion: unsent, challenger: unsent } }
    }
    const on = async (route: Route): Promise<SideResult> => {
      try {
        return { outputs: await calls.score(inputs, () => route, signal) }
      } catch (error) {
        return { error: rowsFault(error, table, row) }
      }
    }
    const [first, second] = await Promise.all([on(champion), on(challenger)])
    return { ...row, inputs, sides: { champion: first, challenger: second } }
  }
  yield * orderedMap(table.rows, rowWindow(calls), work, signal)
}

/** The outputs of both revisions under names of their own: NAME_champion, NAME_challenger. */
export function joinedSignature (both: Signature, { champion, challenger }: Sides<Signature>): Signature {
  const has = ({ outputs }: Signature, { name }: Variable) => outputs.some(output => output.name === name)
  const outputs = both.outputs.flatMap(output => [
    ...(has(champion, output) ? [{ ...output, name: championName(output.name) }] : []),
    ...(has(challenger, output) ? [{ ...output, name: challengerName(output.name) }] : [])
  ])
  return { ...both, outputs }
}

/** A compared row as one with the outputs of `joinedSignature`. Where one revision refused the row, the other's outputs stay. */
export function joinedRow ({ sides: { champion, challenger }, inputs: _, ...row }: ComparedRow): ScoredRow {
  const outputs = joinedOutputs('outputs' in champion ? champion.outputs : {}, 'outputs' in challenger ? challenger.outputs : {})
  const faults = [
    ...('error' in champion ? [{ side: 'champion', error: champion.error }] : []),
    ...('error' in challenger ? [{ side: 'challenger', error: challenger.error }] : [])
  ]
  const [first, second] = faults
  if (first === undefined) return { ...row, outputs }
  if (first.error === second?.error) return { ...row, error: first.error }
  return { ...row, outputs, error: new DomainError(first.error.fault, faults.map(({ side, error }) => `${side}: ${error.message}`).join('; ')) }
}

function joinedOutputs (champion: Outputs, challenger: Outputs): Outputs {
  const joined: Record<string, unknown> = {}
  for (const name of new Set([...Object.keys(champion), ...Object.keys(challenger)])) {
    if (Object.hasOwn(champion, name)) joined[championName(name)] = champion[name]
    if (Object.hasOwn(challenger, name)) joined[challengerName(name)] = challenger[name]
  }
  return joined
}

const championName = (output: string): string => `${output}_champion`
const challengerName = (output: string): string => `${output}_challenger`
