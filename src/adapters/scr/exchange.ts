import type { Dispatcher } from 'undici'
import { onAbort } from '../../domain/on-abort.js'

/** An answer, whole. */
export interface Answer { readonly status: number, readonly text: string }

/**
 * Sends a request and takes its whole answer. What `dispatcher.request` does with a stream, a listener and some promises for each
 * answer costs as much again as the exchange itself when answers are as small as a scored row.
 * @throws undici's errors, and the signal's reason
 */
export function exchange (dispatcher: Dispatcher, options: Dispatcher.DispatchOptions, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else dispatcher.dispatch(options, new Exchange(signal, resolve, reject))
  })
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (reason: unknown) => void
  readonly #stay: () => void
  #abortedBy: unknown
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #body: Buffer | undefined

  constructor (signal: AbortSignal, resolve: (answer: Answer) => void, reject: (reason: unknown) => void) {
    this.#resolve = resolve
    this.#reject = reject
    this.#stay = onAbort(signal, reason => {
      reject(reason) // also while it waits for a connection
      this.#abortedBy = reason
      this.#controller?.abort(reason as Error)
    })
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#abortedBy !== undefined) controller.abort(this.#abortedBy as Error)
  }

  onResponseStart (_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData (_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body = this.#body === undefined ? chunk : Buffer.concat([this.#body, chunk])
  }

  onResponseEnd (): void {
    this.#stay()
    this.#resolve({ status: this.#status, text: this.#body?.toString() ?? '' })
  }

  onResponseError (_controller: Dispatcher.DispatchController, error: Error): void {
    this.#stay()
    this.#reject(error)
  }
}
