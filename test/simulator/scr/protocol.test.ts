import http from 'node:http'
import t from 'tap'
import { post, score, startContainer } from './support.js'

const loan = {
  CLAGE: 94.3,
  CLNO: 9,
  DEBTINC: null,
  DELINQ: 0,
  DEROG: 0,
  JOB: 'Other',
  LOAN: 1100,
  MORTDUE: 25860,
  NINQ: 1,
  REASON: 'HomeImp',
  VALUE: 39025,
  YOJ: 10.5
}
const asInputs = (row: Record<string, unknown>) => ({
  inputs: Object.entries(row).map(([name, value]) => ({ name, value }))
})
const applicant = asInputs({ INCOME: 52000, DEBT: 9000, REGION: 'NORTH', ACCOUNT: '00501' })

t.test('a row sent as data is answered as data, in an envelope', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const answer = await score(`${url}/sr_hmeq_logreg`, { data: loan })
  t.match(answer, {
    version: 1,
    metadata: {
      module_id: 'sr_hmeq_logreg',
      step_id: 'score',
      timestamp: /^\d{4}-.*Z$/,
      elapsed_nanos: Number
    }
  })
  t.strictSame(Object.keys(answer.data), ['EM_CLASSIFICATION', 'EM_EVENTPROBABILITY',
    'EM_PROBABILITY', 'I_BAD', 'P_BAD0', 'P_BAD1', '_WARN_'])
})

t.test('a row sent as inputs is answered as outputs with the same values', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const [one, other] = await Promise.all(
    [{ data: loan }, asInputs(loan)].map(body => score(`${url}/sr_hmeq_logreg`, body))
  )
  t.strictSame(Object.fromEntries(other!.outputs.map(o => [o.name, o.value])), one!.data)
})

t.test('the published step answers like the default step', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const [byDefault, byName] = await Promise.all(
    ['', '/score'].map(step => score(`${url}/sr_hmeq_logreg${step}`, { data: loan }))
  )
  t.strictSame(byName!.data, byDefault!.data)
})

t.test('SAS_SCR_APP_PATH replaces the path but not the module', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0', {
    SAS_SCR_APP_PATH: 'sr-hmeq'
  })
  t.equal((await post(`${url}/sr_hmeq_logreg`, { data: loan })).status, 404)
  t.equal((await score(`${url}/sr-hmeq`, { data: loan })).metadata.module_id, 'sr_hmeq_logreg')
})

t.test('text outputs are padded to their length, before or after, and missing ones are null', async t => {
  const url = await startContainer(t, 'registry.demo/credit_grade:1.0')
  const { outputs, metadata } = await score(`${url}/credit_grade/execute`, applicant)
  t.strictSame(outputs.filter(o => o.name !== 'SCORE'), [
    { name: 'GRADE', value: 'B       ' },
    { name: 'REASON_CODE', value: null },
    { name: 'ACCOUNT_OUT', value: '00501       ' },
    { name: 'LIMIT', value: 6600 }
  ])
  t.match(metadata, { elapsed_nanos: /^\d+$/ }, 'this model gives the time as text')
})

t.test('leading padding and a null number in one answer', async t => {
  const url = await startContainer(t, 'registry.demo/credit_grade:1.0')
  const { outputs } = await score(`${url}/credit_grade`, asInputs({ ACCOUNT: '  7 ' }))
  t.strictSame(outputs.map(o => o.value), ['D       ', 400, '   NO_INCOME', '  7         ', null])
})

t.test('the order of the answer\'s keys differs between models', async t => {
  const orders = await Promise.all(
    ['sr_hmeq_logreg', 'sr_hmeq_tree', 'creditwriteoff'].map(async name => {
      const url = await startContainer(t, `registry.demo/${name}:1.0`)
      return Object.keys(await score(`${url}/${name}`, { data: {} }))
    })
  )
  t.strictSame(orders, [['version', 'metadata', 'data'], ['data', 'version', 'metadata'], [
    'metadata',
    'data',
    'version'
  ]])
})

t.test('a double comes back with the bits that were computed', async t => {
  const url = await startContainer(t, 'registry.demo/creditwriteoff:1.0')
  const { data } = await score(`${url}/creditwriteoff`, {
    data: { BALANCE: 0.1, MONTHS_LATE: 1e-7, UTILIZATION: 1 / 3, SEGMENT: 'PREMIUM' }
  })
  const p = 1 / (1 + Math.exp(-(-3.2 + 0.00004 * 0.1 + 0.55 * 1e-7 + 1.4 * (1 / 3) + -0.6)))
  t.strictSame([data.P_WRITEOFF, data.EXPECTED_LOSS], [p, p * 0.1])
})

