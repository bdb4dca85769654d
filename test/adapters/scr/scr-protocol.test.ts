import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { writeJson } from '../../../src/domain/json/write-json.js'
import {
  readErrorText,
  isModelsOwn,
  isPage,
  readOutputs,
  writeBody
} from '../../../src/adapters/scr/scr-protocol.js'

t.test('both bodies carry names in order, missing as null, and values as they are', async t => {
  const inputs = { CLAGE: 94.3, JOB: '00501', VALUE: null, REASON: '', YOJ: 0 }
  t.equal(writeBody(inputs, 'data'),
    '{"data":{"CLAGE":94.3,"JOB":"00501","VALUE":null,"REASON":"","YOJ":0}}')
  t.equal(writeBody(inputs, 'inputs'),
    '{"inputs":[{"name":"CLAGE","value":94.3},{"name":"JOB","value":"00501"},{"name":"VALUE","value":null},{"name":"REASON","value":""},{"name":"YOJ","value":0}]}')
})

const answers: ReadonlyArray<{ it: string, text: string, is: string }> = [
  {
    it: 'data in an envelope',
    text:
      '{"version":1,"metadata":{"module_id":"m","elapsed_nanos":"812345"},"data":{"P":0.5,"I":null}}',
    is: '{"P":0.5,"I":null}'
  },
  {
    it: 'data before the envelope',
    text: '{"data":{"P":0.5},"metadata":{},"version":1}',
    is: '{"P":0.5}'
  },
  {
    it: 'outputs without an envelope',
    text: '{"outputs":[{"name":"P","value":0.5},{"value":"x","name":"I"}]}',
    is: '{"P":0.5,"I":"x"}'
  },
  {
    it: 'outputs in an envelope',
    text: '{"version":1,"outputs":[{"name":"P","value":null}],"metadata":{}}',
    is: '{"P":null}'
  },
  { it: 'an output without a value', text: '{"outputs":[{"name":"P"}]}', is: '{"P":null}' },
  { it: 'a text that looks like a number', text: '{"data":{"I":"00501"}}', is: '{"I":"00501"}' },
  {
    it: 'a datagrid',
    text: '{"data":{"G":[{"metadata":[{"A":"string"}]},{"data":[["x "]]}]}}',
    is: '{"G":[{"metadata":[{"A":"string"}]},{"data":[["x "]]}]}'
  },
  { it: 'no outputs', text: '{"data":{}}', is: '{}' },
  { it: 'a byte order mark', text: '\ufeff{"data":{"P":1}}', is: '{"P":1}' },
  {
    it: 'data and outputs that agree',
    text: '{"data":{"P":1,"I":"a"},"outputs":[{"name":"I","value":"a"},{"name":"P","value":1}]}',
    is: '{"P":1,"I":"a"}'
  },
  {
    it: 'a state that is completed',
    text: '{"executionState":"completed","outputs":[{"name":"P","value":1}]}',
    is: '{"P":1}'
  },
  {
    it: 'errors that are none',
    text: '{"errors":[],"error":false,"status":200,"success":true,"exception":{},"data":{"P":1}}',
    is: '{"P":1}'
  },
  {
    it: 'an error that is none',
    text: '{"errorCode":0,"error":null,"data":{"P":1}}',
    is: '{"P":1}'
  },
  {
    it: 'names of Object.prototype',
    text: '{"data":{"constructor":1,"__proto__":2,"toString":3}}',
    is: '{"constructor":1,"__proto__":2,"toString":3}'
  },
  {
    it: 'digits beyond a double',
    text: '{"data":{"P":9007199254740993,"Q":1e400,"R":-0.0}}',
    is: '{"P":9007199254740993,"Q":1e400,"R":-0.0}'
  }
]
for (const { it, text, is } of answers) {
  t.test(`an answer with ${it} is read as ${is}`, async t => {
    t.equal(writeJson(readOutputs(text)), is, text)
  })
}

