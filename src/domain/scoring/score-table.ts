import { DomainError, isFault } from '../errors.js'
import { inputsReader, RowFault } from './inputs.js'
import { orderedMap, type Window } from './ordered-map.js'
import { routeChooser, type Route, type Routing } from './routing.js'
import { rowCalls, type RowCalls, type ScoreLimits } from './row-calls.js'
import type { Outputs, Scorer } from './scorer.js'
import { sameSignature } from './signature.js'
import { placeOf, type SourceRow, type Table } from './table.js'

/** `revision`: the one that was asked, where it is known. */
export type ScoredRow = SourceRow & { readonly revision?: string | undefined } & (
  | { readonly outputs: Outputs }
  // what there is in spite of it
  | { readonly error: DomainError, readonly outputs?: Outputs }
)

/**
 * Scores the rows of a table in their order. A fault of a row (its values, or the model refusing it) is that row's result;
 * whatever else fails, after retries, ends the iteration.
 * @throws DomainError `columns-missing` and `request-invalid` (no such sticky column) before anything is sent, those of the table's rows,
 * those of Scorer except `row-refused`
 */
export async function * scoreTable (
  table: Table, routing: Routing, scorer: Scorer, step: string | undefined, limits: ScoreLimits, signal: AbortSignal
): AsyncGenerator<readonly ScoredRow[], void, undefined> {
  const inputsOf = inputsReader(table, routing.signature)
  const routeOf = routeChooser(routing, table)
  const calls = rowCalls(routing, scorer, step, limits)
  const work = async (row: SourceRow, signal: AbortSignal): Promise<ScoredRow> => {
    let route = routeOf(row)
    try {
      const inputs = inputsOf(row)
      const outputs = await calls.score(inputs, failure => {
        if (isFault(failure, 'revision-not-found')) route = equalTo(route, routing)
        return route
      }, signal)
      return { line: row.line, cells: row.cells, outputs, revision: route.target.revision }
    } catch (error) {
      return { ...row, error: rowsFault(error, table, row), revision: error instanceof RowFault ? undefined : route.target.revision }
    }
  }
  yield * orderedMap(table.rows, rowWindow(calls), work, signal)
}

/** Characters of rows that may be under way for one request. */
const WINDOW_CHARS = 8 * 1024 * 1024

/** How far the rows of a request may run ahead of its answer. */
export function rowWindow ({ window }: Pick<RowCalls, 'window'>): Window<SourceRow> {
  return { size: window, maxWeight: WINDOW_CHARS, weightOf: ({ cells }) => cells.reduce<number>((sum, cell) => sum + (typeof cell === 'string' ? cell.length : 8), 0) }
}

/** A failure as that of a row, in its place's name. @throws what is not the row's fault */
export function rowsFault (error: unknown, table: Table, row: SourceRow): DomainError {
  if (error instanceof RowFault) return new DomainError('row-invalid', error.message)
  if (isFault(error, 'row-refused')) return new DomainError('row-refused', `${placeOf(table, row)}: ${error.message}`)
  throw error
}

/** Another revision of the snapshot that takes and gives the same, for rows whose revision has disappeared. */
function equalTo (gone: Route, { routes }: Routing): Route {
  return routes.find(route => route !== gone && sameSignature(route.signature, gone.signature)) ?? gone
}

/** Scores one row of a JSON body. @throws DomainError also `row-invalid` and `row-refused`: a single row that fails is a failure */
export async function scoreRow (
  table: Table, routing: Routing, scorer: Scorer, step: string | undefined, limits: ScoreLimits, signal: AbortSignal
): Promise<{ readonly outputs: Outputs, readonly revision?: string | undefined }> {
  const { value: [row] = [] } = await scoreTable(table, routing, scorer, step, limits, signal).next()
  if (row === undefined) throw new DomainError('request-unreadable', 'the body has no row')
  if ('error' in row) throw row.error
  return row
}