t.test('a model that takes only inputs refuses data in Viya\'s shape', async t => {
  const url = await startContainer(t, 'registry.demo/credit_grade:1.0')
  const answer = await post(`${url}/credit_grade`, { data: { INCOME: 1 } })
  t.equal(answer.status, 400)
  t.match(await answer.json(), {
    errorCode: Number,
    message: /"inputs"/,
    details: [],
    httpStatusCode: 400
  })
})

const wrongTypes: Array<[name: string, value: unknown]> = [
  ['CLAGE', '94.3'],
  ['CLAGE', ''],
  ['CLAGE', '.'],
  ['CLAGE', true],
  ['CLAGE', [1]],
  ['JOB', 7],
  ['JOB', { a: 1 }]
]
for (const [name, value] of wrongTypes) {
  t.test(`${JSON.stringify(value)} for ${name} is refused in Viya's shape, naming the variable`, async t => {
    const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
    for (
      const body of [{ data: { ...loan, [name]: value } }, asInputs({ ...loan, [name]: value })]
    ) {
      const answer = await post(`${url}/sr_hmeq_logreg`, body)
      t.match([answer.status, await answer.json()], [400, {
        errorCode: Number,
        message: `Wrong type of input variable ${name}.`,
        details: [new RegExp(name)],
        httpStatusCode: 400
      }])
    }
  })
}

t.test('a number that no double holds is refused', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  t.equal((await post(`${url}/sr_hmeq_logreg`, '{"data":{"CLAGE":1e999}}')).status, 400)
})

t.test('null, an absent variable and an unknown one beside it give the same scores', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const { DEBTINC, ...without } = loan
  const answers = await Promise.all(
    [loan, without, { ...without, EXTRA: 'x', debtinc: 99 }].map(async data =>
      (await score(`${url}/sr_hmeq_logreg`, { data })).data
    )
  )
  t.strictSame(answers[1], answers[0])
  t.strictSame(answers[2], answers[0], 'names are case sensitive')
})

for (
  const body of ['', '{', '{"data":{"CLAGE":NaN}}',
    Buffer.from('{"data":{"JOB":"caf\xe9"}}', 'latin1')]
) {
  t.test(`the unreadable body ${JSON.stringify(body.toString())} is a 400 in Spring's shape`, async t => {
    const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
    const answer = await fetch(`${url}/sr_hmeq_logreg`, { method: 'POST', body })
    t.match([answer.status, await answer.json()], [400, {
      timestamp: /\+00:00$/,
      status: 400,
      error: 'Bad Request',
      path: '/sr_hmeq_logreg'
    }])
  })
}

for (
  const body of [null, [], {}, { data: [] }, { inputs: {} }, { inputs: [{ name: 'CLAGE' }] }, {
    CLAGE: 100
  }]
) {
  t.test(`the body ${JSON.stringify(body)} has no row: a 400 in Viya's shape`, async t => {
    const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
    const answer = await post(`${url}/sr_hmeq_logreg`, body)
    t.match([answer.status, await answer.json()], [400, { message: String, httpStatusCode: 400 }])
  })
}

t.test('an unknown path is Spring\'s 404', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  for (const path of ['/', '/sr_hmeq_logreg/other', '/SR_HMEQ_LOGREG', '/sr_hmeq_logreg/']) {
    const answer = await post(`${url}${path}?x=1`, { data: loan })
    t.match([answer.status, await answer.json()], [404, { status: 404, error: 'Not Found', path }])
  }
})

t.test('a wrong method is Spring\'s 405 with the right one in Allow', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const answer = await fetch(`${url}/sr_hmeq_logreg`)
  t.match([answer.status, answer.headers.get('allow'), await answer.json()], [405, 'POST', {
    status: 405,
    error: 'Method Not Allowed',
    path: '/sr_hmeq_logreg'
  }])
})

