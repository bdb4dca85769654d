import t from 'tap'
import { KSVCS, until } from '../../support/contract.js'
import {
  challenged,
  IMAGE_1,
  IMAGE_2,
  open,
  REVISIONS,
  served,
  serving,
  setTo,
  textOf,
  type App
} from './revisions-app.js'

const NO_GC = 'serving.knative.dev/no-gc'

async function annotationsOf ({ kube }: App, revision: string): Promise<Record<string, string>> {
  return (await kube.call('GET', `${REVISIONS}/${revision}`)).body.metadata.annotations ?? {}
}

/** As kubectl would, with what is there. */
async function edit ({ kube }: App, change: object): Promise<void> {
  const { status, text } = await kube.call('PATCH', `${KSVCS}/m`, change,
    'application/merge-patch+json')
  if (status !== 200) throw new Error(text)
}

/** A model that had m-00001 and has m-00002 now. */
async function promoted (app: App): Promise<void> {
  await challenged(app)
  await served(app.send('POST', '/models/m/promote?wait=20', { tag: 'green' }))
}

t.test('a revision that is routed, the latest or needed by rollback is not deleted', async t => {
  const app = await open(t)
  await challenged(app)
  const refusal = async (
    revision: string
  ) => (await app.send('DELETE', `/models/m/revisions/${revision}`))
  t.match(await refusal('m-00001'), {
    status: 409,
    body: {
      detail: 'the revision m-00001 is in the traffic table',
      remedy: 'take it out of the traffic table first'
    }
  })
  await setTo(app, [{ revision: 'm-00001', percent: 100 }])
  t.match(await refusal('m-00002'), { status: 409, body: { detail: /is the latest/ } })
  await setTo(app, [{ revision: 'm-00002', percent: 100 }])
  t.match(await refusal('m-00001'), {
    status: 409,
    body: { detail: 'rollback needs the revision m-00001', remedy: /forget=true/ }
  })
  t.match(await refusal('m-00009'), { status: 404, body: { type: '/problems/revision-not-found' } })
  t.equal((await app.send('GET', '/models/m/revisions')).body.items.length, 2)
})

t.test('forget=true deletes what only rollback needs, and rollback can\'t go there any more', async t => {
  const app = await open(t)
  await promoted(app)
  t.equal((await app.send('DELETE', '/models/m/revisions/m-00001?forget=true&dryRun=true')).status,
    204)
  t.equal((await app.send('GET', '/models/m/revisions/m-00001')).status, 200,
    'a dry run deletes nothing')
  t.equal((await app.send('DELETE', '/models/m/revisions/m-00001?forget=true')).status, 204)
  await until('it is gone',
    async () => (await app.send('GET', '/models/m/revisions/m-00001')).status,
    status => status === 404)
  t.same((await app.send('GET', '/models/m/traffic')).body.history, [])
  t.match(await app.send('POST', '/models/m/rollback'), {
    status: 409,
    body: { type: '/problems/nothing-to-roll-back' }
  })
  t.equal(await serving(app), 'm-00002=100:green')
})

t.test('earlier tables are readable on the ksvc, and a broken note of them is no note', async t => {
  const app = await open(t)
  await challenged(app, 10)
  const { annotations = {} } = (await app.kube.ksvc('m')).metadata
  t.same(JSON.parse(annotations['scr-modelops/traffic-history'] ?? ''), [[{
    revision: 'm-00001',
    percent: 100
  }]])
  await edit(app, { metadata: { annotations: { 'scr-modelops/traffic-history': '[{' } } })
  await until('the service has seen it',
    async () => (await app.send('GET', '/models/m/traffic')).body,
    ({ history }) => history.length === 0)
  t.equal((await app.send('POST', '/models/m/rollback')).status, 409)
})

t.test('revisions that rollback needs are kept from garbage collection as long as it does', async t => {
  const app = await open(t)
  t.notOk(NO_GC in await annotationsOf(app, 'm-00001'))
  await promoted(app)
  t.equal((await annotationsOf(app, 'm-00001'))[NO_GC], 'true')
  await served(
    app.send('POST', '/models/m/revisions?wait=20', { image: IMAGE_1, tag: 'red', percent: 100 })
  )
  for (let i = 0; i < 10; i++) {
    await setTo(app, [{ revision: 'm-00002', percent: 10 + i }, {
      revision: 'm-00003',
      percent: 90 - i
    }])
  }
  t.notOk(NO_GC in await annotationsOf(app, 'm-00001'), 'no table in the history names it any more')
  t.equal((await annotationsOf(app, 'm-00002'))[NO_GC], 'true')
})

t.test('what somebody else keeps from garbage collection stays kept', async t => {
  const app = await open(t)
  await app.kube.call('PATCH', `${REVISIONS}/m-00001`, {
    metadata: { annotations: { [NO_GC]: 'true' } }
  }, 'application/merge-patch+json')
  await promoted(app)
  for (let i = 0; i < 2; i++) await served(app.send('POST', '/models/m/rollback?wait=20'))
  await setTo(app, [{ revision: 'm-00002', percent: 100 }])
  t.equal((await app.send('DELETE', '/models/m/revisions/m-00001?forget=true&dryRun=true')).status,
    204)
  await served(app.send('POST', '/models/m/rollback?wait=20'))
  t.same([(await annotationsOf(app, 'm-00001'))[NO_GC],
    (await annotationsOf(app, 'm-00001'))['scr-modelops/kept-for-rollback']], ['true', undefined])
})

t.test('a refused write takes no protection away', async t => {
  const app = await open(t)
  await promoted(app)
  app.simulator.refuse({ verb: 'update', resource: 'services', status: 403 })
  t.equal((await app.send('POST', '/models/m/rollback')).status, 403)
  app.simulator.refuse()
  t.equal((await annotationsOf(app, 'm-00001'))[NO_GC], 'true')
})

