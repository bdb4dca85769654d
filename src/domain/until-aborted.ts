import { deferred } from './deferred.js'
import { onAbort } from './on-abort.js'

/** What `work` comes to, unless the signal fires first: then its reason is thrown, and what becomes of `work` does not matter any more. */
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
