import t from 'tap'
import { until } from '../../support/contract.js'
import {
  challenged,
  IMAGE_1,
  IMAGE_2,
  open,
  served,
  serving,
  setTo,
  textOf,
  versionsOf
} from './revisions-app.js'

t.test('revisions are listed the newest first, with image, digest, share, tags and replicas', async t => {
  const app = await open(t)
  await challenged(app, 25)
  const { items } = (await app.send('GET', '/models/m/revisions')).body
  t.match(items, [
    {
      name: 'm-00002',
      image: IMAGE_2,
      imageDigest: /^registry\.demo\/creditwriteoff@sha256:[0-9a-f]{64}$/,
      ready: true,
      percent: 25,
      tags: ['green'],
      replicas: 1
    },
    {
      name: 'm-00001',
      image: IMAGE_1,
      ready: true,
      percent: 75,
      tags: [],
      replicas: 1,
      explanation: { summary: 'serves as asked for on 1 pod', needsAction: false }
    }
  ])
  t.same((await app.send('GET', '/models/m/revisions/m-00002')).body, items[0])
})

t.test('an unknown revision, and any of an unknown model, is 404', async t => {
  const app = await open(t)
  t.match(await app.send('GET', '/models/m/revisions/m-00009'), {
    status: 404,
    body: { type: '/problems/revision-not-found' }
  })
  t.match(await app.send('GET', '/models/n/revisions/m-00001'), {
    status: 404,
    body: { type: '/problems/model-not-found' }
  })
  t.match(await app.send('GET', '/models/n/revisions'), { status: 404 })
})

t.test('a challenger starts at 0 % beside the pinned champion, reachable by its tag', async t => {
  const app = await open(t)
  const { status, headers, body } = await app.send('POST', '/models/m/revisions?wait=20', {
    image: IMAGE_2,
    tag: 'green'
  })
  t.match({ status, body }, {
    status: 201,
    body: { name: 'm-00002', ready: true, percent: 0, tags: ['green'], image: IMAGE_2 }
  })
  t.equal(headers.get('location'), '/models/m/revisions/m-00002')
  const { body: { traffic } } = await app.send('GET', '/models/m/traffic')
  t.equal(textOf(traffic), 'm-00001=100 m-00002=0:green')
  t.equal(traffic.find(({ tag }) => tag === 'green')?.url,
    'http://green-m.sas-model-inference.scr.test')
  t.same((await versionsOf(app, 5)).versions, Array(5).fill('1.0'))
  t.same((await versionsOf(app, 5, 'tag=green')).versions, Array(5).fill('2.0'))
})

t.test('the same challenger again changes nothing, another share moves only the share', async t => {
  const app = await open(t)
  const first = await challenged(app, 10)
  const { generation } = (await app.send('GET', '/models/m')).body
  for (const percent of [{ percent: 10 }, {}]) {
    const again = await app.send('POST', '/models/m/revisions?wait=20', {
      image: IMAGE_2,
      tag: 'green',
      ...percent
    })
    t.same([again.status, again.etag, again.body.name, again.body.percent], [200, first.etag,
      'm-00002', 10])
  }
  t.equal((await app.send('GET', '/models/m')).body.generation, generation)
  const moved = await app.send('POST', '/models/m/revisions?wait=20', {
    image: IMAGE_2,
    tag: 'green',
    percent: 30
  })
  t.same([moved.status, moved.body.name, moved.body.percent], [200, 'm-00002', 30])
  t.equal(await serving(app), 'm-00001=70 m-00002=30:green')
  t.equal((await app.send('GET', '/models/m/revisions')).body.items.length, 2)
})

t.test('redeploy=true makes another revision of the same challenger, which takes the tag over', async t => {
  const app = await open(t)
  await challenged(app, 20)
  const again = await app.send('POST', '/models/m/revisions?wait=20&redeploy=true', {
    image: IMAGE_2,
    tag: 'green',
    percent: 20
  })
  t.match(again, {
    status: 201,
    body: { name: 'm-00003', percent: 20, tags: ['green'], image: IMAGE_2 }
  })
  t.equal(await serving(app), 'm-00001=64 m-00002=16 m-00003=20:green')
})

