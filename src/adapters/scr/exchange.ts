import type { Dispatcher } from 'undici'
import { deferred } from '../../domain/deferred.js'
import { onAbort } from '../../domain/on-abort.js'

/** An answer, whole. */
export interface Answer { readonly status: number, readonly text: string }

/**
 * Sends a request and takes its whole answer. What `dispatcher.request` does with a stream, a listener and some promises for each
 * answer costs as much again as the exchange itself when answers are as small as a scored row.
 * @throws undici's errors, and the signal's reason
 */
export function exchange (dispatcher: Dispatcher, options: Dispatcher.DispatchOptions, signal: AbortSignal): Promise<Answer> {
  if (signal.aborted) return Promise.reject(signal.reason)
  const { promise, resolve, reject } = deferred<Answer>()
  let status = 0
  let first: Buffer | undefined
  let others: Buffer[] | undefined
  let controller: Dispatcher.DispatchController | undefined
  const stay = onAbort(signal, reason => {
    reject(reason) // also while it waits for a connection
    controller?.abort(reason as Error)
  })
  dispatcher.dispatch(options, {
    onRequestStart (started) {
      controller = started
      if (signal.aborted) controller.abort(signal.reason as Error)
    },
    onResponseStart (_controller, statusCode) { status = statusCode },
    onResponseData (_controller, chunk) {
      if (first === undefined) first = chunk
      else (others ??= []).push(chunk)
    },
    onResponseEnd () {
      stay()
      const body = first === undefined || others === undefined ? first : Buffer.concat([first, ...others])
      resolve({ status, text: body?.toString() ?? '' })
    },
    onResponseError (_controller, error) {
      stay()
      reject(error)
    }
  })
  return promise
}