const unusable: ReadonlyArray<{ it: string, text: string, isJson: boolean, says: RegExp }> = [
  {
    it: 'HTML',
    text: '<html>',
    isJson: false,
    says: /answered "<html>", which is not JSON: unexpected "<" at character 1/
  },
  { it: 'nothing', text: '', isJson: false, says: /answered nothing/ },
  {
    it: 'half an answer',
    text: '{"data":{"P":0.',
    isJson: false,
    says: /which is not JSON: it ends too early/
  },
  {
    it: 'two answers',
    text: '{"data":{"P":0}}{"data":{"P":1}}',
    isJson: false,
    says: /which is not JSON/
  },
  {
    it: 'null',
    text: 'null',
    isJson: true,
    says: /answered null, which has neither data nor outputs/
  },
  { it: 'a list', text: '[{"data":{"P":1}}]', isJson: true, says: /neither data nor outputs/ },
  {
    it: 'an object without either',
    text: '{"X":1}',
    isJson: true,
    says: /neither data nor outputs/
  },
  {
    it: 'data that is null',
    text: '{"data":null}',
    isJson: true,
    says: /data that is null, not an object/
  },
  {
    it: 'data that is a list',
    text: '{"data":[1]}',
    isJson: true,
    says: /data that is \[1\], not an object/
  },
  {
    it: 'outputs that are no list',
    text: '{"outputs":{"P":1}}',
    isJson: true,
    says: /outputs that are .*, not a list/
  },
  {
    it: 'outputs that are no pairs',
    text: '{"outputs":[{"P":1}]}',
    isJson: true,
    says: /which is not \{"name"/
  },
  {
    it: 'an output twice',
    text: '{"outputs":[{"name":"P","value":1},{"name":"P","value":2}]}',
    isJson: true,
    says: /the output "P" twice/
  },
  {
    it: 'data twice',
    text: '{"data":{"P":1},"data":{"P":2}}',
    isJson: true,
    says: /"data" is there twice/
  },
  { it: 'a name twice', text: '{"data":{"P":1,"P":1}}', isJson: true, says: /"P" is there twice/ },
  {
    it: 'data and outputs that differ',
    text: '{"data":{"P":1},"outputs":[{"name":"P","value":2}]}',
    isJson: true,
    says: /data and outputs that do not agree/
  },
  {
    it: 'data and outputs of other digits',
    text: '{"data":{"P":9007199254740993},"outputs":[{"name":"P","value":9007199254740992}]}',
    isJson: true,
    says: /do not agree/
  },
  { it: 'NaN', text: '{"data":{"P":NaN}}', isJson: true, says: /NaN is not a number in JSON/ },
  {
    it: 'Infinity',
    text: '{"data":{"P":-Infinity}}',
    isJson: true,
    says: /-Infinity is not a number in JSON/
  },
  {
    it: 'half a character',
    text: '{"data":{"I":"\\ud800"}}',
    isJson: true,
    says: /half a character/
  },
  {
    it: 'a value nested deep',
    text: `{"data":{"G":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
    isJson: true,
    says: /nested more than 100 levels/
  },
  {
    it: 'Viya\'s error',
    text: '{"errorCode":30010,"message":"Bad row.","httpStatusCode":400}',
    isJson: true,
    says: /answered an error: Bad row\./
  },
  {
    it: 'an output whose value has another name',
    text: '{"outputs":[{"name":"P","val":1}]}',
    isJson: true,
    says: /answered the output "P" without a value/
  },
  {
    it: 'an error that is a flag',
    text: '{"error":true,"data":{"P":1}}',
    isJson: true,
    says: /answered an error/
  },
  {
    it: 'a list of errors beside data',
    text: '{"errors":[{"message":"no"}],"data":{"P":1}}',
    isJson: true,
    says: /answered an error: .*"no"/
  },
  {
    it: 'an exception beside data',
    text: '{"exception":"java.lang.E","data":{"P":1}}',
    isJson: true,
    says: /answered an error/
  },
  {
    it: 'an HTTP status of an error in the document',
    text: '{"httpStatusCode":500,"data":{"P":1}}',
    isJson: true,
    says: /answered an error/
  },
  {
    it: 'no success',
    text: '{"success":false,"data":{"P":1}}',
    isJson: true,
    says: /answered an error/
  },
  {
    it: 'Spring\'s error beside data',
    text: '{"error":"Internal Server Error","data":{"P":1}}',
    isJson: true,
    says: /answered an error: Internal Server Error/
  },
  {
    it: 'a state that is not completed',
    text: '{"executionState":"failed","outputs":[{"name":"P","value":1}]}',
    isJson: true,
    says: /its executionState is "failed"/
  },
  {
    it: 'such a state in its metadata',
    text: '{"metadata":{"executionState":"timedOut"},"data":{"P":1}}',
    isJson: true,
    says: /its executionState is "timedOut"/
  }
]
for (const { it, text, isJson, says } of unusable) {
  t.test(`an answer with ${it} can't be used, and says so`, async t => {
    t.throws(() => readOutputs(text), { name: 'Error', isJson, message: says })
  })
}

