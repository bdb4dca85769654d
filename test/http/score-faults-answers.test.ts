import t from 'tap'
import { deferred } from '../../src/domain/deferred.js'
import { fileForm, stubbornPost } from '../support/caller.js'
import { checkRows, formulaModel, keyedRows } from '../support/formula.js'
import { answer, deployed } from '../support/model-program.js'

// What can't be cured by asking again must never look like a whole answer.

const ROWS = 600

/** Rubbish for some rows, as a model has that writes NaN into its JSON. */
const rubbish = [
  { it: 'JSON with NaN in it', text: '{"version":1,"data":{"P_BAD1":NaN}}' },
  { it: 'JSON cut short', text: '{"version":1,"data":{"P_BAD1":0.4' },
  { it: 'an empty body', text: '' }
]
for (const { it, text } of rubbish) {
  t.test(`a model that answers ${it} for some rows: a status that says so, and no scored row`, async t => {
    const service = await deployed(t, formulaModel(({ row, response }) => {
      if (row['LOAN'] !== 37000) return undefined
      answer(response, 200, text)
      return 'done'
    }))
    const { status, body } = await stubbornPost(service.scoreUrl(), fileForm(await keyedRows(ROWS)))
    t.equal(status, 502, body.slice(0, 500))
    t.match(JSON.parse(body), { type: '/problems/model-answer-invalid', detail: /^m: / })
  })
}

t.test('the same when the answer already streams: the connection breaks, and the rows before are right', async t => {
  const { promise: streaming, resolve: stream } = deferred()
  const csv = await keyedRows(12) // few, so that the upload's end is read though rows wait
  const bad = Number(csv.split('\n')[10]!.split(',')[8])
  const service = await deployed(t, formulaModel(async ({ row, response, index }) => {
    if (index > 0) await streaming
    if (row['LOAN'] !== bad) return undefined
    answer(response, 200, rubbish[0]!.text)
    return 'done'
  }), { env: { HOLD_SECONDS: '0' } })
  const response = await fetch(service.scoreUrl(), { method: 'POST', headers: { 'content-type': 'text/csv' }, body: csv })
  t.equal(response.status, 200)
  stream()
  const chunks: Uint8Array[] = []
  await t.rejects(async () => {
    for await (const chunk of response.body!) chunks.push(chunk)
  }, 'the answer does not end as a whole one does')
  const got = Buffer.concat(chunks).toString()
  const { wrong, twice, reordered } = checkRows(csv, got.slice(0, got.lastIndexOf('\n') + 1))
  t.strictSame({ wrong: wrong.filter(line => line !== ''), twice, reordered }, { wrong: [], twice: [], reordered: false })
})
