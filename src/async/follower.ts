import { onAbort } from './on-abort.js'

export interface Follower {
  readonly signal: AbortSignal
  /** Fires the signal and stops listening to the followed signals. */
  abort(reason: unknown): void
  /** Stops listening to the followed signals; only `abort` can still fire this one. */
  end(): void
}

/**
 * Makes a signal that fires when any of the others fires, or when its owner aborts it. The owner
 * must call `end` or `abort`, because a followed signal may live longer. AbortSignal.any is not
 * used: on Node 20 a signal made by it is never freed once something listens to it.
 */
export function follower (...others: ReadonlyArray<AbortSignal | undefined>): Follower {
  const control = new AbortController()
  const stays: Array<() => void> = []
  const end = () => {
    for (const stay of stays.splice(0)) stay()
  }
  const abort = (reason: unknown) => {
    end()
    control.abort(reason)
  }
  for (const other of others) {
    if (other?.aborted === true) abort(other.reason)
    else if (other !== undefined && !control.signal.aborted) stays.push(onAbort(other, abort))
  }
  return { signal: control.signal, abort, end }
}
