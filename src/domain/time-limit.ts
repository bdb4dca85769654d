export interface TimeLimit {
  /** Fires with the outer signal and its reason, or after the time with a TimeoutError. */
  readonly signal: AbortSignal
  /** To be called when the work is done: frees the timer, leaves the outer signal, and fires for what still hangs on this one. */
  end (): void
}

/**
 * A signal that also fires after `ms`. AbortSignal.any with AbortSignal.timeout would say the same, but on Node 20 the next garbage
 * collection takes that timer away and it never fires (seen with 20.20.2).
 */
export function timeLimit (outer: AbortSignal, ms: number): TimeLimit {
  const control = new AbortController()
  const leave = () => { control.abort(outer.reason) }
  const timer = setTimeout(() => { control.abort(new DOMException(`no end within ${ms} ms`, 'TimeoutError')) }, ms)
  if (outer.aborted) leave()
  else outer.addEventListener('abort', leave, { once: true })
  return {
    signal: control.signal,
    end () {
      clearTimeout(timer)
      outer.removeEventListener('abort', leave)
      control.abort(new DOMException('the work is done', 'AbortError'))
    }
  }
}
