import { setTimeout as sleep } from 'node:timers/promises'
import { isFault } from '../errors.js'

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000
const ATTEMPTS_MAX = 7

/**
 * How long to wait before a call to a model is repeated, in ms; undefined: give up. `attempt` is how often it was made, from 1;
 * `random` is 0..1. Where nothing reached the model it is always safe; where the row may have been scored, only if it is `retrySafe`.
 */
export function retryDelayMs (error: unknown, attempt: number, retrySafe: boolean, random: number): number | undefined {
  if (attempt >= ATTEMPTS_MAX) return undefined
  const neverScored = isFault(error, 'model-unreachable', 'model-overloaded', 'revision-not-found')
  const perhapsScored = isFault(error, 'model-cut-off', 'model-unavailable', 'model-timeout')
  if (!neverScored && !(perhapsScored && retrySafe)) return undefined
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
  return longest * (0.5 + random / 2)
}

/** Calls until it succeeds, is not worth another attempt, or would pass `timeoutMs` in all. `call` gets the failure it follows, if any. */
export async function retrying<T> (
  call: (failure: unknown) => Promise<T>, { retrySafe, timeoutMs }: { readonly retrySafe: boolean, readonly timeoutMs: number }, signal: AbortSignal
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let failure: unknown
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(failure)
    } catch (error) {
      signal.throwIfAborted()
      const delayMs = retryDelayMs(error, attempt, retrySafe, Math.random())
      if (delayMs === undefined || performance.now() + delayMs > deadline) throw error
      await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted())
      failure = error
    }
  }
}
