import t from 'tap'
import { fileForm, stubbornPost, type Call } from '../../support/caller.js'
import { deployed, echo, program } from '../../support/model-program.js'

interface Values {
  readonly N: number | null
  readonly C: string | null
}

/** What a number and a text may look like that a converting reader would change. */
const VALUES: readonly Values[] = [
  { N: null, C: null },
  { N: 0, C: '0' },
  { N: -5.3, C: '00501' },
  { N: 1e308, C: 'NaN' },
  { N: 5e-324, C: '.' },
  { N: 0.1, C: 'null' },
  { N: 2 ** 67, C: '123456789012345678901234567890' },
  { N: 0.1 + 0.2, C: '1e5' },
  { N: 1, C: 'é€😀, "quoted"\nsecond line' },
  { N: 2, C: 'true' }
]
/** JSON tells the empty text from the missing one; CSV does not. */
const JSON_VALUES: readonly Values[] = [...VALUES, { N: 3, C: '' }]

const cell = (value: unknown): string =>
  value === null
    ? ''
    : /[",\n]/.test(String(value))
      ? `"${String(value).replaceAll('"', '""')}"`
      : String(value)
const csv = 'N,C\n' + VALUES.map(({ N, C }) => `${cell(N)},${cell(C)}\n`).join('')
const typed = (type: string, body: unknown): Call => ({
  headers: { 'content-type': type },
  body: typeof body === 'string' ? body : JSON.stringify(body)
})

/** Each body form with the calls that bring all the values. */
const forms: Readonly<
  Record<string, { readonly values: readonly Values[], readonly calls: readonly Call[] }>
> = {
  'a file part': { values: VALUES, calls: [fileForm(csv)] },
  'raw CSV': { values: VALUES, calls: [typed('text/csv', csv)] },
  NDJSON: {
    values: JSON_VALUES,
    calls: [
      typed('application/x-ndjson', JSON_VALUES.map(values => JSON.stringify(values)).join('\n'))
    ]
  },
  'an array': { values: JSON_VALUES, calls: [typed('application/json', JSON_VALUES)] },
  '{data}': {
    values: JSON_VALUES,
    calls: JSON_VALUES.map(data => typed('application/json', { data }))
  },
  '{inputs}': {
    values: JSON_VALUES,
    calls: JSON_VALUES.map(values =>
      typed('application/json', {
        inputs: Object.entries(values).map(([name, value]) => ({ name, value }))
      })
    )
  }
}

/** The rows in an answer's body, as values of JSON; those of CSV as text. */
const readers: Readonly<Record<string, (body: string) => unknown[]>> = {
  csv: body => [body],
  ndjson: body => body.trimEnd().split('\n').map(line => JSON.parse(line) as unknown),
  json: body => {
    const { rows, data, outputs } = JSON.parse(body) as {
      rows?: unknown[]
      data?: unknown
      outputs?: Array<{ name: string, value: unknown }>
    }
    return rows ?? [data ?? Object.fromEntries(outputs!.map(({ name, value }) => [name, value]))]
  }
}

for (const [form, { values, calls }] of Object.entries(forms)) {
  t.test(`values in ${form} reach the model, and come back in every format, as they are`, async t => {
    const model = echo({ N: 'number', C: 'string' })
    const service = await deployed(t, model)
    for (const [format, read] of Object.entries(readers)) {
      const found: unknown[] = []
      for (const call of calls) {
        const answer = await stubbornPost(
          service.scoreUrl(`format=${format}&columns=outputs&onError=fail&concurrency=1`),
          call
        )
        t.equal(answer.status, 200)
        found.push(...read(answer.body))
      }
      t.strictSame(model.asked.splice(0).map(({ text }) => text), values.map(data =>
        JSON.stringify({ data })
      ), `what the model got for ${format}`)
      const outputs = values.map(({ N, C }) => ({ OUT_N: N, OUT_C: C }))
      const lines = outputs.map(({ OUT_N, OUT_C }) => `${cell(OUT_N)},${cell(OUT_C)}\n`)
      const csvAnswers = calls.length === 1
        ? [`OUT_N,OUT_C\n${lines.join('')}`]
        : lines.map(line => `OUT_N,OUT_C\n${line}`)
      t.strictSame(found, format === 'csv' ? csvAnswers : outputs, `what came back as ${format}`)
    }
  })
}

t.test('a carried column keeps its text', async t => {
  const service = await deployed(t, echo({ N: 'number' }))
  const { body } = await stubbornPost(service.scoreUrl(),
    fileForm('N,ZIP,T\n 1.50 ,00501, NaN \n.,-0,""\n'))
  t.equal(body, 'N,ZIP,T,OUT_N,_error\n 1.50 ,00501, NaN ,1.5,\n.,-0,,,\n')
})

t.test('NaN is no number: a failed row in CSV, unreadable in JSON', async t => {
  const model = echo({ N: 'number' })
  const service = await deployed(t, model)
  const { body } = await stubbornPost(service.scoreUrl(),
    fileForm('N\nNaN\nInfinity\n1e999\n0x10\n'))
  t.equal(body, `N,OUT_N,_error
NaN,,"line 2, column N: ""NaN"" is not a number; if it stands for a missing value, give missing=NaN"
Infinity,,"line 3, column N: ""Infinity"" is not a number"
1e999,,"line 4, column N: ""1e999"" is larger than a double can hold"
0x10,,"line 5, column N: ""0x10"" is not a number"
`)
  for (
    const text of ['{"data":{"N":NaN}}', '[{"N":NaN}]', '{"inputs":[{"name":"N","value":NaN}]}']
  ) {
    t.equal((await stubbornPost(service.scoreUrl(), typed('application/json', text))).status, 400,
      text)
  }
  t.equal(
    (await stubbornPost(service.scoreUrl(), typed('application/x-ndjson', '{"N":1}\n{"N":NaN}')))
      .status,
    400,
    'NDJSON'
  )
  t.strictSame(model.asked.map(({ text }) => text).filter(text => text !== '{"data":{"N":1}}'), [],
    'none of them reached the model')
})

t.test('a JSON value of the wrong type is refused, never converted', async t => {
  const model = echo({ N: 'number', C: 'string' })
  const service = await deployed(t, model)
  for (
    const [data, says] of [
      [{ N: '5', C: 'a' }, 'row 1, column N: "5" is not a number'],
      [{ N: '', C: 'a' }, 'is not a number'],
      [{ N: true, C: 'a' }, 'is not a number'],
      [{ N: 1, C: 501 }, 'is not a string'],
      [{ N: 1, C: ['a'] }, 'is not a string']
    ] as const
  ) {
    const { status, body } = await stubbornPost(service.scoreUrl(),
      typed('application/json', { data }))
    t.equal(status, 422)
    t.match((JSON.parse(body) as { detail: string }).detail, says)
  }
  t.equal(model.asked.length, 0)
})

t.test('a value that the model leaves out fails its row: a missing score and a failed one never look alike', async t => {
  const service = await deployed(t,
    program({
      inputs: { N: 'number' },
      outputs: { A: 'number', B: 'string' },
      score: () => ({ B: 'b' })
    }))
  t.equal((await stubbornPost(service.scoreUrl(), fileForm('N\n1\n'))).body,
    'N,A,B,_error\n1,,,line 2: the model did not answer the output A\n')
})
