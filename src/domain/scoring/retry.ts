import { setTimeout as sleep } from 'node:timers/promises'
import { isFault } from '../errors.js'

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000
/** How long a call is repeated on behalf of a request that has not seen its model work: a broken model is told soon. */
const PATIENCE_MS = 6_000
/** … and of one that has: a pod that ends takes a while to be replaced, and much work would be lost. */
const PROVEN_PATIENCE_MS = 60_000
/** Repetitions that a request may make before its calls have earned more: a burst of failures costs about twice the rows in flight. */
const BUDGET = 1_000

/** What the calls of one request may spend on repetitions: as many as it made calls that succeeded, and a few to begin with. */
export class RetryBudget {
  #left = BUDGET
  #succeeded = false

  /** A call succeeded. */
  earn (): void {
    this.#left++
    this.#succeeded = true
  }

  /** False: nothing is left. */
  spend (): boolean {
    return this.#left-- > 0
  }

  get patienceMs (): number {
    return this.#succeeded ? PROVEN_PATIENCE_MS : PATIENCE_MS
  }
}

/**
 * How long to wait before a call to a model is repeated, in ms; undefined: never. `attempt` is how often it was made, from 1;
 * `random` is 0..1. Where nothing reached the model it is always safe; where the row may have been scored, only if it is `retrySafe`.
 */
export function retryDelayMs (error: unknown, attempt: number, retrySafe: boolean, random: number): number | undefined {
  const neverScored = isFault(error, 'model-unreachable', 'model-overloaded', 'revision-not-found')
  const perhapsScored = isFault(error, 'model-cut-off', 'model-unavailable', 'model-timeout')
  if (!neverScored && !(perhapsScored && retrySafe)) return undefined
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
  return longest * (0.5 + random / 2)
}

export interface RetryLimits {
  readonly retrySafe: boolean
  /** For the call, its repetitions included. */
  readonly timeoutMs: number
  readonly budget: RetryBudget
}

/** Calls until it succeeds, is not worth another attempt, or would pass a limit. `call` gets the failure it follows, if any. */
export function retrying<T> (call: (failure: unknown) => Promise<T>, limits: RetryLimits, signal: AbortSignal): Promise<T> {
  const startedAt = performance.now()
  return call(undefined).then(result => {
    limits.budget.earn()
    return result
  }, error => repeated(call, error, startedAt, limits, signal))
}

/** After a first failure. */
async function repeated<T> (
  call: (failure: unknown) => Promise<T>, first: unknown, startedAt: number, { retrySafe, timeoutMs, budget }: RetryLimits, signal: AbortSignal
): Promise<T> {
  const failedAt = performance.now()
  let failure = first
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    const delayMs = retryDelayMs(failure, attempt, retrySafe, Math.random())
    if (delayMs === undefined) throw failure
    const againAt = performance.now() + delayMs
    if (againAt > startedAt + timeoutMs || againAt > failedAt + budget.patienceMs || !budget.spend()) throw failure
    await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted())
    try {
      const result = await call(failure)
      budget.earn()
      return result
    } catch (error) {
      failure = error
    }
  }
}
