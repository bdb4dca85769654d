import { textOf } from '../values/cell.js'
import type { JsonObject } from '../../json/json.js'
import { outputsReader } from '../values/outputs.js'
import { RetryBudget, withRetries, type CallTime } from '../calls/retry.js'
import { inRowTime } from '../calls/row-clock.js'
import type { Outputs, Scorer, ScoringTarget } from '../scorer/scorer.js'
import { unionOf, type Signature } from '../scorer/signature.js'
import { stickyRoute } from './sticky-route.js'
import { columnIndex, type SourceRow, type Table } from '../tables/table.js'
import type { Share } from './targets.js'

export interface Route {
  readonly target: ScoringTarget
  readonly percent: number
  readonly signature: Signature
  /** Reads an answer of this revision, see `outputsReader`. */
  readonly outputsOf: (answered: JsonObject) => Outputs
}

/** The routes of one request, taken once at its start. */
export interface Routing {
  readonly routes: readonly Route[]
  readonly signature: Signature
  readonly retrySafe: boolean
  /** The column whose cell decides a row's route; undefined: chance decides. */
  readonly stickyColumn?: string | undefined
}

/** The settings of a request that concern its routing. */
export interface RoutingSettings extends Pick<Routing, 'retrySafe' | 'stickyColumn'> {
  readonly step?: string | undefined
}

/** How the models are called, and how long one call may take with its retries. */
export interface ScorerAccess {
  readonly scorer: Scorer
  readonly rowTimeoutMs: number
}

/** Asks each target for the signature of the step, which wakes sleeping revisions. */
export async function routingFor (
  shares: readonly Share[],
  { retrySafe, stickyColumn, step }: RoutingSettings,
  { scorer, rowTimeoutMs }: ScorerAccess,
  signal: AbortSignal
): Promise<Routing> {
  const routes = await Promise.all(
    shares.map(async ({ target, percent }) => {
      // Reading a description twice does no harm.
      const limits = { retrySafe: true, budget: new RetryBudget() }
      const late = { model: target.model, what: 'its description (apiMeta/api) was not read' }
      const ask = (time: CallTime) =>
        withRetries(() => scorer.signature(target, step, time.signal), limits, time)
      const signature = await inRowTime(ask, rowTimeoutMs, late, signal)
      return { target, percent, signature, outputsOf: outputsReader(signature) }
    })
  )
  const signature = unionOf(routes.map(({ signature }) => signature))
  return { routes, signature, retrySafe, stickyColumn }
}

/**
 * Returns a function that chooses the route of a row: by chance, or by the text of the row's cell
 * in the sticky column.
 * @throws DomainError `request-invalid` when there is no such column
 */
export function routeChooser (
  routing: Routing,
  { columns }: Pick<Table, 'columns'>
): (row: SourceRow) => Route {
  const { routes, stickyColumn } = routing
  if (stickyColumn === undefined) return () => routeAt(routing, Math.random())
  const index = columnIndex(
    columns,
    stickyColumn,
    'route',
    'name a column of the data: route=sticky:COLUMN'
  )
  const candidates = routes.map(route => ({
    name: route.target.revision ?? '',
    percent: route.percent,
    route
  }))
  return ({ cells }) => stickyRoute(candidates, textOf(cells[index])).route
}

/** Chooses a route by the percents of the traffic table; `random` is 0 <= random < 1. */
export function routeAt ({ routes }: Routing, random: number): Route {
  const total = routes.reduce((sum, { percent }) => sum + percent, 0)
  let left = random * total
  for (const route of routes) {
    left -= route.percent
    if (left < 0) return route
  }
  return routes.at(-1)!
}
