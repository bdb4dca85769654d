import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { keyedRows } from '../../../support/data/formula.js'
import {
  deployed,
  echo,
  gauge,
  program,
  until,
  type Asked
} from '../../../support/model-program.js'
import { twoRevisions } from '../../../support/two-revisions.js'

// ROW_TIMEOUT_SECONDS ends a row, whatever its model does.

/**
 * Writes a piece every 100 ms for as long as somebody listens: no idle limit ever sees it stand
 * still.
 */
function drip (response: ServerResponse, piece: string): undefined {
  const timer = setInterval(() => {
    if (response.headersSent) response.write(piece)
    else response.socket?.write(piece)
  }, 100)
  response.socket?.once('close', () => clearInterval(timer)).on('error', () => {})
}

function dripBody ({ response }: Asked): undefined {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":{"Y":1')
  return drip(response, ' ')
}

function dripHead ({ response }: Asked): undefined {
  response.socket!.write('HTTP/1.1 200 OK\r\nx-slow: ')
  return drip(response, 'x')
}

function informs ({ response }: Asked): undefined {
  return drip(response, 'HTTP/1.1 102 Processing\r\n\r\n')
}

function failsThenDrips (asked: Asked): undefined {
  if (asked.index % 2 === 1) return dripBody(asked)
  asked.response.writeHead(503).end()
}

const models: ReadonlyArray<readonly [it: string, score: (asked: Asked) => undefined]> = [
  ['never answers', () => undefined],
  ['sends its answer byte by byte', dripBody],
  ['sends its answer\'s head byte by byte', dripHead],
  ['says again and again that it is at work', informs],
  ['fails at first, then sends byte by byte', failsThenDrips]
]

const POST = { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'X\n1\n2\n' }

/** What comes within five times the limit. */
async function problemOf (t: Test, url: string, init: RequestInit): Promise<void> {
  const startedAt = performance.now()
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) })
  const problem = await response.json() as { type: string, detail: string }
  t.equal(response.status, 504, problem.detail)
  t.equal(problem.type, '/problems/model-timeout')
  t.match(problem.detail, /^m: .* within 1 s \(ROW_TIMEOUT_SECONDS\), retries included$/)
  const tookMs = performance.now() - startedAt
  t.ok(tookMs < 3_000, `took ${tookMs} ms`)
}

for (const [it, score] of models) {
  t.test(`a model that ${it} ends the request with 504 when a row has had its time`, async t => {
    const model = program({ inputs: { X: 'number' }, outputs: { Y: 'number' }, score })
    const service = await deployed(t, model, { env: { ROW_TIMEOUT_SECONDS: '1' } })
    await problemOf(t, service.scoreUrl(), POST)
    await until(async () => await gauge(service, 'scr_modelops_rows_in_flight'), rows => rows === 0)
    await until(model.running, running => running === 0)
  })
}

t.test('an image -drip of the simulator, whose answers come a byte each half second, ends the request with 504', async t => {
  const service = await deployed(t, 'registry.demo/sr_hmeq_logreg:1.0-drip', {
    env: { ROW_TIMEOUT_SECONDS: '1' }
  })
  await problemOf(t, service.scoreUrl(), { ...POST, body: await keyedRows(40) })
  await until(async () => await gauge(service, 'scr_modelops_rows_in_flight'), rows => rows === 0)
})

t.test('compare ends, too, when one of its revisions has had its time', async t => {
  const drips = program({ inputs: { X: 'number' }, outputs: { OUT_X: 'number' }, score: dripBody })
  const { url } = await twoRevisions(t, echo({ X: 'number' }), drips, { ROW_TIMEOUT_SECONDS: '1' })
  await problemOf(t, `${url}/models/m/compare?challenger=two`, POST)
})

for (
  const [it, path, init] of [
    ['the signature', '/models/m/signature', {}],
    ['a score call', '/models/m/score', POST]
  ] as const
) {
  t.test(`a description that comes byte by byte ends ${it} with 504`, async t => {
    const service = await deployed(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{')
      drip(response, ' ')
    }, { env: { ROW_TIMEOUT_SECONDS: '1' } })
    await problemOf(t, `${service.url}${path}`, init)
  })
}

t.test('a row\'s time does not run while it waits for a place', async t => {
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: async ({ row: { X } }) =>
      await new Promise(resolve => setTimeout(() => resolve({ Y: X }), 300))
  })
  const service = await deployed(t, model, { env: { ROW_TIMEOUT_SECONDS: '1' } })
  const body = `X\n${Array.from({ length: 8 }, (_, row) => `${row}\n`).join('')}`
  const response = await fetch(service.scoreUrl('concurrency=1&columns=outputs'), { ...POST, body })
  t.equal(response.status, 200)
  t.equal(await response.text(),
    `Y,_error\n${Array.from({ length: 8 }, (_, row) => `${row},\n`).join('')}`)
})
