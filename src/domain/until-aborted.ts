import { deferred } from './deferred.js'

/** What `work` comes to, unless the signal fires first: then its reason is thrown, and what becomes of `work` does not matter any more. */
export async function untilAborted<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject: abort } = deferred<never>()
  const leave = () => abort(signal.reason)
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([aborted, work])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
