import t from 'tap'
import { fileForm, form, stubbornPost } from '../../../support/caller.js'
import { deployed, echo } from '../../../support/model-program.js'

// PROC HTTP with IN=MULTI: HTTP/1.1, one file part, the whole body written before the answer is
// read.

const ROWS = 2_000
const NOTE = 'n'.repeat(10 * 1024)
/** 20 MB, most of it in a column that the model does not take. */
const csv = 'X,NOTE\n' + Array.from({ length: ROWS }, (_, row) => `${row},${NOTE}${row}\n`).join('')

t.test('an upload of 20 MB whose answer is as large is answered with 200 and every row in order', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  const answer = await stubbornPost(service.scoreUrl(), fileForm(csv))
  t.equal(answer.status, 200)
  t.equal(answer.headers['content-type'], 'text/csv; charset=utf-8; header=present')
  t.equal(answer.headers['scoring-rows'], String(ROWS))
  const expected = 'X,NOTE,OUT_X,_error\n' +
    Array.from({ length: ROWS }, (_, row) => `${row},${NOTE}${row},${row},\n`).join('')
  t.ok(answer.body === expected, 'the body has every row, in order, unchanged')
  t.ok(answer.whole)
})

t.test('an upload of 20 MB of which only the outputs are wanted is answered with 200 and every row in order', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  const answer = await stubbornPost(service.scoreUrl('columns=outputs'), fileForm(csv))
  t.equal(answer.status, 200)
  t.equal(answer.body,
    'OUT_X,_error\n' + Array.from({ length: ROWS }, (_, row) => `${row},\n`).join(''))
})

t.test('an answer that was held tells its length and its counts', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  const { status, headers, body } = await stubbornPost(service.scoreUrl(), fileForm('X\n1\nx\n'))
  t.equal(status, 200)
  t.equal(headers['content-length'], String(body.length))
  t.match(headers, {
    'scoring-rows': '2',
    'scoring-failed': '1',
    'scoring-revisions': 'm-00001=1',
    'server-timing': /^total;dur=\d/
  })
})

t.test('options may come as form fields before the file', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  const { status, body } = await stubbornPost(service.scoreUrl(),
    form({ name: 'columns', content: 'outputs' }, {
      name: 'anything',
      filename: 'x.csv',
      content: 'X\n1\n'
    }))
  t.equal(status, 200)
  t.equal(body, 'OUT_X,_error\n1,\n')
})
