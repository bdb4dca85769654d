import {
  type ConfigurationOptions, CoreV1Api, CustomObjectsApi, type HttpLibrary, type RequestContext, ResponseContext, ServerConfiguration,
  createConfiguration, wrapHttpLibrary
} from '@kubernetes/client-node'
import type { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { timeLimit } from '../../domain/time-limit.js'
import { openCredentials } from './credentials.js'
import { apiFailure, unreachable } from './errors.js'

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

export async function openConnection ({ kubeconfigFile, onCall = () => {}, callLimitMs = 15_000 }: ConnectionOptions): Promise<Connection> {
  const credentials = openCredentials(kubeconfigFile)
  const tls = await credentials.tls()
  const agent = (connections: number) => new Agent({
    connections, pipelining: 1, keepAliveTimeout: 30_000, headersTimeout: 0, bodyTimeout: 0, connect: { ...tls, timeout: 5_000 }
  })
  const [calls, streams] = [agent(CONNECTIONS_MAX), agent(STREAMS_MAX)]

  /** Sends once more with fresh credentials when those sent are refused: a token rotates before its old file is read again. */
  async function request (call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const answer = await attempt(call, signal)
    if (answer.statusCode !== 401) return answer
    await answer.body.dump()
    credentials.reload()
    return await attempt(call, signal)
  }

  async function attempt ({ method, url, headers = {}, body, isStream = false }: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    return await (isStream ? streams : calls).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: { accept: 'application/json', ...headers, ...await credentials.headers() },
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
      return await call(limited, limit.signal, read)
    } finally {
      limit.end()
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
    async close () { await Promise.all([calls.destroy(), streams.destroy()]) }
  }
}

interface Call {
  readonly method: Dispatcher.HttpMethod
  readonly url: URL
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly isStream?: boolean
}

function callOf (context: RequestContext): Call {
  const body = context.getBody()
  return {
    method: context.getHttpMethod() as Dispatcher.HttpMethod, url: new URL(context.getUrl()), headers: context.getHeaders(), ...(typeof body === 'string' ? { body } : {})
  }
}

function contextOf (answer: Dispatcher.ResponseData, text: string): ResponseContext {
  const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]))
  return new ResponseContext(answer.statusCode, headers, { text: async () => text, binary: async () => Buffer.from(text) })
}

/** The texts of `Warning` headers (RFC 7234 5.5), of which an answer may have several. */
export function warningsOf (headers: Readonly<Record<string, string>>): string[] {
  const quoted = /\d{3} \S+ "((?:[^"\\]|\\.)*)"/g
  return Array.from((headers['warning'] ?? '').matchAll(quoted), ([, text = '']) => text.replaceAll(/\\(.)/g, '$1'))
}

function wordsOf ({ method, url }: Call): { verb: string, resource: string } {
  const [, resource = url.pathname, name, subresource] = /\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?/.exec(url.pathname) ?? []
  const read = url.searchParams.get('watch') === 'true' ? 'watch' : name === undefined ? 'list' : 'get'
  const verbs: Readonly<Record<string, string>> = { GET: read, POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
  return { verb: verbs[method] ?? method, resource: subresource === undefined ? resource : `${resource}/${subresource}` }
}

function oneOf (header: string | string[] | undefined): string | undefined {
  return [header].flat()[0]
}

function isTimeout (reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}
