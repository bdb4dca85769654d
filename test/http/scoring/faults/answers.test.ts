import t from 'tap'
import { deferred } from '../../../../src/async/deferred.js'
import { fileForm, stubbornPost } from '../../../support/caller.js'
import { checkRows, formulaModel, keyedRows } from '../../../support/data/formula.js'
import { answer, deployed } from '../../../support/model-program.js'

// What can't be cured by asking again must never look like a score, or like a whole answer.

const ROWS = 600

/** Rubbish for some rows, as a model has that writes NaN into its JSON. */
const rubbish = [
  {
    it: 'JSON with NaN in it',
    text: '{"version":1,"data":{"P_BAD1":NaN}}',
    says: /NaN is not a number/
  },
  { it: 'JSON cut short', text: '{"version":1,"data":{"P_BAD1":0.4', says: /which is not JSON/ },
  { it: 'an empty body', text: '', says: /the model answered nothing/ }
]
for (const { it, text, says } of rubbish) {
  t.test(`a model that answers ${it} for some rows: these rows fail with it, and the others are right`, async t => {
    const csv = await keyedRows(ROWS)
    const isBad = (line: string) => line.split(',')[8] === '37000'
    const service = await deployed(t, formulaModel(({ row, response }) => {
      if (row['LOAN'] !== 37000) return undefined
      answer(response, 200, text)
      return 'done'
    }))
    const { status, headers, body } = await stubbornPost(service.scoreUrl(), fileForm(csv))
    const bad = csv.trimEnd().split('\n').filter(isBad).length
    t.strictSame([status, headers['scoring-failed']], [200, String(bad)])
    const [head, ...lines] = body.trimEnd().split('\n')
    t.equal(lines.filter(isBad).filter(line => says.test(line) && /,,,,,,,,/.test(line)).length,
      bad, 'no score, and the reason')
    const [inputHead, ...inputLines] = csv.trimEnd().split('\n')
    const good = (first: string, rest: readonly string[]) =>
      [first, ...rest.filter(line => !isBad(line)), ''].join('\n')
    t.strictSame(checkRows(good(inputHead!, inputLines), good(head!, lines)).wrong, [])
  })
}

t.test('a model that goes away while the answer streams: the connection breaks, and the rows before are right', async t => {
  const { promise: streaming, resolve: stream } = deferred()
  const csv = await keyedRows(12) // few, so that the upload's end is read though rows wait
  const bad = Number(csv.split('\n')[10]!.split(',')[8])
  const service = await deployed(t, formulaModel(async ({ row, response, index }) => {
    if (index > 0) await streaming
    if (row['LOAN'] !== bad) return undefined
    response.writeHead(502, { 'content-type': 'text/plain' }).end('EOF\n')
    return 'done'
  }), { env: { HOLD_SECONDS: '0', ROW_TIMEOUT_SECONDS: '1' } })
  const response = await fetch(service.scoreUrl(), {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: csv
  })
  t.equal(response.status, 200)
  stream()
  const chunks: Uint8Array[] = []
  await t.rejects(async () => {
    for await (const chunk of response.body!) chunks.push(chunk)
  }, 'the answer does not end as a whole one does')
  const got = Buffer.concat(chunks).toString()
  const { wrong, twice, reordered } = checkRows(csv, got.slice(0, got.lastIndexOf('\n') + 1))
  t.strictSame({ wrong: wrong.filter(line => line !== ''), twice, reordered }, {
    wrong: [],
    twice: [],
    reordered: false
  })
})
