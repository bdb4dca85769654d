import t, { type Test } from 'tap'
import { openSimulator, openTestService } from '../../support/service.js'

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}
type Send = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>
) => Promise<Answer>

async function open (t: Test, env: Readonly<Record<string, string>> = {}): Promise<Send> {
  const { cluster } = await openSimulator(t, {
    timing: { drainMs: 300, podStartMs: 100, backOffMs: 200 }
  })
  const { url } = await openTestService(t, cluster, { IMAGE_ALLOW_LIST: 'registry.demo/*', ...env })
  return async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : JSON.parse(text) as Record<string, unknown>
    }
  }
}

const etagIn = ({ headers }: Answer) => headers.get('etag') ?? ''

t.test('a created model is waited for, and found where Location says', async t => {
  const send = await open(t)
  const created = await send('POST', '/models?wait=20', {
    name: 'm',
    image: IMAGE,
    labels: { team: 'risk' }
  })
  t.equal(created.status, 201)
  t.match(created.body, {
    name: 'm',
    image: IMAGE,
    appPath: 'm',
    status: { phase: 'Ready', ready: true },
    traffic: [{ revision: 'm-00001', percent: 100 }]
  })
  const read = await send('GET', created.headers.get('location') ?? '')
  t.equal(read.status, 200)
  t.equal(etagIn(read), etagIn(created))
  const list = await send('GET', '/models?ready=true&labelSelector=team%3Drisk')
  t.same((list.body['items'] as Array<{ name: string }>).map(({ name }) => name), ['m'])
  t.same((await send('GET', '/models?ready=false')).body, { items: [] })
})

t.test('without wait= the answer comes before the model serves', async t => {
  const send = await open(t)
  const created = await send('POST', '/models', { name: 'm', image: IMAGE })
  t.equal(created.status, 201)
  t.match(created.body, {
    status: { ready: false, explanation: { owner: 'nobody', needsAction: false } }
  })
})

t.test('a wait that is over before the model serves answers 202 with Retry-After', async t => {
  const send = await open(t)
  const created = await send('POST', '/models?wait=1', { name: 'm', image: `${IMAGE}-slowstart` })
  t.equal(created.status, 202)
  t.equal(created.headers.get('retry-after'), '5')
  t.match(created.body, { name: 'm', status: { phase: 'Deploying' } })
})

t.test('a model whose image is missing fails the wait with what to do', async t => {
  const send = await open(t)
  const { status, body } = await send('PUT', '/models/m?wait=20', { image: `${IMAGE}-missing` })
  t.equal(status, 422)
  t.match(body, {
    type: '/problems/model-failed',
    detail: `image not found: ${IMAGE}-missing`,
    remedy: 'check its name and tag, or publish it',
    explanation: { owner: 'you', needsAction: true }
  })
  t.equal((await send('GET', '/models/m')).status, 200, 'nothing is undone by itself')
})

t.test('a model that crashes at its start fails the wait long before the deadline of the platform', async t => {
  const send = await open(t)
  const { status, body } = await send('POST', '/models?wait=30', {
    name: 'm',
    image: `${IMAGE}-crash`
  })
  t.equal(status, 422)
  t.match(body, {
    type: '/problems/model-failed',
    detail: /^the container keeps ending at its start with exit code 3/
  })
})

t.test('PUT creates, then replaces, then writes nothing', async t => {
  const send = await open(t)
  t.equal((await send('PUT', '/models/m?wait=20', { image: IMAGE })).status, 201)
  const replaced = await send('PUT', '/models/m?wait=20', { image: IMAGE, description: 'new' })
  t.equal(replaced.status, 200)
  const again = await send('PUT', '/models/m?wait=20', { image: IMAGE, description: 'new' })
  t.same([again.status, again.body['generation'], etagIn(again)], [200, replaced.body['generation'],
    etagIn(replaced)])
})

