import t from 'tap'
import { creditGrade } from '../../../simulator/scr/formulas.js'
import { stubbornPost, type Answer } from '../../support/caller.js'
import {
  answer,
  deploy,
  deployed,
  echo,
  program,
  type Deployed
} from '../../support/model-program.js'

const post = async (
  service: Deployed,
  query: string,
  body: string,
  type = 'text/csv',
  headers = {}
): Promise<Answer> =>
  await stubbornPost(service.scoreUrl(query), {
    headers: { 'content-type': type, ...headers },
    body
  })

t.test('columns= carries all, none, or those named in the order named', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  for (
    const [columns, expected] of Object.entries({
      all: 'A,X,B,OUT_X,_error\na,1,b,1,\n',
      outputs: 'OUT_X,_error\n1,\n',
      'B,A': 'B,A,OUT_X,_error\nb,a,1,\n',
      b: 'B,OUT_X,_error\nb,1,\n'
    })
  ) {
    t.equal((await post(service, `columns=${columns}`, 'A,X,B\na,1,b\n')).body, expected, columns)
  }
})

t.test('delimiter= is that of the file and of the answer', async t => {
  const service = await deployed(t, echo({ X: 'number', C: 'string' }))
  t.equal((await post(service, 'delimiter=%3B', 'X;C\n1;"a;b"\n2;a,b\n')).body,
    'X;C;OUT_X;OUT_C;_error\n1;"a;b";1;"a;b";\n2;a,b;2;a,b;\n')
  t.equal((await post(service, 'delimiter=tab', 'X\tC\n1\ta\n')).body,
    'X\tC\tOUT_X\tOUT_C\t_error\n1\ta\t1\ta\t\n')
})

t.test('names match without regard to case, the exact one first', async t => {
  const model = echo({ Amount: 'number' })
  const service = await deployed(t, model)
  t.equal((await post(service, 'columns=outputs', 'AMOUNT\n5\n')).status, 200)
  t.equal((await post(service, 'columns=outputs', 'amount,Amount\n5,6\n')).status, 200)
  t.strictSame(model.asked.map(({ row }) => row), [{ Amount: 5 }, { Amount: 6 }])
  t.equal((await post(service, '', 'amount,AMOUNT\n5,6\n')).status, 422,
    'two that differ in case alone')
})

t.test('an input column that an output also has is carried as in_NAME, and told', async t => {
  const service = await deployed(t,
    program({
      inputs: { X: 'number' },
      outputs: { x: 'number', Score: 'number' },
      score: () => ({ x: 10, Score: 20 })
    }))
  const { headers, body } = await post(service, '', 'X,SCORE,Z\n1,2,3\n')
  t.equal(body, 'in_X,in_SCORE,Z,x,Score,_error\n1,2,3,10,20,\n')
  t.equal(headers['scoring-renamed'], 'X=in_X, SCORE=in_SCORE')
})

t.test('the answer\'s format follows format=, then Accept, then the input', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  const csv = 'X\n1\n'
  const cases: ReadonlyArray<[query: string, accept: string | undefined, type: string]> = [
    ['', undefined, 'text/csv; charset=utf-8; header=present'],
    ['', '*/*', 'text/csv; charset=utf-8; header=present'],
    ['', 'application/json', 'application/json; charset=utf-8'],
    ['', 'image/png, application/x-ndjson;q=0.5, text/csv;q=0.1',
      'application/x-ndjson; charset=utf-8'],
    ['format=json', 'text/csv', 'application/json; charset=utf-8']
  ]
  for (const [query, accept, type] of cases) {
    const { headers } = await post(service, query, csv, 'text/csv',
      accept === undefined ? {} : { accept })
    t.equal(headers['content-type'], type, `${query} ${accept}`)
  }
  t.equal((await post(service, '', '{"X":1}\n', 'application/x-ndjson')).body,
    '{"X":1,"OUT_X":1,"_error":null}\n')
  t.same(JSON.parse((await post(service, '', '[{"X":1},{"X":"x"}]', 'application/json')).body), {
    rows: [{ X: 1, OUT_X: 1, _error: null }, {
      X: 'x',
      OUT_X: null,
      _error: 'row 2, column X: "x" is not a number (JSON null is a missing value)'
    }],
    counts: { rows: 2, failed: 1, revisions: { 'm-00001': 1 } }
  })
  t.equal((await post(service, '', '{"data":{"X":1}}', 'application/json')).body,
    '{"data":{"OUT_X":1}}')
  t.equal((await post(service, '', '{"inputs":[{"name":"X","value":1}]}', 'application/json')).body,
    '{"outputs":[{"name":"OUT_X","value":1}]}')
})

t.test('step= names another step', async t => {
  const model = echo({ X: 'number' })
  const service = await deployed(t, model)
  t.equal((await post(service, 'step=other%20one', 'X\n1\n')).status, 200)
  t.strictSame(model.asked.map(({ request }) => request.url), ['/m/other%20one'])
})

