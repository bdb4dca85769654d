import { deferred } from './deferred.js'
import { onAbort } from './on-abort.js'

/**
 * Waits for `work`, but no longer than until the signal fires. A later result or failure of `work`
 * is then ignored.
 * @throws the failure of `work`, or the signal's reason when it fires first
 */
export async function untilAborted<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject: abort } = deferred<never>()
  const stay = onAbort(signal, abort)
  if (signal.aborted) abort(signal.reason)
  try {
    return await Promise.race([aborted, work])
  } finally {
    stay()
  }
}
