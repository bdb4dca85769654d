import t from 'tap'
import { fileForm, stubbornPost } from '../../../support/caller.js'
import {
  answer,
  deploy,
  deployed,
  echo,
  program,
  until,
  type Asked,
  type Program
} from '../../../support/model-program.js'

interface Problem {
  readonly type: string
  readonly detail: string
  readonly remedy: string
}

const csv = 'X\n1\n2\n3\n'

/** A model with the input X and the output Y that answers by hand. */
const model = (score: (asked: Asked) => void): Program =>
  program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score (asked) {
      score(asked)
      return undefined
    }
  })
const data = ({ response, row }: Asked) => answer(response, 200, { data: { Y: row['X'] } })

async function problemOf (url: string): Promise<string> {
  const { status, body } = await stubbornPost(url, fileForm(csv))
  const { type, detail } = JSON.parse(body) as Problem
  return `${status} ${type.replace('/problems/', '')}: ${detail}`
}

const rubbish: ReadonlyArray<{ it: string, score: (asked: Asked) => void, says: string | RegExp }> =
  [
    {
      it: 'HTML',
      score: ({ response }) => answer(response, 200, '<html>hello</html>'),
      says:
        '502 model-answer-invalid: m: again and again the model answered "<html>hello</html>", which is not JSON: unexpected "<" at character 1'
    },
    {
      it: 'something that is not HTTP',
      score: ({ request }) => {
        request.socket.end('hello\r\n\r\n')
      },
      says: /^502 model-answer-invalid: m: it does not speak HTTP/
    },
    {
      it: 'a status that no model has',
      score: ({ response }) => answer(response, 418, 'teapot'),
      says: '502 model-answer-invalid: m: it answered with status 418: teapot'
    },
    {
      it: 'nothing, having closed the connection',
      score: ({ request }) => {
        request.socket.destroy()
      },
      says: /^502 model-cut-off: m: the connection to it ended before its answer did/
    },
    {
      it: 'half an answer',
      score: ({ response, request }) => {
        response.writeHead(200, { 'content-length': 100 }).write('{"data":')
        setImmediate(() => request.socket.destroy())
      },
      says: /^502 model-cut-off: m: the connection to it ended before its answer did/
    },
    {
      it: 'a 500 without a body',
      score: ({ response }) => {
        response.writeHead(500).end()
      },
      says: '502 model-unavailable: m: it failed without a word (500)'
    },
    {
      it: 'queue-proxy\'s refusal',
      score: ({ response }) => {
        response.writeHead(503, { 'content-type': 'text/plain' }).end(
          'pending request queue full\n'
        )
      },
      says: /^503 model-overloaded: m: it is overloaded \(503\): pending request queue full/
    }
  ]

for (const { it, score, says } of rubbish) {
  for (const onError of ['report', 'fail']) {
    t.test(`a model that answers ${it} is no fault of the rows, with onError=${onError}`, async t => {
      const service = await deployed(t, model(score), {
        fields: { retrySafe: false },
        env: { ROW_TIMEOUT_SECONDS: '1' }
      })
      const found = await problemOf(service.scoreUrl(`onError=${onError}`))
      if (typeof says === 'string') t.equal(found, says)
      else t.match(found, says)
    })
  }
}

const unusable: ReadonlyArray<{ it: string, text: object | string, says: string }> = [
  {
    it: 'JSON without data',
    text: { version: 1 },
    says: 'the model answered {"version":1}, which has neither data nor outputs'
  },
  {
    it: 'an answer without the output',
    text: { data: { X: 1 } },
    says: 'the model did not answer the output Y'
  },
  {
    it: 'NaN',
    text: '{"data":{"Y":NaN}}',
    says: 'the model gave an answer that can\'t be used: NaN is not a number in JSON'
  },
  {
    it: 'a text for a number',
    text: { data: { Y: 'abc' } },
    says: 'the model answered "abc" for the output Y, which is a number'
  },
  {
    it: 'half an answer of known length',
    text: '{"data":{"Y":0.',
    says:
      'the model answered "{"data":{"Y":0.", which is not JSON: it ends too early, after 15 characters'
  },
  {
    it: 'an error document',
    text: { errorCode: 5, message: 'out of tables' },
    says: 'the model answered an error: out of tables'
  }
]
for (const { it, text, says } of unusable) {
  t.test(`a model that answers ${it} to a row fails that row, and says what came`, async t => {
    const service = await deployed(t, model(asked =>
      asked.row['X'] === 2 ? answer(asked.response, 200, text) : data(asked)
    ))
    const { status, body } = await stubbornPost(service.scoreUrl('format=ndjson&columns=outputs'),
      fileForm(csv))
    const rows = body.trimEnd().split('\n').map(line =>
      JSON.parse(line) as { Y: number | null, _error: string | null }
    )
    t.strictSame([status, rows], [200, [{ Y: 1, _error: null }, {
      Y: null,
      _error: `line 3: ${says}`
    }, { Y: 3, _error: null }]])
    t.match(await problemOf(service.scoreUrl('onError=fail')),
      /^502 row-answer-(invalid|unreadable): line 3: the model /)
  })
}

