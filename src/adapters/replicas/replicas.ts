import { lookup } from 'node:dns/promises'
import { Agent, request, type Dispatcher } from 'undici'
import { DomainError, isFault } from '../../domain/errors.js'
import type {
  Replica,
  Replicas,
  ScoringFilter,
  ToldScoring
} from '../../domain/scorings/replicas.js'

/** Ends of connections are not waited for: replicas come and go. */
const KEEP_ALIVE_MS = 4_000
/** A list of as many scorings as a replica may have is smaller. */
const ANSWER_MAX_BYTES = 8 * 1024 * 1024
/** How long a replica may be silent; whoever waits for all has a limit of its own. */
const SILENT_MS = 2_000

export interface OpenReplicas extends Replicas {
  close (): Promise<void>
}

/**
 * Replicas by the names of `addresses` (host:port): each name stands for all addresses that DNS has
 * for it, as a headless Service of Kubernetes has those of its pods.
 */
export function openReplicas (addresses: readonly string[]): OpenReplicas {
  const agent = new Agent({
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: SILENT_MS },
    headersTimeout: SILENT_MS,
    bodyTimeout: SILENT_MS,
    maxResponseSize: ANSWER_MAX_BYTES
  })
  return {
    async others (authorization) {
      const found = await Promise.all(addresses.map(originsOf))
      return [...new Set(found.flat())].map(origin => new HttpReplica(agent, origin, authorization))
    },
    close: async () => await agent.destroy()
  }
}

async function originsOf (address: string): Promise<string[]> {
  const { hostname, port } = new URL(`http://${address}`)
  try {
    const found = await lookup(hostname.replaceAll(/[[\]]/g, ''), { all: true })
    return found.map(({ address, family }) =>
      `http://${family === 6 ? `[${address}]` : address}:${port === '' ? '80' : port}`
    )
  } catch (error) {
    throw new DomainError('replica-unreachable', `DNS has no address of ${hostname} now`, {
      cause: error,
      retryAfterSeconds: 2
    })
  }
}

/** Each is asked for what it has itself: nobody asks in a circle. */
const OWN = 'scope=replica'

class HttpReplica implements Replica {
  readonly #agent: Dispatcher
  readonly #origin: string
  readonly #authorization: string | undefined

  constructor (agent: Dispatcher, origin: string, authorization: string | undefined) {
    this.#agent = agent
    this.#origin = origin
    this.#authorization = authorization
  }

  async scorings (
    { model, state }: ScoringFilter,
    signal: AbortSignal
  ): Promise<readonly ToldScoring[]> {
    const query = new URLSearchParams({
      ...(model === undefined ? {} : { model }),
      ...(state === undefined ? {} : { state })
    })
    const told = await this.#ask('GET', `/scorings?${OWN}&${query}`, signal)
    return (told as { readonly items: readonly ToldScoring[] }).items
  }

  async scoring (id: string, signal: AbortSignal): Promise<ToldScoring | undefined> {
    return await unlessUnknown(this.#ask('GET', pathOf(id), signal))
  }

  async stop (id: string, signal: AbortSignal): Promise<ToldScoring | undefined> {
    return await unlessUnknown(this.#ask('DELETE', pathOf(id), signal))
  }

  async #ask (method: 'GET' | 'DELETE', path: string, signal: AbortSignal): Promise<unknown> {
    const { status, body } = await this.#send(method, path, signal)
    if (status === 200) return body
    const { type, detail, remedy } = body as Partial<Record<'type' | 'detail' | 'remedy', string>>
    const message = `${this.#origin} answered ${status}: ${detail ?? 'no problem document'}`
    switch (type) {
      case '/problems/scoring-not-found':
        throw new DomainError('scoring-not-found', message)
      case '/problems/forbidden':
        throw new DomainError('forbidden', detail ?? message, remedy === undefined ? {} : { remedy })
      default: // one of another version, or that can't tell who asks
        throw new DomainError('replica-unreachable', message, { retryAfterSeconds: 2 })
    }
  }

  async #send (
    method: 'GET' | 'DELETE',
    path: string,
    signal: AbortSignal
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    try {
      const { statusCode: status, body } = await request(this.#origin + path, {
        method,
        signal,
        dispatcher: this.#agent,
        headers: {
          accept: 'application/json',
          ...(this.#authorization === undefined ? {} : { authorization: this.#authorization })
        }
      })
      return { status, body: JSON.parse(await body.text()) }
    } catch (error) {
      throw new DomainError('replica-unreachable', `no answer from the replica ${this.#origin}`, {
        cause: error,
        retryAfterSeconds: 2
      })
    }
  }
}

function pathOf (id: string): string {
  return `/scorings/${encodeURIComponent(id)}?${OWN}`
}

async function unlessUnknown (told: Promise<unknown>): Promise<ToldScoring | undefined> {
  try {
    return (await told) as ToldScoring
  } catch (error) {
    if (isFault(error, 'scoring-not-found')) return undefined
    throw error
  }
}