t.test('concurrency= is never exceeded, and used', async t => {
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: async () => await new Promise(resolve => setTimeout(resolve, 5, { Y: 1 }))
  })
  const service = await deployed(t, model)
  await post(service, 'concurrency=3', 'X\n' + '1\n'.repeat(100))
  t.equal(model.mostRunning(), 3)
})

t.test('MAX_CONCURRENCY is never exceeded by several requests together', async t => {
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: async () => await new Promise(resolve => setTimeout(resolve, 5, { Y: 1 }))
  })
  const service = await deployed(t, model, { env: { MAX_CONCURRENCY: '4' } })
  const answers = await Promise.all(
    [1, 2, 3].map(async () => await post(service, '', 'X\n' + '1\n'.repeat(50)))
  )
  t.strictSame(answers.map(({ headers }) => headers['scoring-rows']), ['50', '50', '50'])
  t.equal(model.mostRunning(), 4)
})

t.test('connections to a model are used again', async t => {
  const model = echo({ X: 'number' })
  const service = await deployed(t, model)
  await post(service, 'concurrency=4', 'X\n' + '1\n'.repeat(200))
  t.equal(model.asked.length, 200)
  t.ok(model.sockets.size <= 8, `${model.sockets.size} connections for 200 rows, 4 at a time`)
})

t.test('revision= and tag= go before the traffic table', async t => {
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: () => ({ Y: -1 })
  })
  const service = await deployed(t, model)
  await deploy(service, 'm', { image: 'registry.demo/sr_hmeq_tree:1.0' })
  const { headers, body } = await post(service, 'revision=m-00001&columns=outputs&onError=fail',
    'X\n1\n')
  t.equal(body, 'Y\n-1\n')
  t.equal(headers['scoring-revisions'], 'm-00001=1')
  t.equal(
    (await post(service, '', 'CLAGE,DEBTINC,DELINQ,JOB\n1,2,3,Self\n'))
      .headers['scoring-revisions'],
    'm-00002=1'
  )
})

t.test('without a signature what looks like a JSON number is one, and the answer says so', async t => {
  const model = program({ score: ({ row }) => ({ Y: row['A'] }) })
  const service = await deployed(t, model)
  const { headers, body } = await post(service, '', 'A,B,C,D\n1.5,00501,,.\n-2e3,1e999,x,+1\n')
  t.equal(headers['scoring-types'], 'inferred')
  t.strictSame(model.asked.map(({ row }) => row), [{ A: 1.5, B: '00501', C: null, D: '.' }, {
    A: -2000,
    B: '1e999',
    C: 'x',
    D: '+1'
  }])
  t.equal(body, 'A,B,C,D,Y,_error\n1.5,00501,,.,1.5,\n-2e3,1e999,x,+1,-2000,\n')
})

t.test('a model that takes only {inputs} is found out with one row more, and its padding is dropped', async t => {
  const service = await deployed(t, 'registry.demo/credit_grade:1.0')
  const rows = [{ INCOME: 52000, DEBT: 9000, REGION: 'NORTH', ACCOUNT: '00501' }, {
    INCOME: null,
    DEBT: null,
    REGION: null,
    ACCOUNT: null
  }]
  const { body } = await post(service, 'columns=outputs&onError=fail',
    'INCOME,DEBT,REGION,ACCOUNT\n52000,9000,NORTH,00501\n,.,,\n')
  const names = ['GRADE', 'SCORE', 'REASON_CODE', 'ACCOUNT_OUT', 'LIMIT']
  const lines = rows.map(row => {
    const scored = creditGrade(row)
    return names.map(name => String(scored[name] ?? '')).join(',')
  })
  t.equal(body, `${names.join(',')}\n${lines.join('\n')}\n`)
  t.equal(lines[0], 'B,623.7307692307693,,00501,6600')
})

t.test('a datagrid comes back as JSON text', async t => {
  const grid = [{ metadata: [{ A: 'string' }] }, { data: [['x"y']] }]
  const service = await deployed(t,
    program({ inputs: { X: 'number' }, outputs: { G: 'string' }, score: () => ({ G: grid }) }))
  t.equal((await post(service, 'columns=outputs&onError=fail', 'X\n1\n')).body,
    `G\n"${JSON.stringify(grid).replaceAll('"', '""')}"\n`)
})

t.test('an image that ignores the path it is told is found under its own name', async t => {
  const model = echo({ X: 'number' })
  const service = await deployed(t, (request, response) => {
    if (request.url?.startsWith('/odd') === true) return model.listener(request, response)
    answer(response, 404, { status: 404, error: 'Not Found', path: request.url ?? '' })
  })
  t.equal((await post(service, 'columns=outputs&onError=fail', 'X\n1\n')).body, 'OUT_X\n1\n')
})