t.test('a PUT that takes away what another client has set says so for each field, also in a dry run', async t => {
  const send = await open(t)
  await send('PUT', '/models/m?wait=20', { image: IMAGE })
  await send('PATCH', '/models/m', { scaling: { maxScale: 5 }, labels: { team: 'risk' } })
  const told = [
    'scaling.maxScale goes from 5 back to 0: the request left it out; PATCH changes single fields',
    'labels.team=risk is taken away: the request left it out; PATCH changes single fields'
  ]
  for (const query of ['?dryRun=true', '?wait=20']) {
    const { status, body } = await send('PUT', `/models/m${query}`, { image: IMAGE })
    t.same([status, (body['warnings'] as string[]).slice(0, 2)], [200, told], query)
  }
  t.equal((await send('PUT', '/models/m', { image: IMAGE })).body['warnings'], undefined,
    'nothing is left to take away')
})

t.test('what GET gave can be sent back by PUT and changes nothing', async t => {
  const send = await open(t)
  await send('POST', '/models?wait=20', {
    name: 'm',
    image: IMAGE,
    env: [{ name: 'A', value: '00501' }, { name: 'B', value: '' }],
    resources: { requests: { cpu: '10m' } },
    appPath: null
  })
  const { body } = await send('GET', '/models/m')
  t.match(body, {
    env: [{ name: 'A', value: '00501' }, { name: 'B', value: '' }],
    appPath: null,
    scaling: { initialScale: null }
  })
  const back = await send('PUT', '/models/m', body)
  t.same([back.status, back.body['generation']], [200, body['generation']])
})

t.test('PATCH changes what it names, and null puts a field back to its default', async t => {
  const send = await open(t)
  await send('PUT', '/models/m?wait=20', {
    image: IMAGE,
    description: 'old',
    labels: { a: '1', b: '2' },
    scaling: { target: 5, maxScale: 3 }
  })
  const patch = { description: null, labels: { a: null, c: '3' }, scaling: { target: null } }
  const { status, body } = await send('PATCH', '/models/m', patch, {
    'content-type': 'application/merge-patch+json'
  })
  t.equal(status, 200)
  t.match(body, {
    description: '',
    labels: { b: '2', c: '3' },
    scaling: { target: 10, maxScale: 3 }
  })
  t.notOk('a' in (body['labels'] as object))
})

t.test('a dry run answers what would be, and stores nothing', async t => {
  const send = await open(t)
  t.equal((await send('POST', '/models?dryRun=true', { name: 'm', image: IMAGE })).status, 201)
  t.equal((await send('GET', '/models/m')).status, 404)
})

t.test('a deletion is waited for, and the name can be used again', async t => {
  const send = await open(t)
  await send('PUT', '/models/m?wait=20', { image: IMAGE })
  t.equal((await send('DELETE', '/models/m?wait=20')).status, 204)
  t.equal((await send('GET', '/models/m')).status, 404)
  t.equal((await send('POST', '/models?wait=20', { name: 'm', image: IMAGE })).status, 201)
})

t.test('a create with wait= outlasts the end of an earlier model of the name, one without is told to wait', async t => {
  const send = await open(t)
  await send('PUT', '/models/m?wait=20', { image: IMAGE })
  t.equal((await send('DELETE', '/models/m')).status, 204)
  const early = await send('POST', '/models', { name: 'm', image: IMAGE })
  t.same([early.status, early.body['type'], early.headers.get('retry-after')], [409,
    '/problems/model-being-deleted', '30'])
  t.equal((await send('PUT', '/models/m?wait=20', { image: IMAGE })).status, 201)
})

