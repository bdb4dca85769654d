import type { ServerResponse } from 'node:http'

const waiting = new WeakMap<ServerResponse, Set<() => void>>()

/**
 * Calls `leave` when an answer or its connection has closed, at once if it has already. The
 * function returned takes that back. All that wait for one answer share a listener, since Node
 * warns of a leak when there are more than ten.
 */
export function onClose (raw: ServerResponse, leave: () => void): () => void {
  if (raw.destroyed) {
    leave()
    return () => {}
  }
  let all = waiting.get(raw)
  if (all === undefined) {
    const mine = (all = new Set())
    waiting.set(raw, mine)
    raw.once('close', () => {
      for (const leave of mine) leave()
    })
  }
  const those = all.add(leave)
  return () => {
    those.delete(leave)
  }
}
