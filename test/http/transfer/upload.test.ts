import { gzipSync } from 'node:zlib'
import t from 'tap'
import { begin, send, startUploads } from './upload-app.js'

const CSV = 'A,B\n1,2\n'
const file = (name = 'file', text = CSV) =>
  [name, new File([text], 'x.csv', { type: 'text/csv' })] as const

function form (...parts: ReadonlyArray<readonly [string, string | File]>): FormData {
  const form = new FormData()
  for (const [name, part] of parts) {
    typeof part === 'string'
      ? form.append(name, part)
      : form.append(name, part)
  }
  return form
}

const types: ReadonlyArray<readonly [type: string, kind: string]> = [
  ['text/csv', 'csv'],
  ['Text/CSV; charset=utf-8', 'csv'],
  ['application/x-www-form-urlencoded', 'csv'],
  ['application/octet-stream', 'csv'],
  ['text/plain', 'csv'],
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson']
]
for (const [type, kind] of types) {
  t.test(`a body of type ${type} is ${kind}`, async t => {
    t.same(await send(await startUploads(t), CSV, { 'content-type': type }), {
      kind,
      fields: {},
      text: CSV,
      size: 8
    })
  })
}

t.test('a body without a type is CSV', async t => {
  const app = await startUploads(t)
  const socket = await begin(t, app, 'Content-Length: 8', CSV)
  await new Promise(resolve => app.server.once('told', resolve))
  t.same(app.told, [{ kind: 'csv', fields: {}, text: CSV, size: 8 }])
  socket.destroy()
})

t.test('a body of another type is refused', async t => {
  t.match(await send(await startUploads(t), CSV, { 'content-type': 'image/png' }), {
    fault: 'media-type-unsupported',
    message: /image\/png/
  })
})

t.test('the one file of a form is the upload, whatever its field is called, and options before it are fields', async t => {
  const sent = form(['columns', 'outputs'], ['delimiter', ';'], file('anything'))
  t.same(await send(await startUploads(t), sent), {
    kind: 'csv',
    fields: { columns: 'outputs', delimiter: ';' },
    text: CSV,
    size: 8
  })
})

const forms: ReadonlyArray<{ it: string, sent: FormData, message: RegExp }> = [
  {
    it: 'an option after the file',
    sent: form(file(), ['columns', 'outputs']),
    message: /form\.columns: comes after the file/
  },
  { it: 'two files', sent: form(file('a'), file('b')), message: /more than one file part/ },
  { it: 'no part', sent: form(), message: /no file part/ },
  { it: 'options alone', sent: form(['columns', 'all']), message: /no file part/ },
  {
    it: 'a CSV as a field without a file name',
    sent: form(['file', CSV]),
    message: /form\.file: looks like a file, but the part has no file name/
  },
  {
    it: 'a long field',
    sent: form(['file', 'x'.repeat(100_000)]),
    message: /form\.file: looks like a file/
  },
  {
    it: 'more fields than there are options',
    sent: form(...Array.from({ length: 60 }, (_, index) => [`f${index}`, 'x'] as const), file()),
    message: /too many/
  }
]
for (const { it, sent, message } of forms) {
  t.test(`a form with ${it} is refused`, async t => {
    t.match(await send(await startUploads(t), sent), { fault: 'request-invalid', message })
  })
}

t.test('a form that ends within its file is incomplete', async t => {
  const body = '--b\r\nContent-Disposition: form-data; name="f"; filename="x.csv"\r\n\r\nA,B\n1,'
  t.match(
    await send(await startUploads(t), body, { 'content-type': 'multipart/form-data; boundary=b' }),
    { fault: 'upload-incomplete' }
  )
})

const large = 'x'.repeat(3_000_000)
for (
  const [it, body, headers] of [['body', large, { 'content-type': 'text/csv' }], ['form',
    form(file('file', large)), {}], ['gzip body', gzipSync(large), {
    'content-type': 'text/csv',
    'content-encoding': 'gzip'
  }]] as const
) {
  t.test(`a ${it} of as many bytes as are allowed comes whole`, async t => {
    const { text, size, fault } = await send(await startUploads(t, { maxBytes: 3_000_000 }), body,
      headers)
    t.equal(fault, undefined)
    t.ok(text === large, 'nothing was cut')
    t.equal(size, 3_000_000)
  })
  t.test(`a ${it} of one byte more is refused, not cut`, async t => {
    t.match(await send(await startUploads(t, { maxBytes: 2_999_999 }), body, headers), {
      fault: 'upload-too-large',
      message: /larger than 2999999 bytes/,
      text: undefined
    })
  })
}

t.test('a gzip body is unpacked', async t => {
  t.match(
    await send(await startUploads(t), gzipSync(CSV), {
      'content-type': 'text/csv',
      'content-encoding': 'gzip'
    }),
    { kind: 'csv', text: CSV }
  )
})

t.test('a gzip body that is cut is refused', async t => {
  const whole = gzipSync(
    Buffer.from(Array.from({ length: 10_000 }, (_, index) =>
      `${index},${Math.sin(index)}\n`).join(''))
  )
  t.match(
    await send(await startUploads(t), whole.subarray(0, whole.length / 2), {
      'content-type': 'text/csv',
      'content-encoding': 'gzip'
    }),
    { fault: 'request-unreadable', message: /not gzip/ }
  )
})

t.test('a body that only says it is gzip is refused', async t => {
  t.match(
    await send(await startUploads(t), CSV, {
      'content-type': 'text/csv',
      'content-encoding': 'gzip'
    }),
    { fault: 'request-unreadable', message: /not gzip/ }
  )
})

t.test('another encoding is refused', async t => {
  t.match(
    await send(await startUploads(t), CSV, {
      'content-type': 'text/csv',
      'content-encoding': 'br'
    }),
    { fault: 'media-type-unsupported', message: /br/ }
  )
})

const PART = '--b\r\nContent-Disposition: form-data; name="f"; filename="x.csv"\r\n\r\nA,B\n1,2\n'
for (
  const [it, head, body] of [
    ['body', 'Content-Type: text/csv\r\nContent-Length: 1000', CSV],
    ['form', 'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000', PART],
    ['gzip body', 'Content-Type: text/csv\r\nContent-Encoding: gzip\r\nContent-Length: 1000',
      gzipSync(CSV).subarray(0, 15)]
  ] as const
) {
  t.test(`a ${it} that stands still is given up`, async t => {
    const app = await startUploads(t, { idleMs: 100 })
    const told = new Promise(resolve => app.server.once('told', resolve))
    await begin(t, app, head, body)
    await told
    t.match(app.told, [{ fault: 'upload-stalled', message: /stood still for 0.1 s/ }])
  })

  t.test(`a caller that leaves within its ${it} ends the reading`, async t => {
    const app = await startUploads(t)
    const told = new Promise(resolve => app.server.once('told', resolve))
    const begun = new Promise(resolve => app.server.once('request', resolve))
    const socket = await begin(t, app, head, body)
    await begun
    socket.destroy()
    await told
    t.match(app.told, [{ fault: 'caller-gone' }])
  })
}