t.test('a description that is none is 502', async t => {
  const service = await deployed(t, (_request, response) => answer(response, 200, '<html></html>'))
  t.equal(await problemOf(service.scoreUrl()),
    '502 model-answer-invalid: m: its description (apiMeta/api) can\'t be read: unexpected "<" at character 1')
})

t.test('a model that dies once a row is asked again, and no row is lost', async t => {
  const seen = new Set<unknown>()
  const dying = model(asked => {
    if (seen.has(asked.row['X'])) return data(asked)
    seen.add(asked.row['X'])
    asked.request.socket.destroy()
  })
  const service = await deployed(t, dying)
  t.equal((await stubbornPost(service.scoreUrl(), fileForm(csv))).body,
    'X,Y,_error\n1,1,\n2,2,\n3,3,\n')
})

t.test('a model that dies and is not retrySafe is asked once for the row', async t => {
  const dying = model(asked => {
    asked.request.socket.destroy()
  })
  const service = await deployed(t, dying, { fields: { retrySafe: false } })
  t.match(await problemOf(service.scoreUrl('concurrency=1')), /^502 model-cut-off/)
  t.equal(dying.asked.length, 1)
})

t.test('a flaky model loses no row and keeps their order', async t => {
  const service = await deployed(t, 'registry.demo/creditwriteoff:1.0-flaky')
  const rows = Array.from({ length: 300 }, (_, row) => `${row},${row % 5},0.5,RETAIL`)
  const { status, headers, body } = await stubbornPost(service.scoreUrl('onError=fail'),
    fileForm(`BALANCE,MONTHS_LATE,UTILIZATION,SEGMENT\n${rows.join('\n')}\n`))
  t.equal(`${status} ${headers['scoring-rows']}`, '200 300')
  t.strictSame(
    body.trimEnd().split('\n').slice(1).map(line => line.split(',').slice(0, 4).join(',')),
    rows
  )
})

const refusals = [
  {
    it: 'Viya',
    body: { errorCode: 30010, message: 'Wrong type.', details: ['X is bad'], httpStatusCode: 400 },
    says: 'the model refused the row (400): Wrong type.; X is bad'
  },
  {
    it: 'Spring',
    body: { timestamp: 'now', status: 400, error: 'Bad Request', path: '/m' },
    says: 'the model refused the row (400): Bad Request; at /m'
  },
  { it: 'plain text', body: 'no\nsuch row', says: 'the model refused the row (400): no such row' }
]
for (const { it, body, says } of refusals) {
  t.test(`a row that the model refuses in the words of ${it} is kept with these words`, async t => {
    const service = await deployed(t, model(asked =>
      asked.row['X'] === 2 ? answer(asked.response, 400, body) : data(asked)
    ))
    t.equal((await stubbornPost(service.scoreUrl(), fileForm(csv))).body,
      `X,Y,_error\n1,1,\n2,,line 3: ${says}\n3,3,\n`)
  })
}

t.test('a single JSON row that the model refuses is 422', async t => {
  const service = await deployed(t,
    model(({ response }) => answer(response, 400, { message: 'no' })))
  const { status } = await stubbornPost(service.scoreUrl(), {
    headers: { 'content-type': 'application/json' },
    body: '{"data":{"X":1}}'
  })
  t.equal(status, 422)
})

t.test('a model that never becomes ready is 503 with its explanation', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  await t.rejects(deploy(service, 'dead', { image: 'registry.demo/sr_hmeq_tree:1.0-crash' }),
    'it failed for good while it was waited for')
  const { status, headers, body } = await stubbornPost(`${service.url}/models/dead/score`,
    fileForm(csv))
  const { detail, remedy } = JSON.parse(body) as Problem
  t.equal(status, 503)
  t.ok(Number(headers['retry-after']) > 0)
  t.match(detail, /^dead serves nothing yet: .*(crash|exit|SASTKDS2)/i)
  t.ok(remedy.length > 0)
})

t.test('a sleeping model is woken', async t => {
  const service = await deployed(t, echo({ X: 'number' }), {
    timing: { windowMs: 100, graceMs: 50, drainMs: 50 }
  })
  const replicas = async () =>
    (await (await fetch(`${service.url}/models/m`)).json() as { status: { replicas: number } })
      .status.replicas
  await until(replicas, count => count === 0)
  t.equal(
    (await stubbornPost(service.scoreUrl('columns=outputs&onError=fail'), fileForm(csv))).body,
    'OUT_X\n1\n2\n3\n'
  )
})
