import { setMaxListeners } from 'node:events'
import { DomainError, isFault } from '../errors.js'
import { inputsReader, RowFault } from './inputs.js'
import { orderedMap } from './ordered-map.js'
import { retrying } from './retry.js'
import { routeAt, type Route, type Routing } from './routing.js'
import type { Outputs, Scorer } from './scorer.js'
import { sameSignature } from './signature.js'
import { Slots } from './slots.js'
import type { SourceRow, Table } from './table.js'

/** Rows in flight for one request, unless it asks for another number. */
const CONCURRENCY = 32
/** Results that may wait for an earlier row, in multiples of the rows in flight. */
const WINDOW = 4
/** What queue-proxy lets wait for each place of a container; more would be refused. */
const QUEUE_DEPTH = 10

export type ScoredRow = SourceRow & (
  | { readonly outputs: Outputs, readonly revision: string | undefined }
  | { readonly error: DomainError }
)

export interface ScoreLimits {
  /** Rows in flight over all requests. */
  readonly slots: Slots
  /** For one row, its retries included. */
  readonly rowTimeoutMs: number
  /** Rows in flight for this request. */
  readonly concurrency?: number | undefined
}

/**
 * Scores the rows of a table in their order. A fault of a row (its values, or the model refusing it) is that row's result;
 * whatever else fails, after retries, ends the iteration.
 * @throws DomainError `columns-missing` before anything is sent, those of the table's rows, those of Scorer except `row-refused`
 */
export async function * scoreTable (
  table: Table, routing: Routing, scorer: Scorer, step: string | undefined, limits: ScoreLimits, signal: AbortSignal
): AsyncGenerator<ScoredRow, void, undefined> {
  const inputsOf = inputsReader(table, routing.signature)
  const accepted = routing.routes.map(({ target }) => rowsAccepted(target.containerConcurrency))
  const concurrency = Math.min(limits.concurrency ?? CONCURRENCY, limits.slots.size, ...accepted)
  const own = new Slots(concurrency)
  const work = async (row: SourceRow, signal: AbortSignal): Promise<ScoredRow> => {
    setMaxListeners(0, signal) // every row in flight listens
    try {
      const inputs = inputsOf(row)
      let route = routeAt(routing, Math.random())
      const outputs = await retrying(async failure => {
        if (isFault(failure, 'revision-not-found')) route = equalTo(route, routing)
        return await own.run(signal, async () => await limits.slots.run(signal, async () => await scorer.score(route.target, step, inputs, signal)))
      }, { retrySafe: routing.retrySafe, timeoutMs: limits.rowTimeoutMs }, signal)
      return { ...row, outputs, revision: route.target.revision }
    } catch (error) {
      if (error instanceof RowFault) return { ...row, error: new DomainError('row-invalid', error.message) }
      if (isFault(error, 'row-refused')) return { ...row, error: new DomainError('row-refused', `line ${row.line}: ${error.message}`) }
      throw error
    }
  }
  yield * orderedMap(table.rows, concurrency * WINDOW, work, signal)
}

function rowsAccepted (containerConcurrency: number): number {
  return containerConcurrency === 0 ? Infinity : containerConcurrency * QUEUE_DEPTH
}

/** Another revision of the snapshot that takes and gives the same, for rows whose revision has disappeared. */
function equalTo (gone: Route, { routes }: Routing): Route {
  return routes.find(route => route !== gone && sameSignature(route.signature, gone.signature)) ?? gone
}

/** Scores one row of a JSON body. @throws DomainError also `row-invalid` and `row-refused`: a single row that fails is a failure */
export async function scoreRow (
  table: Table, routing: Routing, scorer: Scorer, step: string | undefined, limits: ScoreLimits, signal: AbortSignal
): Promise<{ readonly outputs: Outputs, readonly revision: string | undefined }> {
  const { value: row } = await scoreTable(table, routing, scorer, step, limits, signal).next()
  if (row === undefined) throw new DomainError('request-unreadable', 'the body has no row')
  if ('error' in row) throw row.error
  return row
}
