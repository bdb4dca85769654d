import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../../../../src/domain/json/json.js'
import { readJson } from '../../../../src/domain/json/read-json.js'
import { writeJson } from '../../../../src/domain/json/write-json.js'
import { outputsReader } from '../../../../src/domain/scoring/values/outputs.js'
import {
  UNKNOWN_SIGNATURE,
  type Signature,
  type Variable
} from '../../../../src/domain/scoring/scorer/signature.js'
import { failsWith, failureOf } from '../support.js'

const P: Variable = { name: 'P', type: 'number' }
const C: Variable = { name: 'C', type: 'string' }
const N: Variable = { name: 'N', type: 'number', format: 'int64' }
const G: Variable = { name: 'G', type: 'string', format: 'json' }
const of = (...outputs: readonly Variable[]): Signature => ({
  inputs: [],
  outputs,
  inferred: false
})
const answered = (text: string): JsonObject => readJson(text) as JsonObject
const read = (signature: Signature, text: string): string =>
  writeJson(outputsReader(signature)(answered(text)))

const names: ReadonlyArray<{ it: string, outputs: readonly Variable[], text: string, is: string }> =
  [
    { it: 'their own names', outputs: [P, C], text: '{"C":"a","P":0.5}', is: '{"P":0.5,"C":"a"}' },
    {
      it: 'names in another case',
      outputs: [P, C],
      text: '{"p":0.5,"c":"a"}',
      is: '{"P":0.5,"C":"a"}'
    },
    {
      it: 'an exact name beside one in another case',
      outputs: [P],
      text: '{"p":1,"P":2}',
      is: '{"P":2,"p":1}'
    },
    {
      it: 'two declared names that differ in case',
      outputs: [P, { ...P, name: 'p' }],
      text: '{"p":1,"P":2}',
      is: '{"P":2,"p":1}'
    },
    {
      it: 'what is not declared, after the rest',
      outputs: [P],
      text: '{"X":[1],"P":1,"Y":"y "}',
      is: '{"P":1,"X":[1],"Y":"y"}'
    },
    {
      it: 'names of Object.prototype',
      outputs: [{ ...P, name: '__proto__' }, { ...C, name: 'constructor' }],
      text: '{"constructor":"c","__proto__":1}',
      is: '{"__proto__":1,"constructor":"c"}'
    }
  ]
for (const { it, outputs, text, is } of names) {
  t.test(`outputs are found by ${it}`, async t => {
    t.equal(read(of(...outputs), text), is)
  })
}

const absent: ReadonlyArray<{ outputs: readonly Variable[], text: string, says: RegExp }> = [
  {
    outputs: [P, C],
    text: '{}',
    says: /did not answer the output P; it did not answer the output C/
  },
  { outputs: [P], text: '{"X":1}', says: /did not answer the output P/ },
  { outputs: [P, { ...P, name: 'p' }], text: '{"P":1}', says: /did not answer the output p/ },
  {
    outputs: [{ ...P, name: 'Prob' }],
    text: '{"PROB":1,"prob":2}',
    says: /answered "PROB" and "prob", which could both be the output Prob/
  },
  {
    outputs: [{ ...P, name: 'Ab' }, { ...P, name: 'aB' }],
    text: '{"AB":1}',
    says: /did not answer the output aB/
  }
]
for (const { outputs, text, says } of absent) {
  t.test(`${text} lacks what ${outputs.map(({ name }) => name).join(' and ')} declare`, async t => {
    await failsWith(t, () => read(of(...outputs), text), 'row-answer-invalid', says)
  })
}

