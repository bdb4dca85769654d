import { once } from 'node:events'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { head, openSocket, readAnswer, send } from '../../support/caller.js'
import { deployed, echo, gauge, until, type Deployed } from '../../support/model-program.js'
import { CSV, csvOf, scoredOf, spooling } from './spooling.js'

// Callers who stand still, or nearly so, are let go after UPLOAD_IDLE_SECONDS, whichever way the
// bytes go.

const env = { UPLOAD_IDLE_SECONDS: '1' }
const FORM = { 'content-type': 'multipart/form-data; boundary=b' }
const JSON_TYPE = { 'content-type': 'application/json' }
const PART = '--b\r\nContent-Disposition: form-data; name="columns"\r\n\r\nout'
const packed = gzipSync('X\n' + '1\n'.repeat(100)).subarray(0, 20)

async function startedCall (
  t: Test,
  url: string,
  headers: object,
  begun: string | Buffer
): Promise<Socket> {
  const caller = openSocket(url)
  t.teardown(() => caller.destroy())
  await send(caller, head(url, { ...headers, 'content-length': '1000000' }))
  await send(caller, begun)
  return caller
}

const uploads: ReadonlyArray<
  readonly [what: string, path: string, headers: object, begun: string | Buffer, drip: string]
> = [
  ['a CSV', '/models/m/score', CSV, 'X\n1\n', '1'],
  ['a gzip', '/models/m/score', { ...CSV, 'content-encoding': 'gzip' }, packed, ''],
  ['a JSON body', '/models/m/score', JSON_TYPE, '{"data":{', ' '],
  ['an NDJSON body', '/models/m/score', { 'content-type': 'application/x-ndjson' }, '', ' '],
  ['a form before its first part', '/models/m/score', FORM, '', ''],
  ['a form before its file', '/models/m/score', FORM, PART, 'x'],
  ['a file of a form', '/models/m/score', FORM,
    '--b\r\nContent-Disposition: form-data; name="f"; filename="x.csv"\r\n\r\nX\n1\n', '1'],
  ['a model', '/models', JSON_TYPE, '{"name":', ' '],
  ['a revision', '/models/m/revisions', JSON_TYPE, '{"image":', ' '],
  ['a body of no route', '/nothing', JSON_TYPE, '{', ' ']
]

t.test('an upload that stands still is 408 after the limit', async t => {
  const service = await deployed(t, echo({ X: 'number' }), { env })
  for (const [what, path, headers, begun, drip] of uploads) {
    for (const piece of drip === '' ? [''] : ['', drip]) {
      t.test(`${what}${piece === '' ? '' : ', sent a byte at a time'}`, async t => {
        const startedAt = performance.now()
        const caller = await startedCall(t, `${service.url}${path}`, headers, begun)
        const timer = setInterval(() => {
          if (piece !== '') caller.write(piece)
        }, 200)
        t.teardown(() => clearInterval(timer))
        const { status, body, headers: { connection } } = await readAnswer(caller)
        const { type } = JSON.parse(body) as { type: string }
        t.strictSame([status, type, connection], [408, '/problems/upload-stalled', 'close'])
        const tookMs = performance.now() - startedAt
        t.ok(tookMs < 2_500, `took ${tookMs} ms`)
      })
    }
  }
})

t.test('an upload slower than the service, which waits for its model, does not stand still', async t => {
  const answered = new Promise(resolve => setTimeout(resolve, 3_000))
  const model = echo({ X: 'number' })
  const service = await deployed(t, (request, response) => {
    void (request.method === 'POST' ? answered : Promise.resolve()).then(() =>
      model.listener(request, response)
    )
  }, { env })
  const csv = csvOf(30)
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  await send(caller,
    head(service.scoreUrl('columns=outputs'), { ...CSV, 'content-length': String(csv.length) }))
  await send(caller, csv)
  t.equal((await readAnswer(caller)).status, 200)
})

/** Asks for an answer of many megabytes, and reads no more than its beginning. */
async function unread (t: Test, service: Deployed, rows: number): Promise<Socket> {
  const csv = csvOf(rows)
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  await send(caller, head(service.scoreUrl(), { ...CSV, 'content-length': String(csv.length) }))
  await send(caller, csv)
  caller.once('data', () => caller.pause())
  await once(caller, 'data')
  return caller
}

/**
 * What still comes. Node's own client takes a reset that comes behind bytes for a clean end, or
 * says that it was one.
 */
async function restOf (caller: Socket): Promise<Buffer> {
  const rest: Buffer[] = []
  try {
    for await (const chunk of caller.iterator()) rest.push(chunk as Buffer)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
  }
  return Buffer.concat(rest)
}

const readers: ReadonlyArray<readonly [it: string, env: object, read: (caller: Socket) => void]> = [
  ['never reads its held answer', {}, () => {}],
  ['never reads its streamed answer', { HOLD_SECONDS: '0' }, () => {}],
  ['reads a byte now and then', {}, caller => {
    const timer = setInterval(() => caller.read(1), 100)
    caller.once('close', () => clearInterval(timer))
  }]
]
for (const [it, more, read] of readers) {
  t.test(`a caller who ${it} is reset, and what it held is given back`, async t => {
    const service = await spooling(t, echo({ X: 'number' }), { env: { ...env, ...more } })
    const caller = await unread(t, service, 240)
    read(caller)
    await service.nothingIsLeft()
    const text = (await restOf(caller)).toString('latin1')
    t.notOk(text.endsWith('0\r\n\r\n') || text.endsWith('239,\n'), 'its end did not come')
  })
}

t.test('a place is free once the last row is scored, though the answer is not read', async t => {
  const service = await spooling(t, echo({ X: 'number' }), { env: { MAX_CONCURRENCY: '1' } })
  await unread(t, service, 240)
  t.ok(await gauge(service, 'scr_modelops_spool_bytes') > 0, 'the answer is still there')
  const next = await fetch(service.scoreUrl('columns=outputs'), {
    method: 'POST',
    headers: CSV,
    body: 'X\n1\n'
  })
  t.equal(next.status, 200, await next.text())
})

t.test('a place is free once a request has failed, though its body is still coming', async t => {
  const service = await deployed(t, echo({ X: 'number' }), { env: { MAX_CONCURRENCY: '1' } })
  const caller = await startedCall(t, service.scoreUrl(), CSV, 'Y\n1\n') // columns are missing
  await until(async () => {
    const next = await fetch(service.scoreUrl('columns=outputs'), {
      method: 'POST',
      headers: CSV,
      body: 'X\n1\n'
    })
    await next.text()
    return next.status
  }, status => status === 200)
  t.notOk(caller.destroyed)
})

t.test('a caller who reads slowly, but reads, gets all of its answer', async t => {
  const service = await spooling(t, echo({ X: 'number' }), { env })
  const csv = csvOf(240)
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  await send(caller, head(service.scoreUrl(), { ...CSV, 'content-length': String(csv.length) }))
  await send(caller, csv)
  const slowly = setInterval(() => {
    caller.pause()
    setTimeout(() => caller.resume(), 90)
  }, 100)
  t.teardown(() => clearInterval(slowly))
  const { status, whole, body } = await readAnswer(caller)
  t.equal(status, 200)
  t.ok(whole && body === scoredOf(240), 'the answer is whole')
})
