import { isFault } from '../../errors.js'
import { pause } from '../../../async/pause.js'

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000
/**
 * A call is repeated for this long while no call of its request has succeeded, so that the caller
 * hears of a broken model soon.
 */
const PATIENCE_MS = 6_000
/**
 * A call is repeated for this long once another call of its request has succeeded: the platform
 * replaces a lost pod after a while, and giving up would lose the work already done.
 */
const PROVEN_PATIENCE_MS = 60_000
/**
 * A request begins with so many repetitions, which is enough for a burst of failures: one costs
 * about twice the rows in flight.
 */
const BUDGET = 1_000

/**
 * How many repetitions one request may still make: those it began with, and one more for each call
 * that succeeded.
 */
export class RetryBudget {
  #left = BUDGET
  #succeeded = false

  /** Records that a call succeeded. */
  earn (): void {
    this.#left++
    this.#succeeded = true
  }

  /** Takes one repetition. Returns false if none was left. */
  spend (): boolean {
    return this.#left-- > 0
  }

  get patienceMs (): number {
    return this.#succeeded ? PROVEN_PATIENCE_MS : PATIENCE_MS
  }
}

/**
 * How many ms to wait before a call to a model is repeated; undefined if it must not be repeated.
 * `attempt` is how often the call was made, from 1; `random` is 0..1. A call that never reached the
 * model may always be repeated. A row that may have been scored is repeated only if `retrySafe`.
 */
export function retryDelayMs (
  error: unknown,
  attempt: number,
  retrySafe: boolean,
  random: number
): number | undefined {
  const neverScored = isFault(error, 'model-unreachable', 'model-overloaded', 'revision-not-found')
  const perhapsScored = isFault(error, 'model-cut-off', 'model-unavailable', 'model-timeout')
  if (!neverScored && !(perhapsScored && retrySafe)) return undefined
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
  return longest * (0.5 + random / 2)
}

export interface RetryLimits {
  readonly retrySafe: boolean
  readonly budget: RetryBudget
}

/** The time that a call has, with its repetitions. The call must end when `signal` fires. */
export interface CallTime {
  readonly signal: AbortSignal
  readonly msLeft: number
  /** Called once, when no further attempt follows. */
  end?(): void
}

/**
 * Repeats `call` until it succeeds, until its failure must not be repeated, or until another
 * attempt would pass a limit. `call` gets the failure of the attempt before, if any.
 * @throws the last failure, or the signal's reason
 */
export function withRetries<T> (
  call: (failure: unknown) => Promise<T>,
  limits: RetryLimits,
  time: CallTime
): Promise<T> {
  return call(undefined).then(
    result => {
      limits.budget.earn()
      time.end?.()
      return result
    },
    error => retryAfterFailure(call, error, limits, time)
  )
}

/** Goes on after the first attempt has failed. */
async function retryAfterFailure<T> (
  call: (failure: unknown) => Promise<T>,
  first: unknown,
  { retrySafe, budget }: RetryLimits,
  time: CallTime
): Promise<T> {
  const failedAt = performance.now()
  let failure = first
  try {
    for (let attempt = 1; ; attempt++) {
      time.signal.throwIfAborted()
      const delayMs = retryDelayMs(failure, attempt, retrySafe, Math.random())
      if (delayMs === undefined || delayMs > time.msLeft) throw failure
      if (performance.now() + delayMs > failedAt + budget.patienceMs || !budget.spend()) {
        throw failure
      }
      await pause(delayMs, time.signal)
      try {
        const result = await call(failure)
        budget.earn()
        return result
      } catch (error) {
        failure = error
      }
    }
  } finally {
    time.end?.()
  }
}
