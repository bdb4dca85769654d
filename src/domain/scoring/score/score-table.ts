import { DomainError, isFault } from '../../errors.js'
import { inputsReader, RowFault } from '../values/inputs.js'
import { orderedMap, type Window } from '../../../async/ordered-map.js'
import { routeChooser, type Route, type Routing } from '../routing/routing.js'
import { rowCalls, type RowAccess, type RowCalls } from './row-calls.js'
import type { Outputs } from '../scorer/scorer.js'
import { sameSignature } from '../scorer/signature.js'
import { placeOf, type SourceRow, type Table } from '../tables/table.js'

/** `revision`: the revision that the row was sent to, where it is known. */
export type ScoredRow = SourceRow & { readonly revision?: string | undefined } & (
    | { readonly outputs: Outputs }
    // a comparison keeps the outputs of one revision although the other failed
    | { readonly error: DomainError; readonly outputs?: Outputs }
  )

/**
 * Scores the rows of a table and yields the results in the rows' order. A fault of a row becomes
 * that row's result: wrong values, a refusal by the model, or an unusable answer. Any other failure
 * that remains after retries ends the iteration.
 * @throws DomainError `columns-missing` and `request-invalid` (no such sticky column) before
 *   anything is sent, the faults of the table's rows, the faults of Scorer except those of a row
 */
export async function * scoreTable (
  table: Table,
  routing: Routing,
  access: RowAccess,
  signal: AbortSignal
): AsyncGenerator<readonly ScoredRow[], void, undefined> {
  const inputsOf = inputsReader(table, routing.signature)
  const routeOf = routeChooser(routing, table)
  const calls = rowCalls(routing, access)
  const scoreRow = async (row: SourceRow, signal: AbortSignal): Promise<ScoredRow> => {
    let route = routeOf(row)
    try {
      const inputs = inputsOf(row)
      const outputs = await calls.score(
        inputs,
        failure => {
          if (isFault(failure, 'revision-not-found')) route = equalRoute(route, routing)
          return route
        },
        signal
      )
      return { line: row.line, cells: row.cells, outputs, revision: route.target.revision }
    } catch (error) {
      return {
        ...row,
        error: faultOfRow(error, table, row),
        revision: error instanceof RowFault ? undefined : route.target.revision
      }
    }
  }
  yield * orderedMap(table.rows, rowWindow(calls), scoreRow, signal)
  calls.checkAnswers()
}

/** The rows under way for one request may have so many characters together. */
const WINDOW_CHARS = 8 * 1024 * 1024

/** Limits how far the rows of a request may run ahead of its answer. */
export function rowWindow ({ window }: Pick<RowCalls, 'window'>): Window<SourceRow> {
  return {
    size: window,
    maxWeight: WINDOW_CHARS,
    weightOf: ({ cells }) =>
      cells.reduce<number>((sum, cell) => sum + (typeof cell === 'string' ? cell.length : 8), 0)
  }
}

/** Returns a row's fault with the row's place in its message. @throws any other error */
export function faultOfRow (error: unknown, table: Table, row: SourceRow): DomainError {
  if (error instanceof RowFault) return new DomainError('row-invalid', error.message)
  if (isFault(error, 'row-refused', 'row-answer-invalid', 'row-answer-unreadable')) {
    return new DomainError(error.fault, `${placeOf(table, row)}: ${error.message}`, error.details)
  }
  throw error
}

/**
 * Finds a route for rows whose revision has disappeared: another revision of the snapshot with the
 * same signature. Without one the route stays.
 */
function equalRoute (gone: Route, { routes }: Routing): Route {
  return (
    routes.find(route => route !== gone && sameSignature(route.signature, gone.signature)) ?? gone
  )
}

/**
 * Returns the row of a table that has only one.
 * @throws DomainError the faults of `scoreTable`, and the row's own fault, since a single row that
 *   fails is the failure of its request
 */
export async function onlyRow (
  rows: AsyncGenerator<readonly ScoredRow[], void>
): Promise<ScoredRow & { readonly outputs: Outputs }> {
  const { value } = await rows.next()
  await rows.return() // otherwise the generator would wait for its next call and keep its signals
  const [row] = value ?? []
  if (row === undefined) throw new DomainError('request-unreadable', 'the body has no row')
  if ('error' in row) throw row.error
  return row
}
