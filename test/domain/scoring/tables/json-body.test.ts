import t from 'tap'
import { jsonAnswer, readJsonBody } from '../../../../src/domain/scoring/tables/json-body.js'
import { failsWith, flat } from '../support.js'

async function read (text: string): Promise<unknown[]> {
  const { form, table: { columns, rows } } = readJsonBody(text)
  return [form, columns, ...(await flat(rows)).map(({ cells }) => cells)]
}

t.test('data is one row', async t => {
  t.same(await read('{"data":{"A":null,"B":0,"C":"","D":"00501"}}'), ['data', ['A', 'B', 'C', 'D'],
    [null, 0, '', '00501']])
})

t.test('inputs is one row', async t => {
  t.same(await read('{"inputs":[{"name":"A","value":null},{"value":"00501","name":"B"}]}'), [
    'inputs',
    ['A', 'B'],
    [null, '00501']
  ])
})

t.test('an array is many rows', async t => {
  t.same(await read('[{"A":1},{"A":null}]'), ['rows', ['A'], [1], [null]])
})

t.test('an empty array is no row', async t => {
  t.same(await read('[]'), ['rows', []])
})

const faults: ReadonlyArray<
  { it: string, text: string, words: RegExp, fault?: 'request-unreadable' }
> = [
  { it: 'an empty body', text: '', words: /the body is not JSON/, fault: 'request-unreadable' },
  {
    it: 'a number that JSON does not have',
    text: '{"data":{"A":NaN}}',
    words: /the body is not JSON/,
    fault: 'request-unreadable'
  },
  {
    it: 'data that is a list',
    text: '{"data":[1]}',
    words: /row 1 is not an object/,
    fault: 'request-unreadable'
  },
  {
    it: 'data that is null',
    text: '{"data":null}',
    words: /row 1 is not an object/,
    fault: 'request-unreadable'
  },
  { it: 'a bare row', text: '{"CLAGE":100}', words: /the body has "CLAGE"/ },
  {
    it: 'an unknown member beside data',
    text: '{"data":{},"version":1}',
    words: /the body has "version"/
  },
  { it: 'both data and inputs', text: '{"data":{},"inputs":[]}', words: /both data and inputs/ },
  { it: 'neither data nor inputs', text: '{}', words: /neither data nor inputs/ },
  { it: 'null', text: 'null', words: /neither data nor inputs/ },
  { it: 'a number', text: '7', words: /neither data nor inputs/ },
  { it: 'inputs that are a map', text: '{"inputs":{"A":1}}', words: /inputs that are not a list/ },
  {
    it: 'an input without a value',
    text: '{"inputs":[{"name":"A"}]}',
    words: /inputs\[0\] that is not/
  },
  {
    it: 'an input whose name is a number',
    text: '{"inputs":[{"name":1,"value":1}]}',
    words: /inputs\[0\] that is not/
  },
  {
    it: 'an input with another member',
    text: '{"inputs":[{"name":"A","value":1},{"name":"B","value":1,"type":"x"}]}',
    words: /inputs\[1\] that is not/
  },
  {
    it: 'an input that is there twice',
    text: '{"inputs":[{"name":"A","value":1},{"name":"A","value":2}]}',
    words: /the input "A" twice/
  }
]
for (const { it, text, words, fault = 'request-invalid' as const } of faults) {
  t.test(`${it} is refused in words`, async t => {
    await failsWith(t, () => readJsonBody(text), fault, words)
  })
}

t.test('the answer has the form that the row came in', async t => {
  const outputs = new Map([['P', 0.5], ['I', null]])
  t.equal(jsonAnswer('data', outputs), '{"data":{"P":0.5,"I":null}}')
  t.equal(jsonAnswer('inputs', outputs),
    '{"outputs":[{"name":"P","value":0.5},{"name":"I","value":null}]}')
})
