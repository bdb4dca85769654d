import { Pool } from 'undici'
import { exchange, type Answer } from './exchange.js'

/**
 * Sockets stick to the pod they were opened to, or to the activator while the model slept: renewed, they find new pods. With their pool, not
 * by undici's clientTtl: there a connection that is too old keeps its place while it is closed, and when all places are such ones, the
 * next call waits for a connection that nobody makes.
 */
const CONNECTION_TTL_MS = 5_000
const KEEP_ALIVE_MS = 4_000
const CONNECT_TIMEOUT_MS = 5_000
const UNUSED_MS = 5 * 60_000
const ANSWER_MAX_BYTES = 8 * 1024 * 1024
const HEADERS = ['content-type', 'application/json', 'accept', 'application/json']

export interface Call {
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly body: string | null
  /** For the head of the answer, and between pieces of its body. */
  readonly limitMs: number
}

export interface PoolOptions {
  /** Connections to one origin. */
  readonly connections: number
  /** The ingress, from outside the cluster: all origins are reached through it, by their Host header. */
  readonly gatewayUrl?: string | undefined
}

/** One undici Pool an origin, closed when unused for five minutes. */
export class Pools {
  readonly #options: PoolOptions
  readonly #pools = new Map<string, { readonly pool: Pool, readonly madeAtMs: number, usedAtMs: number }>()
  /** Replaced; what runs there comes to its end. */
  readonly #retired = new Set<Pool>()
  readonly #sweep: NodeJS.Timeout

  constructor (options: PoolOptions) {
    this.#options = options
    this.#sweep = setInterval(() => this.#closeUnused(), UNUSED_MS / 5).unref()
  }

  /** Sends a request to `url`, scheme and host, by way of the gateway if there is one. @throws undici's errors, and the signal's reason */
  call (url: string, { path, method, body, limitMs }: Call, signal: AbortSignal): Promise<Answer> {
    const { gatewayUrl } = this.#options
    const headers = gatewayUrl === undefined ? HEADERS : [...HEADERS, 'host', url.slice(url.indexOf('//') + 2)]
    return exchange(this.#pool(gatewayUrl ?? url), { path, method, body, headers, headersTimeout: limitMs, bodyTimeout: limitMs }, signal)
  }

  #pool (url: string): Pool {
    const nowMs = Date.now()
    let entry = this.#pools.get(url)
    if (entry === undefined || nowMs - entry.madeAtMs > CONNECTION_TTL_MS) {
      if (entry !== undefined) this.#retire(entry.pool)
      const pool = new Pool(new URL(url).origin, {
        connections: this.#options.connections,
        pipelining: 1,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connect: { timeout: CONNECT_TIMEOUT_MS },
        maxResponseSize: ANSWER_MAX_BYTES
      })
      entry = { pool, madeAtMs: nowMs, usedAtMs: nowMs }
      this.#pools.set(url, entry)
    }
    entry.usedAtMs = nowMs
    return entry.pool
  }

  #closeUnused (): void {
    for (const [url, { pool, usedAtMs }] of this.#pools) {
      if (Date.now() - usedAtMs < UNUSED_MS || pool.stats.running > 0) continue
      this.#pools.delete(url)
      this.#retire(pool)
    }
  }

  #retire (pool: Pool): void {
    this.#retired.add(pool)
    pool.close().catch(() => {}).finally(() => this.#retired.delete(pool)) // rejects when it is destroyed meanwhile
  }

  async close (): Promise<void> {
    clearInterval(this.#sweep)
    const pools = [...Array.from(this.#pools.values(), ({ pool }) => pool), ...this.#retired]
    await Promise.all(pools.map(async pool => await pool.destroy()))
    this.#pools.clear()
  }
}
