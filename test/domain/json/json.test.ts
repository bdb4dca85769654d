import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ExactNumber, type Json } from '../../../src/domain/json/json.js'
import { DEPTH_MAX, JsonFault, readJson } from '../../../src/domain/json/read-json.js'
import { writeJson } from '../../../src/domain/json/write-json.js'

t.test('what a double would change keeps its text, through reading and writing', async t => {
  const texts = [
    '9007199254740993',
    '12345678901234567890',
    '1.0000000000000001',
    '1e400',
    '-0.0',
    '-0',
    '1.50',
    '1E5',
    '0.0000001',
    '5e-324',
    '-1e-400',
    '100000000000000000000000',
    '0.1e1',
    '1e21',
    '0.0',
    '10.0'
  ]
  for (const text of texts) t.equal(writeJson(readJson(`{"a":[${text}]}`)), `{"a":[${text}]}`, text)
})

t.test('a number that a double gives back is a number', async t => {
  for (
    const text of ['0', '-1', '0.5', '123456789012345', '0.1', '1e+21', '5e-324',
      '1.7976931348623157e+308', '0.30000000000000004']
  ) {
    t.equal(readJson(text), Number(text), text)
  }
})

const faults: ReadonlyArray<[string, string, string]> = [
  ['NaN', 'number', 'NaN is not a number in JSON'],
  ['[1, -Infinity]', 'number', '-Infinity is not a number in JSON'],
  ['{"a":1,"\\u0061":2}', 'duplicate', 'the name "a" is there twice in one object'],
  ['{"__proto__":1,"__proto__":2}', 'duplicate',
    'the name "__proto__" is there twice in one object'],
  ['"\\ud800"', 'text', 'the text at character 1 has half a character'],
  ['['.repeat(100_000), 'depth', `it is nested more than ${DEPTH_MAX} levels deep`],
  ['{"a":'.repeat(100_000), 'depth', `it is nested more than ${DEPTH_MAX} levels deep`],
  ['', 'syntax', 'it ends too early, after 0 characters'],
  ['<html>', 'syntax', 'unexpected "<" at character 1'],
  ['{"a":1}}', 'syntax', 'unexpected "}" at character 8'],
  ['"\\x"', 'syntax', 'a text with an unknown escape begins at character 1']
]
for (const [text, kind, message] of faults) {
  t.test(`refuses ${text.slice(0, 30)} as ${kind}`, async t => {
    t.throws(() => readJson(text), { kind, message })
  })
}

t.test('names of Object.prototype are names, and integer-like names keep their order', async t => {
  const text = '{"constructor":1,"__proto__":{"toString":null},"2":2,"1":1}'
  t.equal(writeJson(readJson(text)), text)
})

t.test('reads what JSON.parse reads, and refuses what it refuses', async t => {
  const text = fc.oneof(
    fc.json(),
    fc.json().map(json => json.replace(/[0-9]/, digit => digit + '.')),
    fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[]",:0-+.eE\\u tn')).map(
      ([json, at, character]) => {
        const place = at % (json.length + 1)
        return json.slice(0, place) + character + json.slice(place)
      }
    ),
    fc.tuple(fc.json(), fc.nat()).map(([json, at]) => json.slice(0, at % (json.length + 1)))
  )
  t.doesNotThrow(() =>
    fc.assert(fc.property(text, text => {
      const expected = parsed(text)
      let value: Json
      try {
        value = readJson(text)
      } catch (error) {
        assert.ok(error instanceof JsonFault)
        if (error.kind === 'syntax') assert.equal(expected, undefined, `${text}: ${error.message}`)
        return
      }
      assert.deepEqual(expected === undefined ? undefined : [plain(value)], expected, text)
      assert.deepEqual(readJson(writeJson(value)), value)
    }), { numRuns: 5_000 })
  )
})

function parsed (text: string): [unknown] | undefined {
  try {
    return [JSON.parse(text)]
  } catch {
    return undefined
  }
}

/** As JSON.parse gives it. */
function plain (value: Json): unknown {
  if (value instanceof ExactNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([name, member]) => [name, plain(member as Json)]))
  }
  return value
}
