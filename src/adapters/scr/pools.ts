import { Pool } from 'undici'
import { ANSWER_MAX_BYTES } from './answer-coding.js'
import { exchange, type Answer } from './exchange.js'

/**
 * Sockets stick to the pod they were opened to, or to the activator while the model slept. Renewed
 * ones find new pods. The whole pool is renewed instead of using undici's clientTtl: there an old
 * connection keeps its place while it closes, and when all places are such ones, the next call
 * waits for a connection that nobody makes.
 */
const CONNECTION_TTL_MS = 5_000
const KEEP_ALIVE_MS = 4_000
const CONNECT_TIMEOUT_MS = 5_000
const UNUSED_MS = 5 * 60_000
/**
 * Without Accept-Encoding an answer may come packed, and unpacking would cost more than it saves.
 */
const HEADERS = [
  'content-type',
  'application/json',
  'accept',
  'application/json',
  'accept-encoding',
  'identity'
]

export interface Call {
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly body: string | null
  /** Time limit for the head of the answer, and between pieces of its body. */
  readonly limitMs: number
}

export interface PoolOptions {
  /** The most connections to one origin. */
  readonly connections: number
  /**
   * The ingress, from outside the cluster. It reaches all origins, by their Host header.
   */
  readonly gatewayUrl?: string | undefined
}

/** One undici Pool for each origin, closed when unused for five minutes. */
export class Pools {
  readonly #options: PoolOptions
  readonly #pools = new Map<
    string,
    { readonly pool: Pool; readonly madeAtMs: number; usedAtMs: number }
  >()

  /** Replaced pools, whose running calls come to their end. */
  readonly #retired = new Set<Pool>()
  readonly #sweep: NodeJS.Timeout

  constructor (options: PoolOptions) {
    this.#options = options
    this.#sweep = setInterval(() => this.#closeUnused(), UNUSED_MS / 5).unref()
  }

  /**
   * Sends a request to `url` (scheme and host), through the gateway if there is one.
   * @throws undici's errors, AnswerUnreadable, and the signal's reason
   */
  call (url: string, { path, method, body, limitMs }: Call, signal: AbortSignal): Promise<Answer> {
    const { gatewayUrl } = this.#options
    const headers =
      gatewayUrl === undefined ? HEADERS : [...HEADERS, 'host', url.slice(url.indexOf('//') + 2)]
    return exchange(
      this.#pool(gatewayUrl ?? url),
      { path, method, body, headers, headersTimeout: limitMs, bodyTimeout: limitMs },
      signal
    )
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
    pool
      .close()
      .catch(() => {})
      .finally(() => this.#retired.delete(pool)) // rejects if destroyed meanwhile
  }

  async close (): Promise<void> {
    clearInterval(this.#sweep)
    const pools = [...Array.from(this.#pools.values(), ({ pool }) => pool), ...this.#retired]
    await Promise.all(pools.map(async pool => await pool.destroy()))
    this.#pools.clear()
  }
}
