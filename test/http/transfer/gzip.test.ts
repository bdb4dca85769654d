import assert from 'node:assert/strict'
import { createGunzip, gunzipSync, gzipSync } from 'node:zlib'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { deferred } from '../../../src/async/deferred.js'
import {
  acceptedCoding,
  gunzipBytes,
  gzipPieces
} from '../../../src/http/transfer/gzip.js'

async function whole (chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

async function * cutInto (bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const headers: ReadonlyArray<readonly [header: string | undefined, accepted: boolean]> = [
  [undefined, false],
  ['', false],
  ['identity', false],
  ['gzip', true],
  ['GZIP', true],
  ['gzip, deflate, br', true],
  ['deflate, br', false],
  ['gzip;q=0', false],
  ['gzip; q=0.5', true],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0, *', false],
  ['x-gzip', true],
  ['gzip;q=0.5, identity', false],
  ['gzip, identity;q=0.5', true],
  ['gzip;q=x', false],
  ['X-GZIP;q=0.8, identity;q=0.1', true],
  ['x-gzip;q=0, *', false],
  ['identity;q=0, *', true],
  ['gzip;q=0.001', true],
  ['gzip;q=0, identity', false]
]
for (const [header, accepted] of headers) {
  t.test(`Accept-Encoding ${header ?? 'that is not there'} ${accepted ? 'asks' : 'does not ask'} for gzip`, async t => {
    t.equal(acceptedCoding(header) === 'gzip', accepted)
  })
}

const refusing = ['*;q=0', 'identity;q=0', 'identity;q=0, br', 'gzip;q=0, identity;q=0',
  'gzip;q=0, *;q=0']
for (const header of refusing) {
  t.test(`Accept-Encoding ${header} leaves nothing that can be sent`, async t => {
    t.equal(acceptedCoding(header), undefined)
  })
}
for (const header of ['br', 'gzip;q=0', 'gzip;q=0, *;q=0, identity;q=0.5', 'deflate;q=0']) {
  t.test(`Accept-Encoding ${header} gets the answer as it is`, async t => {
    t.equal(acceptedCoding(header), 'identity')
  })
}

t.test('texts come back from gzip, and gzip of any members, cut anywhere, comes back as it was', async t => {
  await t.resolves(
    fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 2_000 })),
        fc.integer({ min: 1, max: 500 }), async (texts, cut) => {
          const packed = await whole(gzipPieces(Readable.from(texts)))
          assert.equal(String(gunzipSync(packed)), texts.join(''))
          const members = Buffer.concat([packed, ...texts.map(text => gzipSync(text))])
          assert.equal(String(await whole(gunzipBytes(cutInto(members, cut)))),
            texts.join('') + texts.join(''))
        }),
      { numRuns: 100 }
    )
  )
})

t.test('a piece can be unpacked before the next is made', async t => {
  const { promise: go, resolve } = deferred()
  const unpacked = gzipPieces((async function * () {
    yield 'A,B\n1,2\n'
    await go
    yield '3,4\n'
  })())
  const gunzip = createGunzip()
  Readable.from(unpacked).pipe(gunzip)
  const pieces = gunzip[Symbol.asyncIterator]()
  t.equal(String((await pieces.next()).value), 'A,B\n1,2\n')
  resolve()
  t.equal(String((await pieces.next()).value), '3,4\n')
})

t.test('a failure of the pieces ends the gzip with it', async t => {
  const failing = (async function * () {
    yield 'A,B\n'
    throw new Error('the model left')
  })()
  await t.rejects(whole(gzipPieces(failing)), { message: 'the model left' })
})

t.test('who stops reading ends what makes the pieces', async t => {
  const { promise: ended, resolve } = deferred()
  const endless = (async function * () {
    try {
      while (true) yield String(Math.random()).repeat(1_000)
    } finally {
      resolve()
    }
  })()
  for await (const bytes of gzipPieces(endless)) if (bytes.length > 0) break
  await t.resolves(ended)
})

const member = gzipSync('A,B\n1,2\n')
const damaged: ReadonlyArray<readonly [it: string, bytes: Buffer]> = [
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('A,B\n')],
  ['a cut member', member.subarray(0, 15)],
  ['a member without its last byte', member.subarray(0, -1)],
  ['a member and a cut one', Buffer.concat([member, member.subarray(0, 15)])],
  ['a member and text', Buffer.concat([member, Buffer.from('3,4\n')])],
  ['a member, zeros and a member', Buffer.concat([member, Buffer.alloc(8), member])],
  ['a wrong checksum',
    Buffer.concat([member.subarray(0, -8), Buffer.alloc(4), member.subarray(-4)])]
]
for (const [it, bytes] of damaged) {
  for (const cut of [1, 1_000]) {
    t.test(`${it} is not taken for whole gzip, in pieces of ${cut}`, async t => {
      await t.rejects(whole(gunzipBytes(cutInto(bytes, cut))))
    })
  }
}