t.test('a dry run of a challenger stores nothing', async t => {
  const app = await open(t)
  const before = await app.send('GET', '/models/m')
  const { status, body } = await app.send('POST', '/models/m/revisions?dryRun=true', {
    image: IMAGE_2,
    tag: 'green'
  })
  t.equal(status, 201)
  t.notOk('createdAt' in body, 'the cluster has made no revision, so none has a time')
  t.equal((await app.send('GET', '/models/m')).etag, before.etag)
})

t.test('a challenger that fails takes no request, says why, and the next one with its tag takes over', async t => {
  const app = await open(t)
  const failed = await app.send('POST', '/models/m/revisions?wait=20', {
    image: `${IMAGE_2}-missing`,
    tag: 'green',
    percent: 20
  })
  t.match(failed, {
    status: 422,
    body: {
      type: '/problems/model-failed',
      detail: `m-00001 goes on serving; image not found: ${IMAGE_2}-missing`,
      explanation: { needsAction: true }
    }
  })
  t.match((await app.send('GET', '/models/m/revisions/m-00002')).body, {
    ready: false,
    percent: 0,
    explanation: { summary: `image not found: ${IMAGE_2}-missing` }
  })
  t.same((await versionsOf(app, 20)).versions, Array(20).fill('1.0'))
  t.match(await challenged(app, 20), { status: 201, body: { name: 'm-00003' } })
  t.equal(await serving(app), 'm-00001=80 m-00003=20:green', 'the one that failed keeps no share')
  await served(app.send('POST', '/models/m/rollback?wait=20'))
  t.equal(await serving(app), 'm-00001=100',
    'a table that never came into force is not gone back to')
})

t.test('with a failed challenger the champion can be promoted, and the model is Ready without it', async t => {
  const app = await open(t)
  t.equal(
    (await app.send('POST', '/models/m/revisions?wait=20', {
      image: `${IMAGE_2}-crash`,
      tag: 'green',
      percent: 20
    })).status,
    422
  )
  const promoted = await app.send('POST', '/models/m/promote?wait=20', { revision: 'm-00001' })
  t.same([promoted.status, textOf(promoted.body.traffic), textOf(promoted.body.desired)], [200,
    'm-00001=100', 'm-00001=100'])
  const { phase, explanation } = (await app.send('GET', '/models/m')).body.status
  t.equal(phase, 'Ready')
  t.match(explanation.summary,
    /^serves as asked for on \d pods?; the newest revision gets no traffic and is not ready: the container /)
})

t.test('until a challenger is ready the old routing stays whole, and the answers say so', async t => {
  const app = await open(t)
  const early = await app.send('POST', '/models/m/revisions', {
    image: `${IMAGE_2}-slowstart`,
    tag: 'green',
    percent: 40
  })
  t.match(early, {
    status: 201,
    body: { name: 'm-00002', ready: null, percent: 0, tags: ['green'] }
  })
  const { body } = await app.send('GET', '/models/m/traffic')
  t.same([textOf(body.traffic), textOf(body.desired)], ['m-00001=100',
    'm-00001=60 m-00002=40:green'])
  const summary = async () => (await app.send('GET', '/models/m/traffic')).body.explanation.summary
  await until('it is told that the champion serves', summary,
    text => text === 'm-00001 goes on serving; revision m-00002 is starting')
  t.same((await versionsOf(app, 20)).versions, Array(20).fill('1.0'))
  const later = await app.send('POST', '/models/m/revisions?wait=20', {
    image: `${IMAGE_2}-slowstart`,
    tag: 'green',
    percent: 40
  })
  t.match(later, { status: 200, body: { ready: true, percent: 40 } })
  t.equal(await serving(app), 'm-00001=60 m-00002=40:green')
})