t.test('preconditions: an old ETag is 412 with the present one, * asks for any, If-None-Match for none', async t => {
  const send = await open(t)
  const put = async (headers: Readonly<Record<string, string>>, description = '') =>
    await send('PUT', '/models/m', { image: IMAGE, description }, headers)
  t.equal((await put({ 'if-match': '*' })).status, 412, 'nothing there')
  t.equal((await put({ 'if-match': '"x"' })).status, 412, 'nothing there')
  const created = await put({ 'if-none-match': '*' })
  t.equal(created.status, 201)
  t.equal((await put({ 'if-none-match': '*' })).status, 412, 'it is there')
  const changed = await put({ 'if-match': etagIn(created) }, 'new')
  t.equal(changed.status, 200)
  const late = await put({ 'if-match': etagIn(created) }, 'newer')
  t.same([late.status, late.body['etag']], [412, etagIn(changed)])
  t.equal((await put({ 'if-match': `W/${etagIn(changed)}` }, 'newer')).status, 200,
    'a proxy that compresses weakens tags')
  t.equal((await put({ 'if-match': `"x", ${etagIn(changed)}` }, 'newest')).status, 412,
    'none of the list is the present one')
  t.equal(
    (await put({
      'if-match': `${etagIn(created)}, "x", W/${etagIn(await send('GET', '/models/m'))}`
    }, 'newest')).status,
    200,
    'one of the list is'
  )
  t.equal((await send('DELETE', '/models/m', undefined, { 'if-match': etagIn(changed) })).status,
    412)
  t.equal((await send('DELETE', '/models/m', undefined, { 'if-match': '*' })).status, 204)
})

t.test('a second model of the name is 409', async t => {
  const send = await open(t)
  await send('POST', '/models', { name: 'm', image: IMAGE })
  const { status, body } = await send('POST', '/models', { name: 'm', image: IMAGE })
  t.same([status, body['type']], [409, '/problems/model-exists'])
})

t.test('a caller of an unknown model gets 404 from every call', async t => {
  const send = await open(t)
  t.equal((await send('GET', '/models/m')).status, 404)
  t.equal((await send('PATCH', '/models/m', {})).status, 404)
  t.equal((await send('DELETE', '/models/m')).status, 404)
})