const values: ReadonlyArray<{ output: Variable, given: string, is: string }> = [
  ...['0', '0.5', '-1e-7', 'null'].map(given => ({ output: P, given, is: given })),
  { output: P, given: '"0.5"', is: '0.5' },
  { output: P, given: '"   0.5"', is: '0.5' },
  { output: P, given: '"."', is: 'null' },
  { output: P, given: '".A"', is: 'null' },
  { output: P, given: '"  "', is: 'null' },
  { output: P, given: '1.50', is: '1.5' },
  { output: P, given: '9007199254740993', is: '9007199254740992' },
  { output: P, given: '-0', is: '-0' },
  { output: P, given: '1e-400', is: '0' },
  { output: C, given: '"a  "', is: '"a"' },
  { output: C, given: '"           0"', is: '"0"' },
  { output: C, given: '"   "', is: '""' },
  { output: C, given: '"\\tx\\n"', is: '"\\tx\\n"' },
  { output: C, given: '"NaN"', is: '"NaN"' },
  { output: C, given: 'null', is: 'null' },
  {
    output: C,
    given: '[{"metadata":[{"A":"string"}]},{"data":[["x "]]}]',
    is: '[{"metadata":[{"A":"string"}]},{"data":[["x "]]}]'
  },
  { output: N, given: '9007199254740993', is: '9007199254740993' },
  { output: N, given: '12345678901234567890', is: '12345678901234567890' },
  { output: N, given: '"9007199254740993 "', is: '9007199254740993' },
  { output: N, given: '" 007"', is: '7' },
  { output: N, given: '5.0', is: '5.0' },
  { output: N, given: '"."', is: 'null' },
  { output: G, given: '[1,{"a":"x "}]', is: '[1,{"a":"x "}]' },
  { output: G, given: '{"a":1}', is: '{"a":1}' },
  { output: G, given: '"[1]"', is: '"[1]"' }
]
for (const { output, given, is } of values) {
  t.test(`${given} for ${output.format ?? output.type} is ${is}`, async t => {
    t.equal(read(of(output), `{"${output.name}":${given}}`), `{"${output.name}":${is}}`)
  })
}

const misfits: ReadonlyArray<readonly [output: Variable, given: string]> = [
  ...['"abc"', 'true', 'false', '[0.5]', '{}', '"NaN"', '1e999', '-1e400', '"Infinity"', '"0x10"',
    '"1,5"', '"1 2"', '[]'].map(given => [P, given] as const),
  ...['1', 'true', '[1]', '[]', '{}', '{"metadata":1}'].map(given => [C, given] as const),
  ...['1.5', '"1.5"', '"x"', 'true', '1e400', '[1]'].map(given => [N, given] as const),
  ...['1', 'true'].map(given => [G, given] as const)
]
for (const [output, given] of misfits) {
  t.test(`${given} for ${output.format ?? output.type} is the row's failure, with the value shown`, async t => {
    const found = await failureOf(() => read(of(output), `{"${output.name}":${given}}`))
    t.match(found,
      new RegExp(
        `^row-answer-invalid: the model answered .* for the output ${output.name}, which is a `
      ))
    t.ok(found.includes(given.slice(0, 20)), found)
  })
}

t.test('a long text for a number is cut in the message, at once', async t => {
  const found = await failureOf(() => read(of(P), `{"P":"${'1'.repeat(1_000_000)}x"}`))
  t.ok(found.length < 200, found.slice(0, 300))
})

t.test('many faults of one answer are told by the first few', async t => {
  const outputs = Array.from({ length: 5_000 }, (_, index) => ({ ...P, name: `P${index}` }))
  const found = await failureOf(() => read(of(...outputs), '{}'))
  t.match(found, /output P0; .* and 4995 more$/)
})

t.test('more outputs than columns can be are refused', async t => {
  const text = `{${Array.from({ length: 10_001 }, (_, index) => `"X${index}":1`).join()}}`
  for (const signature of [of(P), UNKNOWN_SIGNATURE]) { await failsWith(t, () => read(signature, text), 'row-answer-invalid', /answered 10001 outputs/) }
})

t.test('without a signature values are as they came, but for blank padding, and there is at least one', async t => {
  t.equal(read(UNKNOWN_SIGNATURE, '{"P":1.50,"C":" x","T":true,"L":[1e400]}'),
    '{"P":1.50,"C":"x","T":true,"L":[1e400]}')
  await failsWith(t, () => read(UNKNOWN_SIGNATURE, '{}'), 'row-answer-invalid',
    /answered no outputs/)
})

t.test('whatever a model answers, each declared output has a value of its type or the row fails', async t => {
  const name = fc.constantFrom('P', 'p', 'C', 'c', 'N', 'x', '__proto__', 'constructor')
  const object = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }))
  t.doesNotThrow(() =>
    fc.assert(fc.property(object, given => {
      const text = JSON.stringify(given)
      let outputs
      try {
        outputs = outputsReader(of(P, C, N))(answered(text))
      } catch (error) {
        assert.equal((error as { fault?: unknown }).fault, 'row-answer-invalid')
        return
      }
      for (
        const [output, types] of [['P', ['number']], ['C', ['string', 'object']], ['N', ['number',
          'object']]] as const
      ) {
        assert.ok(outputs.has(output), text)
        const value = outputs.get(output)
        assert.ok(value === null || (types as readonly string[]).includes(typeof value), text)
      }
    }), { numRuns: 2_000 })
  )
})
