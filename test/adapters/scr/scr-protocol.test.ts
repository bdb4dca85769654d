import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { errorText, isModelsOwn, outputsOf, requestBody } from '../../../src/adapters/scr/scr-protocol.js'

t.test('both bodies carry names in order, missing as null, and values as they are', async t => {
  const inputs = { CLAGE: 94.3, JOB: '00501', VALUE: null, REASON: '', YOJ: 0 }
  t.equal(requestBody(inputs, 'data'), '{"data":{"CLAGE":94.3,"JOB":"00501","VALUE":null,"REASON":"","YOJ":0}}')
  t.equal(requestBody(inputs, 'inputs'), '{"inputs":[{"name":"CLAGE","value":94.3},{"name":"JOB","value":"00501"},{"name":"VALUE","value":null},{"name":"REASON","value":""},{"name":"YOJ","value":0}]}')
})

const answers: ReadonlyArray<{ it: string, text: string, is: object | undefined }> = [
  { it: 'data in an envelope', text: '{"version":1,"metadata":{"module_id":"m","elapsed_nanos":"812345"},"data":{"P":0.5,"I":null}}', is: { P: 0.5, I: null } },
  { it: 'data before the envelope', text: '{"data":{"P":0.5},"metadata":{},"version":1}', is: { P: 0.5 } },
  { it: 'outputs without an envelope', text: '{"outputs":[{"name":"P","value":0.5},{"value":"x","name":"I"}]}', is: { P: 0.5, I: 'x' } },
  { it: 'outputs in an envelope', text: '{"version":1,"outputs":[{"name":"P","value":null}],"metadata":{}}', is: { P: null } },
  { it: 'an output without a value', text: '{"outputs":[{"name":"P"}]}', is: { P: null } },
  { it: 'padding before a text', text: '{"data":{"I":"           0"}}', is: { I: '0' } },
  { it: 'padding after a text', text: '{"outputs":[{"name":"I","value":"0 "}]}', is: { I: '0' } },
  { it: 'blanks within a text', text: '{"data":{"I":" a  b "}}', is: { I: 'a  b' } },
  { it: 'a text of blanks', text: '{"data":{"I":"   "}}', is: { I: '' } },
  { it: 'other white space', text: '{"data":{"I":"\\tx\\n"}}', is: { I: '\tx\n' } },
  { it: 'a text that looks like a number', text: '{"data":{"I":"00501"}}', is: { I: '00501' } },
  { it: 'a datagrid', text: '{"data":{"G":[{"metadata":[{"A":"string"}]},{"data":[["x "]]}]}}', is: { G: [{ metadata: [{ A: 'string' }] }, { data: [['x ']] }] } },
  { it: 'no outputs', text: '{"data":{}}', is: {} },
  { it: 'HTML', text: '<html>', is: undefined },
  { it: 'nothing', text: '', is: undefined },
  { it: 'null', text: 'null', is: undefined },
  { it: 'half an answer', text: '{"data":{"P":0.', is: undefined },
  { it: 'data that is null', text: '{"data":null}', is: undefined },
  { it: 'outputs that are no pairs', text: '{"outputs":[{"P":1}]}', is: undefined },
  { it: 'NaN', text: '{"data":{"P":NaN}}', is: undefined }
]
for (const { it, text, is } of answers) {
  t.test(`an answer with ${it} is read as ${JSON.stringify(is)}`, async t => { t.same(outputsOf(text), is, text) })
}

t.test('a long run of blanks within a text is read at once', async t => {
  const startedAt = performance.now()
  const value = 'a' + ' '.repeat(300_000) + 'b'
  t.ok(outputsOf(JSON.stringify({ data: { I: value + ' ' } }))?.I === value, 'only the last blank is padding')
  t.ok(performance.now() - startedAt < 2_000, 'the text is read once, not once for each blank')
})

t.test('any double comes out of both answers with the same bits', async t => {
  await t.resolves(fc.assert(fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async value => {
    const text = Object.is(value, -0) ? '-0' : String(value)
    assert.ok(Object.is(outputsOf(`{"data":{"P":${text}}}`)?.P, value))
    assert.ok(Object.is(outputsOf(`{"outputs":[{"name":"P","value":${text}}]}`)?.P, value))
  })))
})

const errors: ReadonlyArray<{ it: string, text: string, says: string, own: boolean }> = [
  { it: 'Viya\'s error', text: '{"errorCode":1177,"message":"Input CLAGE is invalid.","details":["traceId: 1","path: /m"],"httpStatusCode":400}', says: 'Input CLAGE is invalid.; traceId: 1; path: /m', own: true },
  { it: 'Viya\'s error without details', text: '{"errorCode":1177,"message":"Bad"}', says: 'Bad', own: true },
  { it: 'Spring\'s error', text: '{"timestamp":"2026-01-01T00:00:00Z","status":404,"error":"Not Found","path":"/m"}', says: 'Not Found; at /m', own: true },
  { it: 'Spring\'s error with an empty message', text: '{"status":500,"error":"Internal Server Error","message":"","path":"/m"}', says: 'Internal Server Error; at /m', own: true },
  { it: 'plain text', text: 'pending request\nqueue full\n', says: 'pending request queue full', own: false },
  { it: 'nothing', text: '', says: '', own: false },
  { it: 'JSON of another form', text: '[1]', says: '[1]', own: false }
]
for (const { it, text, says, own } of errors) {
  t.test(`${it} says "${says}" in one line, ${own ? 'as the model\'s own words' : 'not as the model\'s own words'}`, async t => {
    t.equal(errorText(text), says)
    t.equal(isModelsOwn(text), own)
  })
}

t.test('a long error is cut', async t => { t.equal(errorText('x'.repeat(10_000)).length, 500) })
