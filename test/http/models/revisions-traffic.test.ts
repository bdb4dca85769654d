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

const at = (revision: string, percent: number, tag?: string) => ({
  revision,
  percent,
  ...(tag === undefined ? {} : { tag })
})
const BLUE_GREEN = [at('m-00001', 75, 'blue'), at('m-00002', 25, 'green')]

t.test('a whole table is set, shown as it serves and as it was asked for, and waited for', async t => {
  const app = await open(t)
  await challenged(app)
  const { status, etag, body } = await app.send('PUT', '/models/m/traffic?wait=20', BLUE_GREEN)
  t.equal(status, 200)
  t.same(
    body.traffic.map(({ revision, latest, percent, tag, url }) => ({
      revision,
      latest,
      percent,
      tag,
      url
    })),
    [
      {
        revision: 'm-00001',
        latest: false,
        percent: 75,
        tag: 'blue',
        url: 'http://blue-m.sas-model-inference.scr.test'
      },
      {
        revision: 'm-00002',
        latest: false,
        percent: 25,
        tag: 'green',
        url: 'http://green-m.sas-model-inference.scr.test'
      }
    ]
  )
  t.same(body.desired, BLUE_GREEN.map(row => ({ ...row, latest: false })))
  t.same(body.history.map(textOf), ['m-00001=100', 'm-00001=100 m-00002=0:green'])
  const read = await app.send('GET', '/models/m/traffic')
  t.same([read.status, read.etag, read.body.traffic], [200, etag, body.traffic])
  t.equal((await app.send('GET', '/models/m')).etag, etag)
})

t.test('the table that is there already, in any order, writes nothing', async t => {
  const app = await open(t)
  await challenged(app)
  const { etag } = await setTo(app, BLUE_GREEN)
  const { generation } = (await app.send('GET', '/models/m')).body
  const again = await setTo(app, BLUE_GREEN.toReversed())
  t.same([again.etag, (await app.send('GET', '/models/m')).body.generation,
    again.body.history.length], [etag, generation, 2])
})

t.test('rows that follow the latest go where the newest ready revision is', async t => {
  const app = await open(t)
  await challenged(app)
  const { body } = await setTo(app, [{ latest: true, percent: 60, tag: 'next' }, at('m-00001', 40)])
  t.equal(textOf(body.desired), 'latest=60:next m-00001=40')
  t.equal(textOf(body.traffic), 'm-00001=40 m-00002=60:next')
})

t.test('a table that waits for a revision still starting is 202, and the old one serves', async t => {
  const app = await open(t)
  await app.send('POST', '/models/m/revisions', { image: `${IMAGE_2}-slowstart`, tag: 'green' })
  await until('the cluster has made it',
    async () => (await app.send('GET', '/models/m/revisions/m-00002')).status,
    status => status === 200)
  const { status, headers, body } = await app.send('PUT', '/models/m/traffic?wait=1', BLUE_GREEN)
  t.same([status, headers.get('retry-after'), textOf(body.traffic)], [202, '5', 'm-00001=100'])
  await setTo(app, BLUE_GREEN)
  t.equal(await serving(app), 'm-00001=75:blue m-00002=25:green')
})

const refused: ReadonlyArray<{ it: string, body: unknown, field: string }> = [
  { it: 'less than 100', body: [at('m-00001', 99)], field: 'percent' },
  { it: 'more than 100', body: [at('m-00001', 60), at('m-00002', 60)], field: 'percent' },
  { it: 'no rows', body: [], field: 'percent' },
  { it: 'an object', body: { traffic: BLUE_GREEN }, field: 'body' },
  { it: 'a row without a percent', body: [{ revision: 'm-00001' }], field: '0.percent' },
  { it: 'a percent as text', body: [{ revision: 'm-00001', percent: '100' }], field: '0.percent' },
  {
    it: 'a row of a revision and the latest',
    body: [{ revision: 'm-00001', latest: true, percent: 100 }],
    field: '0'
  },
  { it: 'a row of neither', body: [{ percent: 100 }], field: '0' },
  { it: 'an unknown revision', body: [at('m-00009', 100)], field: '0.revision' },
  {
    it: 'another model\'s revision',
    body: [at('m-00001', 50), at('other-00001', 50)],
    field: '1.revision'
  },
  {
    it: 'a failed revision',
    body: [at('m-00001', 100), at('m-00003', 0, 'c')],
    field: '1.revision'
  },
  { it: 'a tag twice', body: [at('m-00001', 50, 'a'), at('m-00002', 50, 'a')], field: '1.tag' },
  { it: 'a tag too long', body: [at('m-00001', 100, 'a'.repeat(62))], field: '0.tag' },
  { it: 'an unknown member', body: [{ ...at('m-00001', 100), url: 'x' }], field: '0.url' }
]
t.test('bad tables', async t => {
  const app = await open(t)
  await served(app.send('PUT', '/models/other?wait=20', { image: IMAGE_1 }))
  await challenged(app)
  t.equal(
    (await app.send('POST', '/models/m/revisions?wait=20', {
      image: `${IMAGE_1}-missing`,
      tag: 'c'
    })).status,
    422
  )
  const before = await app.send('GET', '/models/m')
  for (const { it, body, field } of refused) {
    await t.test(`refused: ${it}`, async t => {
      const answer = await app.send('PUT', '/models/m/traffic', body)
      t.same([answer.status, answer.body.fields?.[0]?.field], [422, field])
    })
  }
  t.equal((await app.send('GET', '/models/m')).etag, before.etag)
})

