import { follower } from './follower.js'

export interface TimeLimit {
  /** Fires when the outer signal fires, with its reason, or after the time, with that of `late`. */
  readonly signal: AbortSignal
  /**
   * Call this when the work is done. It frees the timer, stops listening to the outer signal, and
   * fires `signal` for anything that still waits on it.
   */
  end(): void
}

/** Makes a signal that also fires after `ms`, with the reason of `late`, else a TimeoutError. */
export function timeLimit (
  outer: AbortSignal,
  ms: number,
  late: () => unknown = () => new DOMException(`no end within ${ms} ms`, 'TimeoutError')
): TimeLimit {
  const { signal, abort } = follower(outer)
  const timer = setTimeout(() => {
    abort(late())
  }, ms)
  const clear = () => {
    clearTimeout(timer)
  }
  if (signal.aborted) clear()
  else signal.addEventListener('abort', clear, { once: true })
  return {
    signal,
    end () {
      if (!signal.aborted) abort(new DOMException('the work is done', 'AbortError'))
    }
  }
}
