import t from 'tap'
import { readCsv } from '../../../src/domain/scoring/tables/csv-rows.js'
import { DomainError } from '../../../src/domain/errors.js'
import type { Upload } from '../../../src/http/transfer/upload.js'
import { never } from '../../domain/scoring/support.js'
import { answerOn, begin, startUploads } from './upload-app.js'

const BODY = Buffer.from('A,B\n' + '1,2\n'.repeat(5_000_000))
const PART = '--b\r\nContent-Disposition: form-data; name="f"; filename="x.csv"\r\n\r\n'
const bodies = {
  'raw body': [`Content-Type: text/csv\r\nContent-Length: ${BODY.length}`, BODY],
  form: [
    `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${
      PART.length + BODY.length + 9
    }`,
    Buffer.concat([Buffer.from(PART), BODY, Buffer.from('\r\n--b--\r\n')])
  ]
} as const

const readers: ReadonlyArray<readonly [it: string, read: (upload: Upload) => Promise<string>]> = [
  ['nothing of it was read', async () => 'done'],
  ['its reader failed after a piece', async ({ bytes }) => {
    for await (const piece of bytes) { if (piece.length > 0) throw new DomainError('csv-invalid', 'line 1') }
    return 'done'
  }],
  ['its reader stopped without closing', async ({ bytes }) => {
    await bytes[Symbol.asyncIterator]().next()
    return 'done'
  }],
  ['only its header was read as CSV', async ({ bytes }) => {
    await readCsv(bytes, { delimiter: ',' }, never())
    return 'done'
  }],
  ['some of its rows were read as CSV', async ({ bytes }) => {
    const { rows } = await readCsv(bytes, { delimiter: ',' }, never())
    for await (const batch of rows) if (batch.some(({ line }) => line > 20_000)) break
    return 'done'
  }]
]

for (const [kind, [head, body]] of Object.entries(bodies)) {
  for (const [it, read] of readers) {
    t.test(`a client that writes a ${kind} of 20 MB before it reads sees its answer although ${it}`,
      { timeout: 20_000 }, async t => {
        const app = await startUploads(t, {}, read)
        const socket = await begin(t, app, head, '')
        await new Promise<void>((resolve, reject) =>
          socket.once('error', reject).write(body, error => error ? reject(error) : resolve())
        )
        const answer = await answerOn(socket)
        t.match(answer, /^HTTP\/1.1 200 /)
        t.notMatch(answer, /connection: close/, 'all of the body was read')
      })
  }
}

t.test('more than is allowed is not read to its end, and the connection closed', async t => {
  const app = await startUploads(t, { maxBytes: 1_000_000 })
  const socket = await begin(t, app, bodies['raw body'][0], BODY.subarray(0, 5_000_000))
  t.match(await answerOn(socket), /connection: close[^]*upload-too-large/)
})

t.test('a body that stands still is not waited for longer than the limit', async t => {
  const app = await startUploads(t, { idleMs: 100 }, async () => 'done')
  const socket = await begin(t, app, bodies['raw body'][0], 'A,B\n')
  t.match(await answerOn(socket), /connection: close[^]*done/)
})
