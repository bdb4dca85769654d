import { DomainError } from '../../errors.js'
import type { Json } from '../../json/json.js'
import { inputsReader } from '../values/inputs.js'
import { orderedMap } from '../../../async/ordered-map.js'
import type { Route, Routing } from '../routing/routing.js'
import { rowCalls, type RowAccess } from '../score/row-calls.js'
import { faultOfRow, rowWindow, type ScoredRow } from '../score/score-table.js'
import type { Inputs, Outputs } from '../scorer/scorer.js'
import type { Signature, Variable } from '../scorer/signature.js'
import type { SourceRow, Table } from '../tables/table.js'

export interface Sides<T> {
  readonly champion: T
  readonly challenger: T
}

export type SideResult = { readonly outputs: Outputs } | { readonly error: DomainError }

/** One row on two revisions, which got the same inputs. */
export interface ComparedRow extends SourceRow {
  /**
   * undefined if the row's values do not fit. Then neither revision was asked, and both sides have
   * the same error.
   */
  readonly inputs?: Inputs
  readonly sides: Sides<SideResult>
}

/**
 * Scores each row of a table on both routes of a pair and yields the results in the rows' order.
 * `routing.routes` has the champion first. A fault of a row is its result on that side. Any other
 * failure that remains after retries ends the iteration. So does a revision that disappears, since
 * no other can replace it.
 * @throws DomainError the faults of `scoreTable`
 */
export async function * compareTable (
  table: Table,
  routing: Routing,
  access: RowAccess,
  signal: AbortSignal
): AsyncGenerator<readonly ComparedRow[], void, undefined> {
  const inputsOf = inputsReader(table, routing.signature)
  const calls = rowCalls(routing, access)
  const [champion, challenger] = routing.routes as readonly [Route, Route]
  const compareRow = async (row: SourceRow, signal: AbortSignal): Promise<ComparedRow> => {
    let inputs: Inputs
    try {
      inputs = inputsOf(row)
    } catch (error) {
      const unsent = { error: faultOfRow(error, table, row) }
      return { ...row, sides: { champion: unsent, challenger: unsent } }
    }
    const scoreOn = async (route: Route): Promise<SideResult> => {
      try {
        return { outputs: await calls.score(inputs, () => route, signal) }
      } catch (error) {
        return { error: faultOfRow(error, table, row) }
      }
    }
    const [first, second] = await Promise.all([scoreOn(champion), scoreOn(challenger)])
    return { ...row, inputs, sides: { champion: first, challenger: second } }
  }
  yield * orderedMap(table.rows, rowWindow(calls), compareRow, signal)
  calls.checkAnswers()
}

/** The signature with the outputs of both revisions, as NAME_champion and NAME_challenger. */
export function joinedSignature (
  both: Signature,
  { champion, challenger }: Sides<Signature>
): Signature {
  const hasOutput = ({ outputs }: Signature, { name }: Variable) =>
    outputs.some(output => output.name === name)
  const outputs = both.outputs.flatMap(output => [
    ...(hasOutput(champion, output) ? [{ ...output, name: championName(output.name) }] : []),
    ...(hasOutput(challenger, output) ? [{ ...output, name: challengerName(output.name) }] : [])
  ])
  return { ...both, outputs }
}

/**
 * Turns a compared row into one with the outputs of `joinedSignature`. If only one revision failed,
 * the other's outputs stay.
 */
export function joinedRow ({
  sides: { champion, challenger },
  inputs: _,
  ...row
}: ComparedRow): ScoredRow {
  const outputs = joinedOutputs(
    'outputs' in champion ? champion.outputs : NONE,
    'outputs' in challenger ? challenger.outputs : NONE
  )
  const faults = [
    ...('error' in champion ? [{ side: 'champion', error: champion.error }] : []),
    ...('error' in challenger ? [{ side: 'challenger', error: challenger.error }] : [])
  ]
  const [first, second] = faults
  if (first === undefined) return { ...row, outputs }
  if (first.error === second?.error) return { ...row, error: first.error }
  return {
    ...row,
    outputs,
    error: new DomainError(
      first.error.fault,
      faults.map(({ side, error }) => `${side}: ${error.message}`).join('; ')
    )
  }
}

function joinedOutputs (champion: Outputs, challenger: Outputs): Outputs {
  const joined = new Map<string, Json>()
  for (const name of new Set([...champion.keys(), ...challenger.keys()])) {
    if (champion.has(name)) joined.set(championName(name), champion.get(name)!)
    if (challenger.has(name)) joined.set(challengerName(name), challenger.get(name)!)
  }
  return joined
}

const NONE: Outputs = new Map()

const championName = (output: string): string => `${output}_champion`
const challengerName = (output: string): string => `${output}_challenger`
