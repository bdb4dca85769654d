import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { fileForm, stubbornPost } from '../../../support/caller.js'
import { formulaModel, hasRightRows, keyedRows } from '../../../support/data/formula.js'
import { deployed, type Asked } from '../../../support/model-program.js'

// The platform in front of a model fails for a while, in the middle of a file. No row may be lost,
// doubled, moved or wrong.

const ROWS = 900
/** The failing begins with this call. */
const FROM = 300
const BURST_MS = 500

const plain = (status: number, text: string) => ({ response }: Asked) => {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
}
const bursts: Readonly<Record<string, (asked: Asked) => void>> = {
  'a 502 of the ingress': plain(502, 'EOF\n'),
  'queue-proxy\'s 503': plain(503, 'pending request queue full\n'),
  'a 500 without a body': ({ response }) => {
    response.writeHead(500, { 'content-length': 0 }).end()
  },
  'a reset before the answer': ({ request }) => {
    request.socket.resetAndDestroy()
  },
  'a reset within the answer': ({ response, request }) => {
    response.writeHead(200, { 'content-length': 500 }).write('{"data":{"P_BAD1":0.5')
    setImmediate(() => request.socket.resetAndDestroy())
  }
}
const kinds = Object.values(bursts)
const all: typeof bursts = {
  ...bursts,
  'all of these by turns': asked => kinds[asked.index % kinds.length]!(asked)
}

for (const [what, fail] of Object.entries(all)) {
  t.test(`${BURST_MS} ms in which every call meets ${what}: every row comes back, once, in its place and right`, async t => {
    let began = Infinity
    let failures = 0
    const model = formulaModel(asked => {
      if (asked.index === FROM) began = performance.now()
      if (asked.index < FROM || performance.now() - began > BURST_MS) return undefined
      failures++
      fail(asked)
      return 'done'
    })
    const service = await deployed(t, model)
    const csv = await keyedRows(ROWS)
    hasRightRows(t, csv,
      await stubbornPost(service.scoreUrl(), fileForm(csv)))
    t.ok(failures > 0, `${failures} calls failed`)
  })
}

// 100 times the latency for ten seconds, at a tenth of the time: what the service does about it
// does not depend on the scale.
t.test('a second in which each call takes a hundred times as long: every row comes back, once, in its place and right', async t => {
  const [usualMs, slowMs, lastsMs] = [2, 200, 1_000]
  let began = Infinity
  let slow = 0
  const model = formulaModel(async ({ index }) => {
    if (index === FROM) began = performance.now()
    const isSlow = index >= FROM && performance.now() - began < lastsMs
    if (isSlow) slow++
    await pause(isSlow ? slowMs : usualMs)
    return undefined
  })
  const service = await deployed(t, model)
  const csv = await keyedRows(ROWS)
  hasRightRows(t, csv,
    await stubbornPost(service.scoreUrl(), fileForm(csv)))
  t.equal(model.asked.length, ROWS, 'no row was asked twice')
  t.ok(slow > 0, `${slow} calls were slow`)
})