t.test('a new template of a pinned model is 409, unless all traffic is to follow it', async t => {
  const app = await open(t)
  await promoted(app)
  for (
    const [method, body] of [['PUT', { image: IMAGE_1 }], ['PATCH', {
      timeoutSeconds: 20
    }]] as const
  ) {
    t.match(await app.send(method, '/models/m', body), {
      status: 409,
      body: {
        type: '/problems/model-pinned',
        remedy: /POST \/models\/m\/revisions.*traffic=latest/
      }
    })
  }
  t.equal((await app.send('PATCH', '/models/m', { description: 'no new template' })).status, 200)
  await served(app.send('PUT', '/models/m?wait=20&traffic=latest', { image: IMAGE_1 }))
  t.equal(await serving(app), 'm-00002=0:green m-00003=100')
})

t.test('rolloutSeconds is Knative\'s rollout duration, and no new revision', async t => {
  const app = await open(t)
  const patch = async (rolloutSeconds: number | null) =>
    (await served(app.send('PATCH', '/models/m?wait=20', { rolloutSeconds }))).body.rolloutSeconds
  const annotation = async () =>
    (await app.kube.ksvc('m')).metadata.annotations?.['serving.knative.dev/rollout-duration']
  t.same([await patch(90), await annotation()], [90, '90s'])
  t.same([await patch(null), await annotation()], [0, undefined])
  t.equal((await app.send('PATCH', '/models/m', { rolloutSeconds: 3601 })).status, 422)
  t.equal((await app.send('GET', '/models/m/revisions')).body.items.length, 1)
})

t.test('a change that makes a new revision says so, another one does not', async t => {
  const app = await open(t)
  const told = async (patch: object) =>
    (await app.send('PATCH', '/models/m', patch)).body.warnings?.filter(warning =>
      warning.includes('makes a new revision')
    ).length ?? 0
  t.equal(await told({ scaling: { maxScale: 3 } }), 1, 'scaling')
  t.equal(await told({ scaling: { maxScale: 3 } }), 0, 'scaling as it is')
  t.equal(await told({ description: 'the same revision' }), 0, 'description')
})

t.test('an old ETag is 412 with the present one and the present table, whatever the change', async t => {
  const app = await open(t)
  const old = { 'if-match': (await app.send('GET', '/models/m')).etag }
  const { etag } = await challenged(app, 10)
  const late = [
    await app.send('PUT', '/models/m/traffic', [{ revision: 'm-00002', percent: 100 }], old),
    await app.send('POST', '/models/m/promote', { tag: 'green' }, old),
    await app.send('POST', '/models/m/rollback', undefined, old),
    await app.send('POST', '/models/m/revisions', { image: IMAGE_1, tag: 'red' }, old),
    await app.send('DELETE', '/models/m/revisions/m-00001', undefined, old)
  ]
  for (const { status, body } of late) { t.same([status, body.etag, textOf(body.desired)], [412, etag, 'm-00001=90 m-00002=10:green']) }
  t.equal(
    (await app.send('POST', '/models/m/promote', { tag: 'green' }, { 'if-match': etag })).status,
    200
  )
})

const ONE = [{ revision: 'm-00001', percent: 30, tag: 'one' }, { revision: 'm-00002', percent: 70 }]
const TWO = [{ revision: 'm-00001', percent: 60 }, { revision: 'm-00002', percent: 40, tag: 'two' }]

t.test('of two clients who change the same table at once one wins, and the other learns the table that won', async t => {
  const app = await open(t)
  const { etag } = await challenged(app)
  const answers = await Promise.all(
    [ONE, TWO].map(async rows =>
      await app.send('PUT', '/models/m/traffic', rows, { 'if-match': etag })
    )
  )
  t.same(answers.map(({ status }) => status).sort(), [200, 412])
  const [winner, loser] = answers[0]!.status === 200
    ? [answers[0]!, answers[1]!]
    : [answers[1]!, answers[0]!]
  t.same([loser.body.etag, textOf(loser.body.desired)], [winner.etag, textOf(winner.body.desired)])
  t.equal(textOf((await app.send('GET', '/models/m/traffic')).body.desired),
    textOf(winner.body.desired))
})

t.test('without If-Match the last of two clients wins whole, and the table of the other can be gone back to', async t => {
  const app = await open(t)
  await challenged(app)
  const answers = await Promise.all(
    [ONE, TWO].map(async rows => await app.send('PUT', '/models/m/traffic', rows))
  )
  t.same(answers.map(({ status }) => status), [200, 200])
  const { desired, history } = (await app.send('GET', '/models/m/traffic')).body
  const both = ['m-00001=30:one m-00002=70', 'm-00001=60 m-00002=40:two']
  t.same([textOf(desired), textOf(history.at(-1) ?? [])].sort(), both)
})

t.test('edits by other tools between reading and writing are kept', async t => {
  const app = await open(t)
  await challenged(app)
  const labels = Array.from({ length: 6 }, (_, i) => `label-${i}`)
  const edits = async () => {
    for (const label of labels) await edit(app, { metadata: { labels: { [label]: 'yes' } } })
  }
  const moves = [10, 20, 30].map(async percent =>
    await app.send('POST', '/models/m/revisions', { image: IMAGE_2, tag: 'green', percent })
  )
  const [answers] = await Promise.all([Promise.all(moves), edits()])
  t.ok(answers.every(({ status }) => status === 200),
    JSON.stringify(answers.map(({ body }) => body)))
  const { metadata } = await app.kube.ksvc('m') as unknown as {
    metadata: { labels: Record<string, string> }
  }
  for (const label of labels) t.equal(metadata.labels[label], 'yes')
})
