import { once } from 'node:events'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import type { RequestListener } from 'node:http'
import http from 'node:http'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { fromStatus, fromTransport } from '../../../src/adapters/scr/errors.js'
import type { Answer } from '../../../src/adapters/scr/exchange.js'
import { Pools } from '../../../src/adapters/scr/pools.js'
import type { DomainError } from '../../../src/domain/errors.js'
import { never } from '../../domain/scoring/support.js'

const BODY = Buffer.from('{"data":{"P":0.5}}')

async function listening (t: Test, server: net.Server): Promise<string> {
  t.teardown(() => {
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function asked (t: Test, listener: RequestListener): Promise<Answer> {
  const server = http.createServer(listener)
  t.teardown(() => {
    server.closeAllConnections()
  })
  return await call(t, await listening(t, server))
}

async function call (t: Test, url: string): Promise<Answer> {
  const pools = new Pools({ connections: 1 })
  t.teardown(async () => {
    await pools.close()
  })
  return await pools.call(url, { path: '/', method: 'POST', body: '{}', limitMs: 60_000 }, never())
}

/** What an answer with these bytes and codings fails with, in the domain's terms. */
async function failure (
  t: Test,
  coding: string,
  bytes: Buffer,
  status = 200
): Promise<DomainError> {
  const answer = asked(t, (_request, response) => {
    response.writeHead(status, { 'content-encoding': coding }).end(bytes)
  })
  const error = await answer.then(() => new Error('it was read'), (error: unknown) => error)
  return fromTransport(error, 'm') as DomainError
}

t.test('an answer of 200,000 chunks of a byte is read in a time that grows with its length', async t => {
  const size = 200_000
  const url = await listening(t, net.createServer(socket => {
    socket.on('error', () => {}).once('data', () => {
      const chunks = '1\r\nx\r\n'.repeat(size)
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)
    })
  }))
  const startedAt = performance.now()
  const { bytes } = await call(t, url)
  t.equal(bytes.length, size)
  t.ok(bytes.every(byte => byte === 0x78), 'all of them as they were sent')
  const tookMs = performance.now() - startedAt
  t.ok(tookMs < 5_000, `took ${tookMs} ms; a copy of all for each chunk takes 20 s and more`)
})

t.test('the chunks of an answer are put together in their order', async t => {
  const pieces = Array.from({ length: 3_000 }, (_, at) => `${at},`)
  const { bytes } = await asked(t, async (_request, response) => {
    for (const piece of pieces) if (!response.write(piece)) await once(response, 'drain')
    response.end()
  })
  t.equal(bytes.toString(), pieces.join(''))
})

t.test('of an answer\'s headers come those that are read, one that came twice in one text', async t => {
  const { headers } = await asked(t, (_request, response) => {
    response.writeHead(302, [
      'content-type',
      'text/html',
      'location',
      '/a',
      'retry-after',
      '7',
      'retry-after',
      '8',
      'x-other',
      'y'
    ]).end()
  })
  const read = { 'content-type': 'text/html', location: '/a', 'retry-after': '7, 8' }
  t.strictSame({ ...headers }, read)
})

t.test('a model is asked not to pack its answer', async t => {
  const { bytes } = await asked(t, (request, response) => {
    response.end(request.headers['accept-encoding'])
  })
  t.equal(bytes.toString(), 'identity')
})

const packings = [
  ['gzip', gzipSync(BODY)],
  ['x-gzip', gzipSync(BODY)],
  ['GZIP', gzipSync(BODY)],
  ['gzip', Buffer.concat([gzipSync(BODY.subarray(0, 5)), gzipSync(BODY.subarray(5))])],
  ['deflate', deflateSync(BODY)],
  ['deflate', deflateRawSync(BODY)],
  ['br', brotliCompressSync(BODY)],
  ['identity', BODY],
  ['deflate, gzip', gzipSync(deflateSync(BODY))],
  ['identity, gzip', gzipSync(BODY)]
] as const
for (const [at, [coding, bytes]] of packings.entries()) {
  t.test(`an answer packed as ${coding} is unpacked (${at})`, async t => {
    const answer = await asked(t, (_request, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(bytes)
    })
    t.equal(answer.bytes.toString(), BODY.toString())
  })
}

t.test('an answer without a body has none, whatever its content-encoding says', async t => {
  const { status, bytes } = await asked(t, (_request, response) => {
    response.writeHead(503, { 'content-encoding': 'gzip' }).end()
  })
  t.strictSame([status, bytes.length], [503, 0])
})

const bomb = gzipSync(Buffer.alloc(9 * 1024 * 1024))
const unreadables = [
  ['larger than 8388608 bytes when unpacked', 'gzip', bomb,
    /larger than 8388608 bytes when unpacked/],
  ['a bomb within a bomb', 'gzip, gzip', gzipSync(bomb), /larger than 8388608 bytes when unpacked/],
  ['cut gzip', 'gzip', gzipSync(BODY).subarray(0, -4),
    /not whole gzip data: unexpected end of file/],
  ['damaged gzip', 'gzip', Buffer.from('{"data":{}}'),
    /not whole gzip data: incorrect header check/],
  ['gzip with bytes behind it', 'gzip', Buffer.concat([gzipSync(BODY), BODY]), /gzip data/],
  ['zlib data with bytes behind it', 'deflate', Buffer.concat([deflateSync(BODY), BODY]),
    /bytes after its/],
  ['cut brotli', 'br', brotliCompressSync(BODY).subarray(0, -4), /not whole br data/],
  ['packed as nobody knows', 'zstd', BODY, /content-encoding "zstd"/],
  ['packed too often', 'gzip, gzip, gzip, gzip', BODY, /packed 4 times/]
] as const
for (const [what, coding, bytes, words] of unreadables) {
  t.test(`an answer that is ${what} is no answer, and says so`, async t => {
    const { fault, message } = await failure(t, coding, bytes)
    t.equal(fault, 'row-answer-invalid')
    t.match(message, words)
  })
}

t.test('the status of an overload counts, though what was said with it can\'t be unpacked', async t => {
  const { fault, message } = await failure(t, 'gzip', Buffer.from('no gzip'), 429)
  t.equal(fault, fromStatus(429, '', 'm').fault)
  t.match(message, 'not whole gzip data')
})