t.test('a challenger that is not ready when wait= is over is 202 with Retry-After', async t => {
  const app = await open(t)
  const { status, headers, body } = await app.send('POST', '/models/m/revisions?wait=1', {
    image: `${IMAGE_2}-slowstart`,
    tag: 'green'
  })
  t.same([status, headers.get('retry-after'), body.name], [202, '5', 'm-00002'])
})

t.test('a challenger of the template that serves is refused', async t => {
  const app = await open(t)
  t.match(await app.send('POST', '/models/m/revisions', { tag: 'green' }), {
    status: 409,
    body: { type: '/problems/revision-in-use', remedy: /redeploy=true/ }
  })
})

t.test('a challenger of a model that never served is refused with why', async t => {
  const app = await open(t, { image: null })
  await app.send('PUT', '/models/m?wait=20', { image: `${IMAGE_1}-missing` })
  t.match(await app.send('POST', '/models/m/revisions', { image: IMAGE_2 }), {
    status: 503,
    body: { type: '/problems/model-not-ready', detail: /image not found/ }
  })
})

t.test('a challenger right after a change of the model is 409 or has a name of its own, and never takes another\'s', async t => {
  const app = await open(t)
  await served(app.send('PUT', '/models/m', { image: IMAGE_2 }))
  const deploy = async () =>
    await app.send('POST', '/models/m/revisions', {
      image: IMAGE_2,
      env: [{ name: 'A', value: '1' }],
      tag: 'green'
    })
  const { status, body } = await until('it is deployed', deploy, ({ status }) => status !== 409)
  t.same([status, body.name], [201, 'm-00003'])
  await served(
    app.send('POST', '/models/m/revisions?wait=20', {
      image: IMAGE_2,
      env: [{ name: 'A', value: '1' }],
      tag: 'green'
    })
  )
  const { items } = (await app.send('GET', '/models/m/revisions')).body
  t.same(items.map(({ name, ready }) => `${name} ${ready}`), ['m-00003 true', 'm-00002 true',
    'm-00001 true'])
})

t.test('a revision may have a name of its own, and the one after it gets its number', async t => {
  const app = await open(t)
  t.equal((await challenged(app, 0, { revision: 'm-with-income' })).body.name, 'm-with-income')
  t.equal((await challenged(app, 0, { revision: 'm-with-income' })).status, 200)
  await setTo(app, [{ latest: true, percent: 100 }])
  await served(app.send('PUT', '/models/m?wait=20', { image: IMAGE_1 }))
  t.equal(await serving(app), 'm-00003=100')
})

const refused = [
  { it: 'a percent above 100', body: { percent: 101 }, field: 'percent' },
  { it: 'a percent as text', body: { percent: '10' }, field: 'percent' },
  { it: 'half a percent', body: { percent: 0.5 }, field: 'percent' },
  { it: 'a tag too long for its host', body: { tag: 'a'.repeat(62) }, field: 'tag' },
  { it: 'a tag with a capital', body: { tag: 'Green' }, field: 'tag' },
  { it: 'another model\'s name', body: { revision: 'n-00001' }, field: 'revision' },
  { it: 'a field of the model as a whole', body: { description: 'x' }, field: 'description' },
  { it: 'an unknown field', body: { taag: 'x' }, field: 'taag' },
  {
    it: 'a wrong quantity',
    body: { resources: { limits: { memory: '2 GB' } } },
    field: 'resources.limits.memory'
  }
]
t.test('bad challengers', async t => {
  const app = await open(t)
  for (const { it, body, field } of refused) {
    await t.test(`refused: ${it}`, async t => {
      const answer = await app.send('POST', '/models/m/revisions', { image: IMAGE_2, ...body })
      t.same([answer.status, answer.body.fields?.[0]?.field], [422, field])
    })
  }
  t.equal((await app.send('GET', '/models/m')).body.generation, 1)
})
