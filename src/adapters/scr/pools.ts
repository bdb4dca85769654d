import { Pool, type Dispatcher } from 'undici'

/** Sockets stick to the pod they were opened to, or to the activator while the model slept: renewed, they find new pods. */
const CONNECTION_TTL_MS = 5_000
const KEEP_ALIVE_MS = 4_000
const CONNECT_TIMEOUT_MS = 5_000
const UNUSED_MS = 5 * 60_000
const ANSWER_MAX_BYTES = 8 * 1024 * 1024

export interface PoolOptions {
  /** Connections to one origin. */
  readonly connections: number
  /** The ingress, from outside the cluster: all origins are reached through it, by their Host header. */
  readonly gatewayUrl?: string | undefined
}

/** One undici Pool an origin, closed when unused for five minutes. */
export class Pools {
  readonly #options: PoolOptions
  readonly #pools = new Map<string, { readonly pool: Pool, usedAtMs: number }>()
  readonly #sweep: NodeJS.Timeout

  constructor (options: PoolOptions) {
    this.#options = options
    this.#sweep = setInterval(() => this.#closeUnused(), UNUSED_MS / 5).unref()
  }

  /** Sends a request to `url`'s host, by way of the gateway if there is one. Every answer's body has to be read or dumped. */
  async request (url: string, path: string, options: Omit<Dispatcher.RequestOptions, 'path' | 'origin'>): Promise<Dispatcher.ResponseData> {
    const { gatewayUrl } = this.#options
    const pool = this.#pool(gatewayUrl ?? url)
    if (gatewayUrl === undefined) return await pool.request({ ...options, path })
    return await pool.request({ ...options, path, headers: { ...options.headers as Record<string, string>, host: new URL(url).host } })
  }

  #pool (url: string): Pool {
    const { origin } = new URL(url)
    let entry = this.#pools.get(origin)
    if (entry === undefined) {
      const pool = new Pool(origin, {
        connections: this.#options.connections,
        pipelining: 1,
        clientTtl: CONNECTION_TTL_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connect: { timeout: CONNECT_TIMEOUT_MS },
        maxResponseSize: ANSWER_MAX_BYTES
      })
      entry = { pool, usedAtMs: 0 }
      this.#pools.set(origin, entry)
    }
    entry.usedAtMs = Date.now()
    return entry.pool
  }

  #closeUnused (): void {
    for (const [origin, { pool, usedAtMs }] of this.#pools) {
      if (Date.now() - usedAtMs < UNUSED_MS || pool.stats.running > 0) continue
      this.#pools.delete(origin)
      void pool.close()
    }
  }

  async close (): Promise<void> {
    clearInterval(this.#sweep)
    await Promise.all([...this.#pools.values()].map(async ({ pool }) => await pool.destroy()))
    this.#pools.clear()
  }
}
