import { Agent, type Dispatcher } from 'undici'
import { type Credentials, openCredentials } from './credentials.js'
import { MANAGER } from './kube-objects.js'

/** One HTTP request to the API server, without credentials. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  /** The answer may go on for long, as that of a watch or a log. */
  readonly isStream: boolean
}

interface Agents {
  readonly calls: Agent
  readonly streams: Agent
}

const CALLS_MAX = 32
/**
 * Watches and logs take a connection each for as long as they go on. They have connections of their
 * own, so that calls never wait for them.
 */
const STREAMS_MAX = 128

/** The kept connections to the API server, and this service's credentials on them. */
export class Transport {
  readonly #credentials: Credentials
  #agents: Agents

  private constructor (credentials: Credentials, agents: Agents) {
    this.#credentials = credentials
    this.#agents = agents
  }

  /** `kubeconfigFile` undefined: as the service account of the pod. */
  static async open (kubeconfigFile: string | undefined): Promise<Transport> {
    const credentials = openCredentials(kubeconfigFile)
    return new Transport(credentials, await openAgents(credentials))
  }

  /**
   * Sends once more with fresh credentials when the server refuses those sent. A token rotates
   * before its old file is read again, and a client certificate belongs to a connection.
   */
  async send (request: ApiRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const used = this.#agents
    const answer = await this.#sendOnce(request, signal)
    if (answer.statusCode !== 401) return answer
    await answer.body.dump()
    if (used === this.#agents) await this.#renew()
    return await this.#sendOnce(request, signal)
  }

  async close (): Promise<void> {
    const { calls, streams } = this.#agents
    await Promise.all([calls.destroy(), streams.destroy()])
  }

  async #sendOnce (
    { method, path, body, isStream }: ApiRequest,
    signal: AbortSignal
  ): Promise<Dispatcher.ResponseData> {
    const { origin, pathname, search } = new URL(`${this.#credentials.server}${path}`)
    // The only patches that this service sends are merge patches. Logs are refused when they are
    // asked for as text/plain.
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    return await (isStream ? this.#agents.streams : this.#agents.calls).request({
      origin,
      path: pathname + search,
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': type }),
        'user-agent': MANAGER,
        ...(await this.#credentials.readHeaders())
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal
    })
  }

  /** Requests on the old connections may end there. */
  async #renew (): Promise<void> {
    const old = this.#agents
    this.#credentials.reload()
    const next = await openAgents(this.#credentials)
    if (this.#agents === old) this.#agents = next
    const { calls, streams } = this.#agents === next ? old : next
    void Promise.all([calls.close(), streams.close()]).catch(() => {})
  }
}

async function openAgents (credentials: Credentials): Promise<Agents> {
  const tls = await credentials.readTls()
  const open = (connections: number) =>
    new Agent({
      connections,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { ...tls, timeout: 5_000 }
    })
  return { calls: open(CALLS_MAX), streams: open(STREAMS_MAX) }
}
