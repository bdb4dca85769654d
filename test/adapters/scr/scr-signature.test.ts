import t from 'tap'
import { signatureIn } from '../../../src/adapters/scr/scr-signature.js'

const properties = {
  LOAN: { type: 'number' }, CLNO: { type: 'integer' }, MORTDUE: { type: 'decimal' }, VALUE: { type: 'double' }, JOB: { type: 'string', maxLength: 7 }, key: { name: 'REASON', type: 'string' }
}
const inputs = [
  { name: 'LOAN', type: 'number' }, { name: 'CLNO', type: 'number' }, { name: 'MORTDUE', type: 'number' }, { name: 'VALUE', type: 'number' },
  { name: 'JOB', type: 'string', length: 7 }, { name: 'REASON', type: 'string' }
]
const schema = (properties: object, more: object = {}) => ({ type: 'object', properties: { data: { type: 'object', properties, ...more } } })
const output = schema({ P_BAD1: { type: 'number' }, I_BAD: { type: 'string', maxLength: 12 } })
const outputs = [{ name: 'P_BAD1', type: 'number' }, { name: 'I_BAD', type: 'string', length: 12 }]

t.test('OpenAPI 3: the data of SCRInput and SCROutput, every input needed', async t => {
  const document = { openapi: '3.0.1', components: { schemas: { SCRInput: schema(properties), SCROutput: output } } }
  t.same(signatureIn(document), { inputs: inputs.map(input => ({ ...input, required: true })), outputs, inferred: false })
})

t.test('Swagger 2: the data of PCRInput and PCROutput, every input needed', async t => {
  const document = { swagger: '2.0', definitions: { PCRInput: schema(properties), PCROutput: output } }
  t.same(signatureIn(document), { inputs: inputs.map(input => ({ ...input, required: true })), outputs, inferred: false })
})

t.test('where there is a list of required inputs, the others are not', async t => {
  const document = { components: { schemas: { SCRInput: schema({ A: { type: 'number' }, B: { type: 'number' } }, { required: ['B'] }), SCROutput: output } } }
  t.same(signatureIn(document)?.inputs.map(({ required }) => required), [false, true])
})

t.test('a type that may also be null is the type', async t => {
  const document = { components: { schemas: { SCRInput: schema({ A: { type: ['number', 'null'] }, B: { type: ['null', 'string'] } }), SCROutput: output } } }
  t.same(signatureIn(document)?.inputs.map(({ type }) => type), ['number', 'string'])
})

const others: ReadonlyArray<readonly [it: string, document: unknown]> = [
  ['null', null], ['a text', 'x'], ['a list', []], ['another API', { openapi: '3.0.1', components: { schemas: { Pet: schema({}) } } }],
  ['inputs without outputs', { definitions: { PCRInput: schema({}) } }], ['inputs without data', { definitions: { PCRInput: { properties: {} }, PCROutput: output } }]
]
for (const [it, document] of others) {
  t.test(`${it} is no signature`, async t => { t.equal(signatureIn(document), undefined) })
}
