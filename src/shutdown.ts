import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Lifecycle } from './app.js'
import { DomainError } from './domain/errors.js'

/** kube-proxy sends new connections for a moment after readiness fails. */
const ENDPOINT_LAG_MS = 3_000
const SWEEP_MS = 100
/** Time for aborted requests to end. */
const CUT_MS = 1_000

export interface Drain {
  readonly app: FastifyInstance
  readonly lifecycle: Lifecycle
  /** How long running requests may go on. */
  readonly drainMs: number
  /** Sockets and watches, which close last because running requests need them. */
  readonly closeOutgoing: () => Promise<void>
}

/**
 * Not ready → wait for endpoints to forget us → refuse new, finish running → abort the rest → close
 * outgoing sockets.
 */
export async function drain ({ app, lifecycle, drainMs, closeOutgoing }: Drain): Promise<void> {
  const stopping = new DomainError('service-stopping', 'this replica is shutting down', {
    retryAfterSeconds: 1
  })
  lifecycle.stopping = true
  lifecycle.closing.abort(stopping)
  const late = setTimeout(() => lifecycle.abandon.abort(stopping), drainMs)
  await sleep(Math.min(ENDPOINT_LAG_MS, drainMs))
  // close() ends idle connections only once. A connection that was busy then would hold the stop
  // for the whole keep-alive time.
  const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS)
  // A connection that has never carried a request does not count as idle, and would hold close()
  // for a minute.
  const cut = setTimeout(() => app.server.closeAllConnections(), drainMs + CUT_MS)
  await app.close()
  clearTimeout(late)
  clearTimeout(cut)
  clearInterval(sweep)
  await closeOutgoing()
}
