import t from 'tap'
import { fileForm, stubbornPost } from '../../../support/caller.js'
import { checkRows, keyedRows } from '../../../support/data/formula.js'
import { deployed } from '../../../support/model-program.js'

// The simulator's images that answer oddly, as a user can deploy them.

const ROWS = 40
const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'

for (const suffix of ['lowercase', 'quoted', 'gzip', 'bom']) {
  t.test(`the answers of an image -${suffix} are read like others`, async t => {
    const service = await deployed(t, `${IMAGE}-${suffix}`)
    const csv = await keyedRows(ROWS)
    const { status, headers, body } = await stubbornPost(service.scoreUrl(), fileForm(csv))
    t.strictSame([status, headers['scoring-failed'], checkRows(csv, body).wrong], [200, '0', []])
  })
}

t.test('what an image -extra answers beside its outputs is carried and told', async t => {
  const service = await deployed(t, `${IMAGE}-extra`)
  const { headers, body } = await stubbornPost(service.scoreUrl('columns=outputs'),
    fileForm(await keyedRows(ROWS)))
  t.equal(headers['scoring-undeclared'], 'UNDECLARED')
  const [head, ...lines] = body.trimEnd().split('\n')
  t.match(head, /,UNDECLARED,_error$/)
  t.strictSame(lines.filter(line => !line.endsWith(',1,')), [])
})

const failing: Readonly<Record<string, RegExp>> = {
  nan: /NaN is not a number in JSON/,
  wordy:
    /answered ""unknown"" for the output EM_EVENTPROBABILITY, which is a number|answered ""unknown"" for the output/,
  lacking: /the model did not answer the output EM_CLASSIFICATION/,
  twice: /the name ""EM_CLASSIFICATION"" is there twice/,
  failed: /its executionState is ""failed""/,
  errordoc: /answered an error: The score code ended with an error\./,
  cut: /which is not JSON: it ends too early/,
  latin1: /an answer that is not UTF-8 text/
}
for (const [suffix, says] of Object.entries(failing)) {
  t.test(`each fifth row of an image -${suffix} fails and says why, and the others are right`, async t => {
    const service = await deployed(t, `${IMAGE}-${suffix}`)
    const csv = await keyedRows(ROWS)
    const { status, headers, body } = await stubbornPost(service.scoreUrl('concurrency=1'),
      fileForm(csv))
    const lines = body.trimEnd().split('\n')
    const failed = new Set(lines.flatMap((line, index) => says.test(line) ? [index] : []))
    t.strictSame([status, headers['scoring-failed'], failed.size], [200, '8', 8])
    t.strictSame(lines.filter((_, index) => failed.has(index) && !/,{8,}/.test(lines[index]!)), [],
      'a failed row has no score')
    const without = (text: string) =>
      text.trimEnd().split('\n').filter((_, index) => !failed.has(index)).join('\n') + '\n'
    t.strictSame(checkRows(without(csv), without(body)).wrong, [])
  })
}

t.test('an image -page is no model: the request ends, and says what it answered', async t => {
  const service = await deployed(t, `${IMAGE}-page`)
  const { status, body } = await stubbornPost(service.scoreUrl(), fileForm(await keyedRows(ROWS)))
  t.equal(status, 502)
  t.match(body, /again and again the model answered .*<!doctype html>/)
})