const refused: ReadonlyArray<{ it: string, call: string, body?: unknown, to: string }> = [
  {
    it: 'a name with an underscore',
    call: 'POST /models',
    body: { name: 'sr_hmeq', image: IMAGE },
    to: '422 name: use sr-hmeq'
  },
  {
    it: 'a name with an underscore in the path',
    call: 'PUT /models/sr_hmeq',
    body: { image: IMAGE },
    to: '422 name: use sr-hmeq'
  },
  {
    it: 'an image outside the allow-list',
    call: 'POST /models',
    body: { name: 'm', image: 'registry.demo.evil/m:1' },
    to: '422 image: use an image that matches registry.demo/*, or ask the platform engineer'
  },
  {
    it: 'an unknown field',
    call: 'POST /models',
    body: { name: 'm', image: IMAGE, imgae: 1 },
    to: '422 imgae: did you mean image?'
  },
  {
    it: 'a number as text',
    call: 'POST /models',
    body: { name: 'm', image: IMAGE, port: '8080' },
    to: '422 port: must be integer'
  },
  {
    it: 'a text as number',
    call: 'POST /models',
    body: { name: 'm', image: IMAGE, env: [{ name: 'A', value: 501 }] },
    to: '422 env.0.value: must be string'
  },
  {
    it: 'null where a value is needed',
    call: 'POST /models',
    body: { name: 'm', image: IMAGE, retrySafe: null },
    to: '422 retrySafe: must be boolean'
  },
  { it: 'no image', call: 'PUT /models/m', body: {}, to: '422 image: add image' },
  {
    it: 'a wrong quantity',
    call: 'PUT /models/m',
    body: { image: IMAGE, resources: { limits: { memory: '2 GB' } } },
    to: '422 resources.limits.memory: did you mean 2Gi? Write it as 512Mi or 2Gi'
  },
  {
    it: 'half a byte',
    call: 'PUT /models/m',
    body: { image: IMAGE, resources: { limits: { memory: '512m' } } },
    to: '422 resources.limits.memory: did you mean 512Mi? Write it as 512Mi or 2Gi'
  },
  {
    it: 'a wrong duration',
    call: 'PUT /models/m',
    body: { image: IMAGE, scaling: { window: '1 day' } },
    to: '422 scaling.window: write it as 90s, 5m or 1h'
  },
  {
    it: 'another name than the path\'s',
    call: 'PUT /models/m',
    body: { name: 'n', image: IMAGE },
    to: '422 name: leave it out; a model can\'t be renamed'
  },
  {
    it: 'a patch that is no object',
    call: 'PATCH /models/m',
    body: [],
    to: '422 body: must be object'
  },
  {
    it: 'a patch of status',
    call: 'PATCH /models/m',
    body: { status: {} },
    to:
      '422 status: leave status out, or check its spelling; known here: image, description, labels, appPath, port, env, resources, scaling, containerConcurrency, timeoutSeconds, imagePullSecrets, rolloutSeconds, retrySafe'
  },
  {
    it: 'a name of scaling that is cut short',
    call: 'POST /models',
    body: { name: 'm', image: IMAGE, scaling: { max: 3 } },
    to: '422 scaling.max: did you mean maxScale?'
  },
  {
    it: 'a name of scaling in another case',
    call: 'PUT /models/m',
    body: { image: IMAGE, scaling: { minscale: 1 } },
    to: '422 scaling.minscale: did you mean minScale?'
  },
  {
    it: 'a field of scaling beside it',
    call: 'POST /models/m/revisions',
    body: { maxScale: 3 },
    to: '422 maxScale: did you mean scaling.maxScale?'
  },
  {
    it: 'an unknown field of scaling of a challenger',
    call: 'POST /models/m/revisions',
    body: { scaling: { max: 3 } },
    to: '422 scaling.max: did you mean maxScale?'
  },
  {
    it: 'an unknown field of a patch\'s scaling',
    call: 'PATCH /models/m',
    body: { scaling: { max: 3 } },
    to: '422 scaling.max: did you mean maxScale?'
  },
  {
    it: 'a field of scaling that is near none',
    call: 'PUT /models/m',
    body: { image: IMAGE, scaling: { bogus: 3 } },
    to:
      '422 scaling.bogus: leave scaling.bogus out, or check its spelling; known here: minScale, maxScale, initialScale, metric, target, window, retention, burstCapacity'
  },
  {
    it: 'a row of traffic with a letter too much',
    call: 'PUT /models/m/traffic',
    body: [{ latests: true, percent: 100 }],
    to: '422 0.latests: did you mean latest?'
  },
  { it: 'a body that is no JSON', call: 'POST /models', body: '{', to: '400' },
  {
    it: 'a wait of eleven minutes',
    call: 'DELETE /models/m?wait=660',
    to: '422 query.wait: must be <= 600'
  },
  {
    it: 'an unknown option',
    call: 'GET /models?reday=true',
    to: '422 query.reday: did you mean ready?'
  },
  {
    it: 'an option of a call that has none',
    call: 'GET /models/m?wait=5',
    to: '422 query.wait: leave query.wait out, or check its spelling'
  },
  {
    it: 'a selector that can\'t be read',
    call: 'GET /models?labelSelector=a%3D%3D%3D',
    to:
      '422 query.labelSelector: write requirements such as team=risk, stage!=dev, team in (risk,fraud), owner or !owner, with commas between them'
  },
  {
    it: 'a token of no page',
    call: 'GET /models?continue=!!',
    to: '422 query.continue: start again without continue'
  }
]
t.test('bad input', async t => {
  const send = await open(t)
  for (const { it, call, body, to } of refused) {
    await t.test(`refused: ${it}`, async t => {
      const [method = '', path = ''] = call.split(' ')
      const answer = await send(method, path, body)
      const [{ field, detail, remedy } = {} as Record<string, string>] =
        (answer.body['fields'] ?? []) as Array<Record<string, string>>
      t.equal(
        field === undefined
          ? String(answer.status)
          : `${answer.status} ${field}: ${remedy ?? detail}`,
        to
      )
      t.equal(answer.headers.get('content-type')?.split(';')[0], 'application/problem+json')
    })
  }
})

t.test('another media type than JSON is 415', async t => {
  const send = await open(t)
  t.equal((await send('POST', '/models', '<model/>', { 'content-type': 'application/xml' })).status,
    415)
})
