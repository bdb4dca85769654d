import { readdir } from 'node:fs/promises'
import t from 'tap'
import { head, openSocket, stubbornPost } from '../../../support/caller.js'
import { deployed, gauge, program } from '../../../support/model-program.js'
import { folder } from '../../../support/service.js'

t.test('an upload is not read far ahead of the scoring', async t => {
  const never = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: () => undefined
  })
  const service = await deployed(t, never)
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  const line = `1,${'n'.repeat(60)}\n`
  caller.write(
    head(service.scoreUrl(), { 'content-type': 'text/csv', 'content-length': '1000000000' }) +
      'X,NOTE\n'
  )
  for (let bytes = 0; bytes < 100_000_000; bytes += 1_000_000) {
    caller.write(line.repeat(Math.ceil(1_000_000 / line.length)))
  }
  await never.called
  let accepted = -1
  for (let still = 0; still < 20;) { // a second without a byte: nobody reads
    await new Promise(resolve => setTimeout(resolve, 50))
    const now = caller.bytesWritten - caller.writableLength
    still = now === accepted ? still + 1 : 0
    accepted = now
  }
  t.ok(accepted < 25_000_000,
    `${accepted} of 100,000,000 bytes were taken, most of them by the system's own buffers`)
  t.ok(never.asked.length <= 32, `${never.asked.length} rows are in flight`)
})

t.test('an answer that waits goes to disk under no name, and is gone after it was sent', async t => {
  const SPOOL_DIR = await folder(t)
  const heldBytes: number[] = []
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    async score ({ row, index }) {
      if (index === 499) heldBytes.push(await gauge(service, 'scr_modelops_spool_bytes'))
      return { Y: row['X'] }
    }
  })
  const service = await deployed(t, model, { env: { SPOOL_DIR } })
  const csv = 'X,NOTE\n' +
    Array.from({ length: 500 }, (_, row) => `${row},${'n'.repeat(10_000)}\n`).join('')
  const { status, body } = await stubbornPost(service.scoreUrl('concurrency=1&onError=fail'), {
    headers: { 'content-type': 'text/csv' },
    body: csv
  })
  t.equal(status, 200)
  t.ok(heldBytes[0]! > 3_000_000, `${heldBytes[0]} bytes were on disk`)
  t.ok(body === csv.replaceAll(/^(\d+)(,n+)$/gm, '$1$2,$1').replace('NOTE', 'NOTE,Y'),
    'the answer is whole')
  t.equal(await gauge(service, 'scr_modelops_spool_bytes'), 0)
  t.strictSame(await readdir(SPOOL_DIR), [])
})

t.test('an answer beyond SPOOL_MAX_BYTES is 507 and gives the disk back', async t => {
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: ({ row }) => ({ Y: row['X'] })
  })
  const service = await deployed(t, model, { env: { SPOOL_MAX_BYTES: '2000000' } })
  const csv = 'X,NOTE\n' +
    Array.from({ length: 500 }, (_, row) => `${row},${'n'.repeat(10_000)}\n`).join('')
  const post = async (query: string) =>
    await stubbornPost(service.scoreUrl(query), {
      headers: { 'content-type': 'text/csv' },
      body: csv
    })
  const refused = await post('')
  t.equal(refused.status, 507)
  t.equal(refused.headers['retry-after'], undefined, 'alone, it would not fit later either')
  t.match(JSON.parse(refused.body), {
    type: '/problems/spool-full',
    detail: /more than the 1600000 bytes .* SPOOL_MAX_BYTES is 2000000, other requests hold 0/,
    remedy: /columns=.*gzip.*SPOOL_MAX_BYTES/
  })
  t.equal(await gauge(service, 'scr_modelops_spool_bytes'), 0)
  t.equal((await post('columns=outputs')).status, 200, 'fewer columns fit')
})
