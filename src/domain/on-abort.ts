const waiting = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>()

/**
 * Calls `leave` when the signal fires, unless the function returned was called before. All that wait on a signal share one listener:
 * a listener each would walk over those of all other rows in flight whenever one comes or goes. A signal that has fired is not heard.
 */
export function onAbort (signal: AbortSignal, leave: (reason: unknown) => void): () => void {
  let all = waiting.get(signal)
  if (all === undefined) {
    const mine = all = new Set()
    waiting.set(signal, mine)
    signal.addEventListener('abort', () => { for (const leave of mine) leave(signal.reason) }, { once: true })
  }
  const those = all.add(leave)
  return () => { those.delete(leave) }
}
