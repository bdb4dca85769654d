import { deferred } from './deferred.js'
import { onAbort } from './on-abort.js'

/**
 * Resolves after `ms`. `setTimeout` of node:timers/promises is not used: it would add one listener
 * to the signal for each of many rows, and Node would warn of a leak.
 * @throws the signal's reason as soon as it fires
 */
export async function pause (ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = deferred()
  const timer = setTimeout(resolve, ms)
  const stay = onAbort(signal, reject)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    stay()
  }
}
