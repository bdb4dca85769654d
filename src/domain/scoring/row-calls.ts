import { retrying } from './retry.js'
import type { Route, Routing } from './routing.js'
import type { Inputs, Outputs, Scorer } from './scorer.js'
import { Slots } from './slots.js'

/** Rows in flight for one request, unless it asks for another number. */
const CONCURRENCY = 32
/** Results that may wait for an earlier row, in multiples of the rows in flight. */
const WINDOW = 4
/** What queue-proxy lets wait for each place of a container; more would be refused. */
const QUEUE_DEPTH = 10

export interface ScoreLimits {
  /** Rows in flight over all requests. */
  readonly slots: Slots
  /** For one row, its retries included. */
  readonly rowTimeoutMs: number
  /** Rows in flight for this request. */
  readonly concurrency?: number | undefined
}

/** The calls of one request to the models, within its limits. */
export interface RowCalls {
  /** Rows that may be under way, those included whose result waits for an earlier row. */
  readonly window: number
  /** Scores one row, with retries. `routeAfter` says where, given the failure of the attempt before, if any. @throws those of Scorer */
  score (inputs: Inputs, routeAfter: (failure: unknown) => Route, signal: AbortSignal): Promise<Outputs>
}

export function rowCalls ({ routes, retrySafe }: Routing, scorer: Scorer, step: string | undefined, limits: ScoreLimits): RowCalls {
  const accepted = routes.map(({ target }) => rowsAccepted(target.containerConcurrency))
  const concurrency = Math.min(limits.concurrency ?? CONCURRENCY, limits.slots.size, ...accepted)
  const own = new Slots(concurrency)
  return {
    window: concurrency * WINDOW,
    async score (inputs, routeAfter, signal) {
      return await retrying(async failure => {
        const { target } = routeAfter(failure)
        return await own.run(signal, async () => await limits.slots.run(signal, async () => await scorer.score(target, step, inputs, signal)))
      }, { retrySafe, timeoutMs: limits.rowTimeoutMs }, signal)
    }
  }
}

function rowsAccepted (containerConcurrency: number): number {
  return containerConcurrency === 0 ? Infinity : containerConcurrency * QUEUE_DEPTH
}
