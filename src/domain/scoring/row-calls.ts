import type { AdmittedRequest } from './admission.js'
import { RetryBudget, retrying } from './retry.js'
import type { Route, Routing } from './routing.js'
import type { Inputs, Outputs, Scorer } from './scorer.js'

export interface ScoreLimits {
  /** The way to places for rows in flight. */
  readonly request: AdmittedRequest
  /** For one row, its retries included. */
  readonly rowTimeoutMs: number
}

/** The calls of one request to the models, within its limits. */
export interface RowCalls {
  /** Rows that may be under way now, those included whose result waits for an earlier row. */
  window (): number
  /** Scores one row, with retries. `routeAfter` says where, given the failure of the attempt before, if any. @throws those of Scorer */
  score (inputs: Inputs, routeAfter: (failure: unknown) => Route, signal: AbortSignal): Promise<Outputs>
}

export function rowCalls ({ retrySafe }: Routing, scorer: Scorer, step: string | undefined, { request, rowTimeoutMs }: ScoreLimits): RowCalls {
  const limits = { retrySafe, timeoutMs: rowTimeoutMs, budget: new RetryBudget() }
  return {
    window: () => request.window,
    score (inputs, routeAfter, signal) {
      return retrying(failure => {
        const { target } = routeAfter(failure)
        return request.run(target, () => scorer.score(target, step, inputs, signal), signal)
      }, limits, signal)
    }
  }
}
