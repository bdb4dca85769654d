import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ConfigurationOptions, CoreV1Api, CustomObjectsApi, type HttpLibrary, ServerConfiguration, createConfiguration, wrapHttpLibrary
} from '@kubernetes/client-node'
import type { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { timeLimit } from '../../domain/time-limit.js'
import { type Call, callOf, contextOf, wordsOf } from './api-calls.js'
import { openCredentials } from './credentials.js'
import { ApiFailure, apiFailure, unreachable } from './errors.js'

/** One finished call, for metrics. `verb` and `resource` in the words of RBAC; status 0: no answer. */
export interface ApiCall { readonly verb: string, readonly resource: string, readonly status: number, readonly durationMs: number }

/** The API server over a few connections that are kept and used again. Calls throw ApiFailure, `cluster-unreachable` or the signal's reason. */
export interface Connection {
  readonly objects: CustomObjectsApi
  readonly core: CoreV1Api
  /** The last parameter of the two clients' methods: ends the call with the signal, or after the time limit. */
  within (signal: AbortSignal): ConfigurationOptions
  /** A GET whose JSON comes as the server sent it: the clients' own decoding takes long for large lists and drops unknown fields. */
  getJson (path: string, query: Query, signal: AbortSignal): Promise<unknown>
  /** A GET whose body is read while it arrives: watches and logs. Without a time limit once the answer has begun. */
  stream (path: string, query: Query, signal: AbortSignal): Promise<Readable>
  close (): Promise<void>
}

export type Query = Readonly<Record<string, string | number | boolean>>

export interface ConnectionOptions {
  /** Undefined: the pod's service account. */
  readonly kubeconfigFile?: string | undefined
  readonly onCall?: (call: ApiCall) => void
  /** For a whole call; default 15 s. */
  readonly callLimitMs?: number
}

const CONNECTIONS_MAX = 32
/** Watches and logs that are read take a connection each for as long as they go on; calls must not wait for them. */
const STREAMS_MAX = 128
/** The server names the field manager of our writes after it. */
const USER_AGENT = 'scr-modelops'
/** Refused with 429 before it did anything: sent again after what Retry-After says, when that is short. */
const REPEATS_MAX = 2
const REPEAT_AFTER_MAX_S = 5

export async function openConnection ({ kubeconfigFile, onCall = () => {}, callLimitMs = 15_000 }: ConnectionOptions): Promise<Connection> {
  const credentials = openCredentials(kubeconfigFile)
  async function opened () {
    const tls = await credentials.tls()
    const agent = (connections: number) => new Agent({
      connections, pipelining: 1, keepAliveTimeout: 30_000, headersTimeout: 0, bodyTimeout: 0, connect: { ...tls, timeout: 5_000 }
    })
    return { calls: agent(CONNECTIONS_MAX), streams: agent(STREAMS_MAX) }
  }
  let agents = await opened()

  /**
   * Sends once more with fresh credentials when those sent are refused: a token rotates before its old file is read again, and a
   * client certificate belongs to a connection.
   */
  async function request (call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const used = agents
    const answer = await attempt(call, signal)
    if (answer.statusCode !== 401) return answer
    await answer.body.dump()
    if (used === agents) await renew()
    return await attempt(call, signal)
  }

  /** What runs on the old connections may end there. */
  async function renew (): Promise<void> {
    const old = agents
    credentials.reload()
    const next = await opened()
    if (agents === old) agents = next
    const { calls, streams } = agents === next ? old : next
    void Promise.all([calls.close(), streams.close()]).catch(() => {})
  }

  async function attempt ({ method, url, headers = {}, body, isStream = false }: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    return await (isStream ? agents.streams : agents.calls).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: { accept: 'application/json', ...headers, 'user-agent': USER_AGENT, ...await credentials.headers() },
      body: body ?? null,
      signal
    })
  }

  /** Measures, and throws what the answer refuses. */
  async function call<T> (call: Call, signal: AbortSignal, read: (answer: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
    const start = performance.now()
    let status = 0
    try {
      signal.throwIfAborted()
      const answer = await request(call, signal)
      status = answer.statusCode
      if (status >= 400) throw apiFailure(status, await answer.body.text(), oneOf(answer.headers['retry-after']))
      return await read(answer)
    } catch (error) {
      if (signal.aborted) throw isTimeout(signal.reason) ? unreachable(signal.reason) : signal.reason
      throw status === 0 ? unreachable(error) : error
    } finally {
      onCall({ ...wordsOf(call), status, durationMs: performance.now() - start })
    }
  }

  async function callWithin<T> (limited: Call, signal: AbortSignal, read: (answer: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
    const limit = timeLimit(signal, callLimitMs)
    try {
      return await patiently(limit.signal, async () => await call(limited, limit.signal, read))
    } finally {
      limit.end()
    }
  }

  /** The API server's priority and fairness refuses for a moment what is too much at once. */
  async function patiently<T> (signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let repeats = 0; ; repeats++) {
      try {
        return await work()
      } catch (error) {
        const seconds = error instanceof ApiFailure && error.status === 429 ? error.retryAfterSeconds : undefined
        if (seconds === undefined || seconds > REPEAT_AFTER_MAX_S || repeats === REPEATS_MAX) throw error
        await sleep(seconds * 1_000 * (1 + 0.2 * Math.random()), undefined, { signal }).catch(() => { throw error })
      }
    }
  }

  const urlOf = (path: string, query: Query) => {
    const search = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]))
    return new URL(`${credentials.server}${path}?${search}`)
  }
  const library = (signal: AbortSignal): HttpLibrary => wrapHttpLibrary({
    send: async context => await callWithin(callOf(context), signal, async answer => contextOf(answer, await answer.body.text()))
  })
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(credentials.server, {}), httpApi: library(new AbortController().signal)
  })

  return {
    objects: new CustomObjectsApi(configuration),
    core: new CoreV1Api(configuration),
    within: signal => ({ httpApi: library(signal) }),
    async getJson (path, query, signal) {
      return await callWithin({ method: 'GET', url: urlOf(path, query) }, signal, async answer => await answer.body.json())
    },
    async stream (path, query, signal) {
      const begun = new AbortController()
      const limit = setTimeout(() => begun.abort(new DOMException('no answer in time', 'TimeoutError')), callLimitMs)
      try {
        // Logs are refused when asked for as text/plain.
        return await call({ method: 'GET', url: urlOf(path, query), isStream: true }, AbortSignal.any([signal, begun.signal]), async ({ body }) => body.on('error', () => {})) // an unread body that is aborted must not end the process
      } finally {
        clearTimeout(limit)
      }
    },
    async close () { await Promise.all([agents.calls.destroy(), agents.streams.destroy()]) }
  }
}

/** The texts of `Warning` headers (RFC 7234 5.5), of which an answer may have several. */
export function warningsOf (headers: Readonly<Record<string, string>>): string[] {
  const quoted = /\d{3} \S+ "((?:[^"\\]|\\.)*)"/g
  return Array.from((headers['warning'] ?? '').matchAll(quoted), ([, text = '']) => text.replaceAll(/\\(.)/g, '$1'))
}

function oneOf (header: string | string[] | undefined): string | undefined {
  return [header].flat()[0]
}

function isTimeout (reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}
