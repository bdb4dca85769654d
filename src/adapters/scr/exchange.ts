import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { onAbort } from '../../async/on-abort.js'
import { AnswerBody } from './answer-body.js'
import { readCodings, unpack } from './answer-coding.js'

const READ = ['content-type', 'content-encoding', 'location', 'retry-after'] as const

/**
 * The headers of an answer that are read. A header that came more than once has commas between its
 * values.
 */
export type AnswerHeaders = Readonly<Partial<Record<(typeof READ)[number], string>>>

/** A whole answer. */
export interface Answer {
  readonly status: number
  readonly headers: AnswerHeaders
  /** The body, unpacked where it came packed. */
  readonly bytes: Buffer
}

/**
 * Sends a request and takes its whole answer. `dispatcher.request` makes a stream, a listener and
 * some promises for each answer, which costs as much again as the exchange of a scored row itself.
 * @throws undici's errors, AnswerUnreadable, and the signal's reason
 */
export function exchange (
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else dispatcher.dispatch(options, new Exchange(signal, resolve, reject))
  })
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer | Promise<Answer>) => void
  readonly #reject: (reason: unknown) => void
  readonly #stay: () => void
  readonly #body = new AnswerBody()
  #abortedBy: unknown
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: IncomingHttpHeaders = {}

  constructor (
    signal: AbortSignal,
    resolve: (answer: Answer | Promise<Answer>) => void,
    reject: (reason: unknown) => void
  ) {
    this.#resolve = resolve
    this.#reject = reject
    this.#stay = onAbort(signal, reason => {
      reject(reason) // ends the call also while it waits for a connection
      this.#abortedBy = reason
      this.#controller?.abort(reason as Error)
    })
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#abortedBy !== undefined) controller.abort(this.#abortedBy as Error)
  }

  /** undici calls this once more for each informational answer (1xx) before the final one. */
  onResponseStart (
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders
  ): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData (_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.add(chunk)
  }

  onResponseEnd (): void {
    this.#stay()
    const headers = readHeaders(this.#headers)
    const answer = { status: this.#status, headers, bytes: this.#body.bytes() }
    const codings = readCodings(headers['content-encoding'])
    this.#resolve(codings.length === 0 ? answer : unpackAnswer(answer, codings))
  }

  onResponseError (_controller: Dispatcher.DispatchController, error: Error): void {
    this.#stay()
    this.#reject(error)
  }
}

/** undici gives a list for a header that came more than once. */
function readHeaders (all: Readonly<Record<string, string | string[] | undefined>>): AnswerHeaders {
  const read: Partial<Record<(typeof READ)[number], string>> = {}
  for (const name of READ) {
    const value = all[name]
    if (value !== undefined) read[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return read
}

async function unpackAnswer (answer: Answer, codings: readonly string[]): Promise<Answer> {
  return { ...answer, bytes: await unpack(answer.bytes, codings, answer.status) }
}
