import { setImmediate as nextTurn } from 'node:timers/promises'

/** Work without a pause may keep the process from everything else for this long. */
const LONGEST_MS = 10

/**
 * Returns a function to call between pieces of work. That function lets the event loop turn when
 * the last turn was more than `longestMs` ago. Awaiting settled promises alone never does that.
 */
export function breather (longestMs = LONGEST_MS): () => Promise<void> | undefined {
  let turnedAt = performance.now()
  return () => {
    if (performance.now() - turnedAt < longestMs) return undefined
    return nextTurn().then(() => {
      turnedAt = performance.now()
    })
  }
}

let last: Promise<void> = Promise.resolve()

/**
 * Resolves in a turn of the event loop that no other caller of this function gets. Large pieces of
 * work that arrive at the same time then run one a turn.
 */
export async function ownTurn (): Promise<void> {
  last = last.then(() => nextTurn())
  await last
}
