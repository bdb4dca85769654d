const waiting = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>()

/**
 * Calls `leave` when the signal fires, unless the returned function was called first. All callers
 * with the same signal share one listener: adding or removing a listener searches the signal's
 * whole list, which would be as long as the rows in flight. Does nothing if the signal has already
 * fired.
 */
export function onAbort (signal: AbortSignal, leave: (reason: unknown) => void): () => void {
  let all = waiting.get(signal)
  if (all === undefined) {
    const mine = (all = new Set())
    waiting.set(signal, mine)
    signal.addEventListener(
      'abort',
      () => {
        for (const leave of mine) leave(signal.reason)
      },
      { once: true }
    )
  }
  const those = all.add(leave)
  return () => {
    those.delete(leave)
  }
}
