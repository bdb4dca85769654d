import t from 'tap'
import { findSignature as signatureInJson } from '../../../src/adapters/scr/scr-signature.js'
import { readJson } from '../../../src/domain/json/read-json.js'

const signatureIn = (document: unknown, step?: string) =>
  signatureInJson(readJson(JSON.stringify(document)), step)

const properties = {
  LOAN: { type: 'number' },
  CLNO: { type: 'integer' },
  MORTDUE: { type: 'decimal' },
  VALUE: { type: 'double' },
  JOB: { type: 'string', maxLength: 7 },
  key: { name: 'REASON', type: 'string' }
}
const inputs = [
  { name: 'LOAN', type: 'number' },
  { name: 'CLNO', type: 'number', format: 'int64' },
  { name: 'MORTDUE', type: 'number' },
  { name: 'VALUE', type: 'number' },
  { name: 'JOB', type: 'string', length: 7 },
  { name: 'REASON', type: 'string' }
]
const schema = (properties: object, more: object = {}) => ({
  type: 'object',
  properties: { data: { type: 'object', properties, ...more } }
})
const output = schema({ P_BAD1: { type: 'number' }, I_BAD: { type: 'string', maxLength: 12 } })
const outputs = [{ name: 'P_BAD1', type: 'number' }, { name: 'I_BAD', type: 'string', length: 12 }]

t.test('OpenAPI 3: the data of SCRInput and SCROutput, every input needed', async t => {
  const document = {
    openapi: '3.0.1',
    components: { schemas: { SCRInput: schema(properties), SCROutput: output } }
  }
  t.same(signatureIn(document), {
    inputs: inputs.map(input => ({ ...input, required: true })),
    outputs,
    inferred: false
  })
})

t.test('Swagger 2: the data of PCRInput and PCROutput, every input needed', async t => {
  const document = {
    swagger: '2.0',
    definitions: { PCRInput: schema(properties), PCROutput: output }
  }
  t.same(signatureIn(document), {
    inputs: inputs.map(input => ({ ...input, required: true })),
    outputs,
    inferred: false
  })
})

t.test('where there is a list of required inputs, the others are not', async t => {
  const document = {
    components: {
      schemas: {
        SCRInput: schema({ A: { type: 'number' }, B: { type: 'number' } }, { required: ['B'] }),
        SCROutput: output
      }
    }
  }
  t.same(signatureIn(document)?.inputs.map(({ required }) => required), [false, true])
})

t.test('a type that may also be null is the type', async t => {
  const document = {
    components: {
      schemas: {
        SCRInput: schema({ A: { type: ['number', 'null'] }, B: { type: ['null', 'string'] } }),
        SCROutput: output
      }
    }
  }
  t.same(signatureIn(document)?.inputs.map(({ type }) => type), ['number', 'string'])
})

const others: ReadonlyArray<readonly [it: string, document: unknown]> = [
  ['null', null],
  ['a text', 'x'],
  ['a list', []],
  ['another API', { openapi: '3.0.1', components: { schemas: { Pet: schema(properties) } } }],
  ['inputs without outputs', { definitions: { PCRInput: schema(properties) } }],
  ['inputs without data', { definitions: { PCRInput: { properties: {} }, PCROutput: output } }]
]
for (const [it, document] of others) {
  t.test(`${it} is no signature`, async t => {
    t.equal(signatureIn(document), undefined)
  })
}

