import { textOf } from './cell.js'
import { RetryBudget, retrying } from './retry.js'
import type { Scorer, ScoringTarget } from './scorer.js'
import { unionOf, type Signature } from './signature.js'
import { stickyRoute } from './sticky-route.js'
import { columnIndex, type SourceRow, type Table } from './table.js'
import type { Share } from './targets.js'

export interface Route {
  readonly target: ScoringTarget
  readonly percent: number
  readonly signature: Signature
}

/** The routes of one request, taken once at its start. */
export interface Routing {
  readonly routes: readonly Route[]
  readonly signature: Signature
  readonly retrySafe: boolean
  /** The column whose cell decides a row's route; undefined: chance does. */
  readonly stickyColumn?: string | undefined
}

/** Asks each target for its signature, which wakes sleeping revisions. */
export async function routingFor (
  shares: readonly Share[], settings: Pick<Routing, 'retrySafe' | 'stickyColumn'>, scorer: Scorer, timeoutMs: number, signal: AbortSignal
): Promise<Routing> {
  const routes = await Promise.all(shares.map(async ({ target, percent }) => {
    // asking for a description is always safe
    const limits = { retrySafe: true, timeoutMs, budget: new RetryBudget() }
    const signature = await retrying(() => scorer.signature(target, signal), limits, signal)
    return { target, percent, signature }
  }))
  return { ...settings, routes, signature: unionOf(routes.map(({ signature }) => signature)) }
}

/**
 * How a row of this table finds its route: by chance, or by the text of its cell in the sticky column.
 * @throws DomainError `request-invalid` when there is no such column
 */
export function routeChooser (routing: Routing, { columns }: Pick<Table, 'columns'>): (row: SourceRow) => Route {
  const { routes, stickyColumn } = routing
  if (stickyColumn === undefined) return () => routeAt(routing, Math.random())
  const index = columnIndex(columns, stickyColumn, 'route', 'name a column of the data: route=sticky:COLUMN')
  const candidates = routes.map(route => ({ name: route.target.revision ?? '', percent: route.percent, route }))
  return ({ cells }) => stickyRoute(candidates, textOf(cells[index])).route
}

/** A revision by the traffic table's percents; `random` is 0 <= random < 1. */
export function routeAt ({ routes }: Routing, random: number): Route {
  const total = routes.reduce((sum, { percent }) => sum + percent, 0)
  let left = random * total
  for (const route of routes) {
    left -= route.percent
    if (left < 0) return route
  }
  return routes.at(-1)!
}
