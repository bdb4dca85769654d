import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { Pools } from '../../../src/adapters/scr/pools.js'
import { ScrScorer } from '../../../src/adapters/scr/scr-scorer.js'
import type { ScoringTarget } from '../../../src/domain/scoring/scorer/scorer.js'

export interface Received {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly body: string
}
export interface Answered {
  readonly status?: number
  readonly text?: string
}

export interface ModelServer {
  readonly target: ScoringTarget
  /** All requests so far, bodies read. */
  readonly received: Received[]
  /** Connections opened so far. */
  readonly sockets: () => number
  /**
   * Emits `call` with each request whose body was read, and `left` when a caller closes before its
   * answer.
   */
  readonly server: http.Server
}

/** Answers as SCR does: `{"data":{…}}` to a body with data. */
export const ECHO = ({ body }: Received): Answered => ({
  text: JSON.stringify({ version: 1, data: (JSON.parse(body) as { data: unknown }).data })
})
/** Spring's 404 for a path that the application does not serve. */
export const NOT_FOUND: Answered = {
  status: 404,
  text: '{"timestamp":"t","status":404,"error":"Not Found","path":"/x"}'
}

/**
 * A model server whose answers are written by `answer`; undefined: `answer` does it itself, or
 * never.
 */
export async function startModel (
  t: Test,
  answer: (request: Received, response: http.ServerResponse) => Answered | undefined,
  given: Partial<ScoringTarget> = {}
): Promise<ModelServer> {
  const received: Received[] = []
  let sockets = 0
  const server = http.createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const call = { method: request.method!, path: request.url!, host: request.headers.host!, body }
    received.push(call)
    response.once('close', () => {
      if (!response.writableFinished) server.emit('left')
    })
    server.emit('call', call)
    const answered = answer(call, response)
    if (answered !== undefined) {
      response.writeHead(answered.status ?? 200, { 'content-type': 'application/json' }).end(
        answered.text ?? ''
      )
    }
  })
  server.on('connection', () => {
    sockets++
  })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const target = {
    model: 'hmeq',
    revision: 'hmeq-1',
    key: `${url}#1`,
    url,
    appPaths: ['hmeq'],
    timeoutSeconds: 5,
    containerConcurrency: 0,
    rowsPerPod: 10,
    replicas: 1,
    ...given
  }
  return { target, received, sockets: () => sockets, server }
}

export function openScorer (
  t: Test,
  given: { connections?: number, gatewayUrl?: string } = {}
): ScrScorer {
  const pools = new Pools({ connections: 8, ...given })
  t.teardown(async () => {
    await pools.close()
  })
  return new ScrScorer(pools, () => {})
}