const kinds: ReadonlyArray<readonly [described: object, is: string]> = [
  ...['number', 'decimal', 'DECIMAL', 'double', 'float', 'Number', 'numeric', 'real',
    'decimal(10,2)'].map(type => [{ type }, 'number'] as const),
  ...['integer', 'int', 'int64', 'bigint', 'BIGINT', 'long', 'small int'].map(type =>
    [{ type }, 'int64'] as const
  ),
  ...['string', 'CHAR', 'varchar', 'text'].map(type => [{ type }, 'string'] as const),
  ...['array', 'object', 'dataGrid', 'stringArray'].map(type => [{ type }, 'json'] as const),
  [{ type: 'varchar(20)' }, 'string 20'],
  [{ type: ['number', 'null'] }, 'number'],
  [{ type: ['null', 'integer', 'number'] }, 'number'],
  [{ type: 'number', format: 'int64' }, 'int64'],
  [{ anyOf: [{ type: 'number' }, { type: 'null' }] }, 'number'],
  [{ oneOf: [{ type: 'null' }, { type: 'string', maxLength: 3 }] }, 'string 3'],
  [{ allOf: [{ $ref: '#/definitions/Money' }, { description: 'x', type: 'number' }] }, 'number'],
  [{ $ref: '#/definitions/Money' }, 'number'],
  [{ anyOf: [{ $ref: '#/definitions/Alias' }, { type: 'null' }] }, 'number'],
  [{ enum: ['A', 'B', null] }, 'string'],
  [{ const: 5 }, 'number']
]
const documented = (described: object) => ({
  definitions: {
    PCRInput: schema({ X: described }),
    PCROutput: output,
    Money: { type: 'decimal' },
    Alias: { $ref: '#/definitions/Money' },
    Loop: { $ref: '#/definitions/Loop' }
  }
})
for (const [described, is] of kinds) {
  t.test(`${JSON.stringify(described)} is ${is}`, async t => {
    const { type, format, length } = signatureIn(documented(described))!.inputs[0]!
    t.equal([format ?? type, ...(length === undefined ? [] : [length])].join(' '), is)
  })
}

const unknown: ReadonlyArray<readonly [described: object, says: RegExp]> = [
  [{ type: 'boolean' }, /describes the input "X" with the type "boolean", which is not known here/],
  [{ type: 'complex128' }, /with the type "complex128"/],
  [{ type: 5 }, /with the type 5/],
  [{}, /describes the input "X" without a type/],
  [{ type: 'null' }, /without a type/],
  [{ anyOf: [{ type: 'number' }, { type: 'string' }] }, /with several types: number, string/],
  [{ $ref: '#/definitions/Absent' }, /describes the input "X" as \{"\$ref"/],
  [{ $ref: '#/definitions/Loop' }, /describes the input "X" as/],
  [{ $ref: 'https://example.com/x.json' }, /describes the input "X" as/],
  [{ type: 'x'.repeat(100_000) }, /with the type "x{50,60}…", which/]
]
for (const [described, says] of unknown) {
  t.test(`${JSON.stringify(described).slice(0, 60)} is refused with its name`, async t => {
    t.throws(() => signatureIn(documented(described)), {
      fault: 'signature-invalid',
      message: says
    })
  })
}

t.test('a description without variables, or with one twice, is refused', async t => {
  for (
    const [properties, says] of [[{}, /describes no inputs/], [{
      A: { type: 'number', name: 'B' },
      B: { type: 'number' }
    }, /the input "B" twice/]] as const
  ) {
    t.throws(
      () => signatureIn({ definitions: { PCRInput: schema(properties), PCROutput: output } }),
      { fault: 'signature-invalid', message: says }
    )
  }
  t.throws(
    () =>
      signatureIn({
        definitions: { PCRInput: schema({ A: { type: 'number' } }), PCROutput: schema({}) }
      }),
    { fault: 'signature-invalid', message: /describes no outputs/ }
  )
})

t.test('names of Object.prototype are variables like others, in the order of the description', async t => {
  const text = `{"definitions":{"PCRInput":${JSON.stringify(schema({}))},"PCROutput":${
    JSON.stringify(output)
  }}}`
    .replace('"properties":{}',
      '"properties":{"__proto__":{"type":"number"},"constructor":{"type":"string"},"10":{"type":"number"},"9":{"type":"number"}}')
  t.same(signatureInJson(readJson(text))?.inputs.map(({ name }) => name), ['__proto__',
    'constructor', '10', '9'])
})