t.test('any double comes out of both answers with the same bits', async t => {
  await t.resolves(
    fc.assert(fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async value => {
      const text = Object.is(value, -0) ? '-0' : String(value)
      const bits = (answer: string) => Number(writeJson(readOutputs(answer).get('P')))
      assert.ok(Object.is(bits(`{"data":{"P":${text}}}`), value))
      assert.ok(Object.is(bits(`{"outputs":[{"name":"P","value":${text}}]}`), value))
    }))
  )
})

const errors: ReadonlyArray<{ it: string, text: string, says: string, own: boolean }> = [
  {
    it: 'Viya\'s error',
    text:
      '{"errorCode":1177,"message":"Input CLAGE is invalid.","details":["traceId: 1","path: /m"],"httpStatusCode":400}',
    says: 'Input CLAGE is invalid.; traceId: 1; path: /m',
    own: true
  },
  {
    it: 'Viya\'s error without details',
    text: '{"errorCode":1177,"message":"Bad"}',
    says: 'Bad',
    own: true
  },
  {
    it: 'Spring\'s error',
    text: '{"timestamp":"2026-01-01T00:00:00Z","status":404,"error":"Not Found","path":"/m"}',
    says: 'Not Found; at /m',
    own: true
  },
  {
    it: 'Spring\'s error with an empty message',
    text: '{"status":500,"error":"Internal Server Error","message":"","path":"/m"}',
    says: 'Internal Server Error; at /m',
    own: true
  },
  {
    it: 'plain text',
    text: 'pending request\nqueue full\n',
    says: 'pending request queue full',
    own: false
  },
  { it: 'nothing', text: '', says: '', own: false },
  { it: 'JSON of another form', text: '[1]', says: '[1]', own: false }
]
for (const { it, text, says, own } of errors) {
  t.test(`${it} says "${says}" in one line, ${own ? 'as the model\'s own words' : 'not as the model\'s own words'}`, async t => {
    t.equal(readErrorText(text), says)
    t.equal(isModelsOwn(text), own)
  })
}

t.test('a page is told from a text, and its words from its tags', async t => {
  const page =
    '<!DOCTYPE html>\n<html><head><title>413 Request Entity Too Large</title></head><body><center>nginx</center></body></html>'
  t.same([page, ' <HTML>', 'no <html>', '{"message":"<html>"}', ''].map(isPage), [true, true, false,
    false, false])
  t.equal(readErrorText(page), '413 Request Entity Too Large nginx')
})

t.test('a long error is cut', async t => {
  t.equal(readErrorText('x'.repeat(10_000)).length, 500)
})
