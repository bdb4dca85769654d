import { setTimeout as sleep } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { follower } from '../../../async/follower.js'
import { msOf } from '../../../async/milliseconds.js'
import { timeLimit } from '../../../async/time-limit.js'
import { ApiFailure, apiUnreachable, readFailure } from './errors.js'
import { describeRequest, readWarnings } from './http.js'
import { type ApiRequest, Transport } from './transport.js'

/**
 * One finished call, for metrics. `verb` and `resource` are words of RBAC. Status 0 means that
 * there was no answer.
 */
export interface ApiCall {
  readonly verb: string
  readonly resource: string
  readonly status: number
  readonly durationMs: number
}

export interface ApiAnswer<T> {
  readonly body: T
  /** What the server remarked on the call. */
  readonly warnings: readonly string[]
}

/**
 * The one door to the API server. Calls throw ApiFailure, `cluster-unreachable` or the signal's
 * reason. Paths have their query, see `withQuery`.
 */
export interface Connection {
  /** Sends JSON and reads JSON, as it is on the wire. Without a body when `body` is undefined. */
  send<T>(
    method: ApiRequest['method'],
    path: string,
    body: unknown,
    signal: AbortSignal
  ): Promise<ApiAnswer<T>>
  /**
   * A GET whose body is read while it arrives: a watch or a log. There is no time limit once the
   * answer has begun.
   */
  stream(path: string, signal: AbortSignal): Promise<Readable>
  close(): Promise<void>
}

export interface ConnectionOptions {
  /** Undefined: the pod's service account. */
  readonly kubeconfigFile?: string | undefined
  readonly onCall?: (call: ApiCall) => void
  /** For a whole call; default 15 s. */
  readonly callLimitMs?: number
}

export async function openConnection ({
  kubeconfigFile,
  onCall = () => {},
  callLimitMs = 15_000
}: ConnectionOptions): Promise<Connection> {
  const transport = await Transport.open(kubeconfigFile)

  /** Measures one call, and throws what the answer refuses. */
  async function call<T> (
    request: ApiRequest,
    signal: AbortSignal,
    read: (answer: Dispatcher.ResponseData) => Promise<T>
  ): Promise<T> {
    const start = performance.now()
    let status = 0
    try {
      signal.throwIfAborted()
      const answer = await transport.send(request, signal)
      status = answer.statusCode
      if (status >= 400) throw await readFailure(answer)
      return await read(answer)
    } catch (error) {
      if (signal.aborted) {
        throw isTimeout(signal.reason) ? apiUnreachable(signal.reason) : signal.reason
      }
      throw status === 0 ? apiUnreachable(error) : error
    } finally {
      onCall({ ...describeRequest(request), status, durationMs: performance.now() - start })
    }
  }

  return {
    async send<T> (
      method: ApiRequest['method'],
      path: string,
      body: unknown,
      signal: AbortSignal
    ) {
      const request = { method, path, body, isStream: false }
      const limit = timeLimit(signal, callLimitMs)
      try {
        return await repeatWhileBusy(
          async () => await call(request, limit.signal, readAnswer<T>),
          limit.signal
        )
      } finally {
        limit.end()
      }
    },
    async stream (path, signal) {
      const begun = follower(signal)
      const late = new DOMException('no answer in time', 'TimeoutError')
      const timer = setTimeout(() => begun.abort(late), callLimitMs)
      try {
        const request = { method: 'GET', path, isStream: true } as const
        // an unread body that is aborted must not end the process
        return await call(request, begun.signal, async ({ body }) =>
          body.on('error', () => {}).once('close', begun.end)
        )
      } catch (error) {
        begun.end()
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    close: async () => await transport.close()
  }
}

async function readAnswer<T> ({
  body,
  headers
}: Dispatcher.ResponseData): Promise<ApiAnswer<T>> {
  return { body: (await body.json()) as T, warnings: readWarnings(headers['warning']) }
}

const REPEATS_MAX = 2
const REPEAT_AFTER_MAX_SECONDS = 5

/**
 * The API server's priority and fairness refuses with 429 before it does anything. Such a call is
 * sent again after what Retry-After says, when that is short.
 */
async function repeatWhileBusy<T> (call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    try {
      return await call()
    } catch (error) {
      const seconds =
        error instanceof ApiFailure && error.status === 429 ? error.retryAfterSeconds : undefined
      if (
        seconds === undefined ||
        seconds > REPEAT_AFTER_MAX_SECONDS ||
        repeats === REPEATS_MAX
      ) {
        throw error
      }
      await sleep(msOf(seconds) * (1 + 0.2 * Math.random()), undefined, { signal }).catch(() => {
        throw error
      })
    }
  }
}

function isTimeout (reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}