t.test('a revision or a tag is promoted, and tags stay where they are', async t => {
  const app = await open(t)
  await challenged(app)
  await setTo(app, BLUE_GREEN)
  t.equal(
    textOf(
      (await served(app.send('POST', '/models/m/promote?wait=20', { tag: 'green' }))).body.traffic
    ),
    'm-00001=0:blue m-00002=100:green'
  )
  t.same((await versionsOf(app, 10)).versions, Array(10).fill('2.0'))
  t.equal(
    textOf(
      (await served(app.send('POST', '/models/m/promote?wait=20', { revision: 'm-00001' }))).body
        .traffic
    ),
    'm-00001=100:blue m-00002=0:green'
  )
  t.same((await versionsOf(app, 10)).versions, Array(10).fill('1.0'))
  t.equal((await app.send('GET', '/models/m/revisions')).body.items.length, 2, 'no new revision')
})

t.test('what can\'t be promoted is refused', async t => {
  const app = await open(t)
  await challenged(app)
  const gradual = await app.send('POST', '/models/m/promote', { tag: 'green', rolloutSeconds: 60 })
  t.match(gradual, {
    status: 422,
    body: {
      detail: /gradually only to the newest revision/,
      remedy: /PUT \/models\/\{name\}\/traffic/
    }
  })
  t.match(await app.send('POST', '/models/m/promote', { tag: 'red' }), {
    status: 404,
    body: { detail: 'm has no tag "red"; it has green' }
  })
  t.match(await app.send('POST', '/models/m/promote', { revision: 'm-00009' }), {
    status: 422,
    body: { fields: [{ field: 'revision' }] }
  })
  t.match(await app.send('POST', '/models/m/promote', {}), {
    status: 422,
    body: { detail: 'body: needs either revision or tag' }
  })
  t.equal(
    (await app.send('POST', '/models/m/promote', { tag: 'green', revision: 'm-00002' })).status,
    422
  )
  await app.send('POST', '/models/m/revisions?wait=20', { image: `${IMAGE_1}-crash`, tag: 'red' })
  t.match(await app.send('POST', '/models/m/promote', { tag: 'red' }), {
    status: 422,
    body: { fields: [{ field: 'tag' }] }
  })
})

t.test('rollback goes back to exactly each earlier table, one after the other, and then says that there is none', async t => {
  const app = await open(t)
  await challenged(app)
  await setTo(app, BLUE_GREEN)
  await setTo(app, [at('m-00001', 10, 'blue'), at('m-00002', 90, 'green')])
  await served(app.send('POST', '/models/m/promote?wait=20', { tag: 'green' }))
  const tables: string[] = []
  for (let i = 0; i < 4; i++) { tables.push(textOf((await served(app.send('POST', '/models/m/rollback?wait=20'))).body.traffic)) }
  t.same(tables, ['m-00001=10:blue m-00002=90:green', 'm-00001=75:blue m-00002=25:green',
    'm-00001=100 m-00002=0:green', 'm-00001=100'])
  t.match(await app.send('POST', '/models/m/rollback'), {
    status: 409,
    body: { type: '/problems/nothing-to-roll-back' }
  })
  t.equal((await app.send('GET', '/models/m/revisions')).body.items.length, 2, 'no new revision')
})

t.test('rollback after a new image goes to the revision before it, by name', async t => {
  const app = await open(t)
  await served(app.send('PUT', '/models/m?wait=20', { image: IMAGE_2 }))
  t.equal(await serving(app), 'm-00002=100')
  const { body } = await served(app.send('POST', '/models/m/rollback?wait=20'))
  t.same([textOf(body.desired), textOf(body.traffic), body.history], ['m-00001=100', 'm-00001=100',
    []])
  t.same((await versionsOf(app, 10)).versions, Array(10).fill('1.0'))
})

t.test('rollback from a new image that fails is done at once, and the model serves as asked for', async t => {
  const app = await open(t)
  t.equal((await app.send('PUT', '/models/m?wait=20', { image: `${IMAGE_2}-missing` })).status, 422)
  t.equal(textOf((await served(app.send('POST', '/models/m/rollback?wait=20'))).body.desired),
    'm-00001=100')
  t.equal((await app.send('GET', '/models/m')).body.status.phase, 'Ready')
})

t.test('rollback to a revision that somebody deleted is refused by its name', async t => {
  const app = await open(t)
  await challenged(app)
  await served(app.send('POST', '/models/m/promote?wait=20', { tag: 'green' }))
  await app.kube.call('DELETE',
    '/apis/serving.knative.dev/v1/namespaces/sas-model-inference/revisions/m-00001')
  t.match(await app.send('POST', '/models/m/rollback'), {
    status: 409,
    body: { detail: 'the earlier table names m-00001, which is gone' }
  })
})

t.test('a dry run of promote and rollback stores nothing', async t => {
  const app = await open(t)
  const { etag } = await challenged(app, 50)
  t.equal(
    textOf(
      (await served(app.send('POST', '/models/m/promote?dryRun=true', { tag: 'green' }))).body
        .desired
    ),
    'm-00002=100:green'
  )
  t.equal(textOf((await served(app.send('POST', '/models/m/rollback?dryRun=true'))).body.desired),
    'm-00001=100')
  t.equal((await app.send('GET', '/models/m')).etag, etag)
})