t.test('a body over 1 MiB is 413 in plain text, one of 1 MiB is scored', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const ofLength = (bytes: number) => '{"data":{}}'.padEnd(bytes)
  const tooLarge = await post(`${url}/sr_hmeq_logreg`, ofLength(1_048_577))
  t.match([tooLarge.status, tooLarge.headers.get('content-type'), await tooLarge.text()], [413,
    'text/plain', /larger than 1048576 bytes/])
  t.equal((await post(`${url}/sr_hmeq_logreg`, ofLength(1_048_576))).status, 200)
})

t.test('one connection serves many rows, whatever they are answered', async t => {
  const { hostname, port } = new URL(await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0'))
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const call = (path: string, body: string) =>
    new Promise<[number | undefined, number | undefined]>((resolve, reject) => {
      const req = http.request({ agent, hostname, port, path, method: 'POST' }, res => {
        const localPort = res.socket.localPort
        res.resume().on('end', () => resolve([res.statusCode, localPort]))
      })
      req.on('error', reject).end(body)
    })
  const answers = []
  for (const body of ['{"data":{}}', '{', '{}', ' '.repeat(2_000_000)]) { answers.push(await call('/sr_hmeq_logreg', body)) }
  answers.push(await call('/nowhere', 'x'.repeat(200_000)),
    await call('/sr_hmeq_logreg', '{"data":{}}'))
  t.strictSame(answers.map(([status]) => status), [200, 400, 400, 413, 404, 200])
  t.equal(new Set(answers.map(([, localPort]) => localPort)).size, 1,
    'the port of the only connection')
})

interface Described {
  properties: { data: { properties: object } }
}

t.test('OpenAPI 3 images describe SCRInput and SCROutput', async t => {
  const url = await startContainer(t, 'registry.demo/creditwriteoff:1.0')
  const { openapi, paths, components: { schemas } } =
    await (await fetch(`${url}/creditwriteoff/apiMeta/api`)).json() as {
      openapi: string
      paths: object
      components: { schemas: Record<'SCRInput' | 'SCROutput', Described> }
    }
  t.match(openapi, /^3\./)
  t.strictSame(Object.keys(paths), ['/creditwriteoff', '/creditwriteoff/score'])
  t.strictSame(schemas.SCRInput.properties.data.properties, {
    BALANCE: { type: 'number' },
    MONTHS_LATE: { type: 'number' },
    UTILIZATION: { type: 'number' },
    SEGMENT: { type: 'string', maxLength: 10 }
  })
  t.strictSame(Object.keys(schemas.SCROutput.properties.data.properties), ['P_WRITEOFF',
    'EXPECTED_LOSS', 'DECISION', 'MODEL_VERSION'])
})

t.test('Swagger 2 images describe PCRInput and PCROutput', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_tree:1.0')
  const { swagger, definitions } = await (await fetch(`${url}/sr_hmeq_tree/apiMeta/api`))
    .json() as {
    swagger: string
    definitions: Record<'PCRInput' | 'PCROutput', Described>
  }
  t.equal(swagger, '2.0')
  t.strictSame(definitions.PCRInput.properties.data.properties, {
    CLAGE: { name: 'CLAGE', type: 'decimal' },
    DEBTINC: { name: 'DEBTINC', type: 'decimal' },
    DELINQ: { name: 'DELINQ', type: 'decimal' },
    JOB: { name: 'JOB', type: 'string' }
  })
  t.strictSame(Object.keys(definitions.PCROutput.properties.data.properties), ['_NODE_', 'P_BAD1',
    'P_BAD0', 'I_BAD'])
})

t.test('the environment page lists the endpoints and no variable', async t => {
  const url = await startContainer(t, 'registry.demo/credit_grade:1.0', {
    SAS_SCR_APP_PATH: 'grades',
    PASSWORD: 'hush'
  })
  t.strictSame(await (await fetch(`${url}/__env`)).json(), {
    endpoints: ['/grades', '/grades/execute']
  })
})

t.test('the metrics count the rows that were scored', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_tree:1.0')
  for (const body of [{ data: {} }, { data: { DELINQ: 'x' } }, { data: {} }]) { await (await post(`${url}/sr_hmeq_tree`, body)).text() }
  const metrics = await (await fetch(`${url}/prometheus`)).text()
  t.match(metrics, /^scr_module_execution_seconds_count\{module="sr_hmeq_tree"\} 2$/m)
  t.match(metrics, /^scr_module_execution_seconds_bucket\{module="sr_hmeq_tree",le="\+Inf"\} 2$/m)
  t.match(metrics, /^scr_num_idle \d+$/m)
})
