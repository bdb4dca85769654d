import { once } from 'node:events'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { deferred } from '../../../src/async/deferred.js'
import { head, openSocket, readAnswer, send, stubbornPost } from '../../support/caller.js'
import { echo, gauge, program, until, type Program } from '../../support/model-program.js'
import { CSV, csvOf, scoredOf, spooling } from '../transfer/spooling.js'

// However a request ends, the disk is given back, no name is left in the folder and no file is left
// open.

/** Answers as echo does, up to a row, which waits for the test. */
function waitingAt (
  row: number,
  then: 'answer' | 'cut' = 'answer'
): { model: Program, go: () => void } {
  const { promise: going, resolve: go } = deferred()
  const model = program({
    inputs: { X: 'number' },
    outputs: { OUT_X: 'number' },
    async score ({ row: { X }, request }) {
      if (X !== row) return { OUT_X: X }
      await going
      if (then === 'answer') return { OUT_X: X }
      request.socket.destroy()
      return undefined
    }
  })
  return { model, go }
}

t.test('a caller that reads slowly gets all of it', async t => {
  const service = await spooling(t, echo({ X: 'number' }))
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  const csv = csvOf(120)
  await send(caller, head(service.scoreUrl(), { ...CSV, 'content-length': String(csv.length) }))
  await send(caller, csv)
  await until(async () => await gauge(service, 'scr_modelops_rows_in_flight'), rows => rows === 0)
  const slowly = setInterval(() => {
    caller.pause()
    setTimeout(() => caller.resume(), 30)
  }, 40)
  t.teardown(() => clearInterval(slowly))
  const { status, whole, body } = await readAnswer(caller)
  t.equal(status, 200)
  t.ok(whole && body === scoredOf(120), 'the answer is whole')
  await service.nothingIsLeft()
})

t.test('a caller that leaves its answer half read gives the disk back', async t => {
  const service = await spooling(t, echo({ X: 'number' }))
  const caller = openSocket(service.url)
  const csv = csvOf(120)
  await send(caller, head(service.scoreUrl(), { ...CSV, 'content-length': String(csv.length) }))
  await send(caller, csv)
  await once(caller, 'data')
  caller.destroy()
  await service.nothingIsLeft()
})

t.test('a service that stops does not wait for a caller that does not read', async t => {
  const service = await spooling(t, echo({ X: 'number' }))
  const caller = openSocket(service.url)
  const csv = csvOf(240)
  await send(caller, head(service.scoreUrl(), { ...CSV, 'content-length': String(csv.length) }))
  await send(caller, csv)
  await once(caller, 'data')
  caller.pause()
  await service.stop()
  t.equal((await readAnswer(caller).catch(() => ({ whole: false }))).whole, false)
})

for (
  const [it, protocol, headers] of [['', 'HTTP/1.1', {}], [' over HTTP/1.0', 'HTTP/1.0', {}], [
    ' as gzip',
    'HTTP/1.1',
    { 'accept-encoding': 'gzip' }
  ]] as const
) {
  t.test(`an answer${it} that is broken off ends in a reset and does not look whole`, async t => {
    const { model, go } = waitingAt(50, 'cut')
    const service = await spooling(t, model, {
      env: { HOLD_SECONDS: '0' },
      fields: { retrySafe: false }
    })
    const caller = openSocket(service.url)
    t.teardown(() => caller.destroy())
    const ended = new Promise<string>(resolve =>
      caller.once('error', error => resolve((error as NodeJS.ErrnoException).code ?? '')).once(
        'end',
        () => resolve('a clean end')
      )
    )
    const csv = csvOf(80)
    await send(caller,
      head(service.scoreUrl(), { ...CSV, ...headers, 'content-length': String(csv.length) })
        .replace('HTTP/1.1', protocol))
    const chunks: Buffer[] = []
    caller.on('data', chunk => chunks.push(chunk))
    await send(caller, csv)
    // All that was scored has come: Node's own client takes a reset that comes together with bytes
    // for a clean end.
    let [seen, same] = [0, 0]
    await until(() => {
      same = chunks.length > 0 && chunks.length === seen ? same + 1 : 0
      seen = chunks.length
      return same
    }, times => times === 10)
    go()
    t.equal(await ended, 'ECONNRESET')
    const bytes = Buffer.concat(chunks)
    t.match(bytes.toString('latin1'), /^HTTP\/1.1 200 /)
    t.notOk(bytes.toString('latin1').endsWith('0\r\n\r\n'), 'without the last chunk')
    await service.nothingIsLeft()
  })
}

t.test('a disk too small is 507 while the status is held, and gives it back', async t => {
  const service = await spooling(t, echo({ X: 'number' }), { env: { SPOOL_MAX_BYTES: '3000000' } })
  const { status, body } = await stubbornPost(service.scoreUrl(), { headers: CSV, body: csvOf(60) })
  t.equal(status, 507, body)
  await service.nothingIsLeft()
})

t.test('an answer that streams needs no more disk, however long it gets', async t => {
  const service = await spooling(t, echo({ X: 'number' }), {
    env: { SPOOL_MAX_BYTES: '3000000', HOLD_SECONDS: '0' }
  })
  const response = await fetch(service.scoreUrl(), {
    method: 'POST',
    headers: { ...CSV, 'content-encoding': 'gzip' },
    body: gzipSync(csvOf(120))
  })
  t.equal(response.status, 200)
  t.ok(await response.text() === scoredOf(120), 'the answer is whole')
  await service.nothingIsLeft()
})

t.test('who asks for gzip gets a length, the counts, and the same rows', async t => {
  const service = await spooling(t, echo({ X: 'number' }))
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  const packed = gzipSync(csvOf(120))
  await send(caller,
    head(service.scoreUrl(), {
      ...CSV,
      'accept-encoding': 'gzip',
      'content-encoding': 'gzip',
      'content-length': String(packed.length)
    }))
  await send(caller, packed)
  const chunks: Buffer[] = []
  for await (const chunk of caller as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    const [, length = 'none'] = /content-length: (\d+)/.exec(String(chunks[0])) ?? []
    const bytes = Buffer.concat(chunks)
    const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
    if (body.length < Number(length)) continue
    t.match(String(chunks[0]),
      /content-encoding: gzip\r\n[^]*vary: accept-encoding\r\n|vary: accept-encoding\r\n[^]*content-encoding: gzip\r\n/)
    t.match(String(chunks[0]), /scoring-rows: 120\r\n/)
    t.ok(String(gunzipSync(body)) === scoredOf(120), 'the rows are the same')
    break
  }
  await service.nothingIsLeft()
})

t.test('a problem is never sent as gzip', async t => {
  const service = await spooling(t, echo({ X: 'number' }))
  const answer = await stubbornPost(service.scoreUrl('onError=fail'), {
    headers: { ...CSV, 'accept-encoding': 'gzip' },
    body: 'X\nx\n'
  })
  t.equal(answer.status, 422)
  t.equal(answer.headers['content-encoding'], undefined)
  t.match(JSON.parse(answer.body), { type: '/problems/row-invalid' })
})
