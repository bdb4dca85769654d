import t from 'tap'
import type { Current } from '../../../src/domain/models/model/model-store.js'
import {
  IMAGE,
  KSVCS,
  UPDATE,
  WRITE,
  eventually,
  failureOf,
  faultOf,
  openStore,
  openWorld,
  spec
} from './support.js'

t.test('a new model is there for a reader at once, and becomes ready', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m'), WRITE, world.signal)
  const { items, stale } = await store.list({ limit: 10 }, world.signal)
  t.same(items.map(({ name }) => name), ['m'])
  t.notOk(stale)
  const model = await eventually(async () => await store.get('m', world.signal),
    ({ status }) => status.ready)
  t.same(model.spec, spec('m'))
  t.match(model, {
    createdBy: 'tester',
    updatedBy: 'tester',
    status: { phase: 'Ready', replicas: 1 },
    traffic: [{ revision: 'm-00001', percent: 100 }]
  })
})

t.test('the same spec again writes nothing', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  const { generation, version } = await store.create('m', spec('m'), WRITE, world.signal)
  const { model: again } = await store.update('m', () => ({ spec: spec('m') }), UPDATE,
    world.signal)
  t.same([again.generation, again.version], [generation, version])
  t.notOk(world.calls.some(({ verb }) => verb === 'update'))
})

t.test('the version is the same through all writes of the cluster, and another after ours', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  const created = await store.create('m', spec('m'), WRITE, world.signal)
  const ready = await eventually(async () => await store.get('m', world.signal),
    ({ status }) => status.ready)
  t.equal(ready.version, created.version)
  const { model: changed } = await store.update('m',
    ({ model: { spec } }) => ({ spec: { ...spec, description: 'new' } }), {
      ...UPDATE,
      ifMatch: [ready.version]
    }, world.signal)
  t.not(changed.version, created.version)
  t.equal(
    await faultOf(
      store.update('m', ({ model: { spec } }) => ({ spec }), {
        ...UPDATE,
        ifMatch: [created.version]
      }, world.signal)
    ),
    'model-changed'
  )
})

t.test('changes that run at the same time are all kept', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m'), WRITE, world.signal)
  const add = async (label: string) =>
    await store.update('m',
      ({ model: { spec } }) => ({ spec: { ...spec, labels: { ...spec.labels, [label]: 'yes' } } }),
      UPDATE, world.signal)
  await Promise.all(['a', 'b', 'c'].map(add))
  t.same((await store.get('m', world.signal)).spec.labels, { a: 'yes', b: 'yes', c: 'yes' })
})

t.test('of two changes of one version only one is made', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  const { version } = await store.create('m', spec('m'), WRITE, world.signal)
  const change = async (description: string) =>
    await store.update('m', ({ model: { spec } }) => ({ spec: { ...spec, description } }), {
      ...UPDATE,
      ifMatch: [version]
    }, world.signal)
  const outcomes = await Promise.allSettled([change('one'), change('two')])
  t.same(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.match(outcomes.find(({ status }) => status === 'rejected'), {
    reason: { fault: 'model-changed' }
  })
})

t.test('a template change of a pinned model is refused, unless all traffic is to follow it', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m'), WRITE, world.signal)
  await eventually(async () => await store.get('m', world.signal), ({ status }) => status.ready)
  await pin(world, 'm', 'm-00001')
  const change = ({ model: { spec } }: Current) => ({ spec: { ...spec, timeoutSeconds: 20 } })
  t.equal(await faultOf(store.update('m', change, UPDATE, world.signal)), 'model-pinned')
  const { model: renamed } = await store.update('m',
    ({ model: { spec } }) => ({ spec: { ...spec, description: 'no new template' } }), UPDATE,
    world.signal)
  t.equal(renamed.spec.description, 'no new template')
  const { model: moved } = await store.update('m', change, { ...UPDATE, trafficToLatest: true },
    world.signal)
  t.same(moved.desired, [{ latest: true, percent: 100 }])
})

async function pin (
  { connection, signal }: Awaited<ReturnType<typeof openWorld>>,
  name: string,
  revisionName: string
): Promise<void> {
  const path = `${KSVCS}/${name}`
  const { body: live } = await connection.send<{ spec: object }>('GET', path, undefined, signal)
  await connection.send('PUT', path, {
    ...live,
    spec: { ...live.spec, traffic: [{ revisionName, percent: 100 }] }
  }, signal)
}

t.test('redeploying makes a new revision of the same image', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m'), WRITE, world.signal)
  const { version, generation } = await eventually(async () => await store.get('m', world.signal),
    ({ status }) => status.ready)
  const { model: again } = await store.update('m', ({ model: { spec } }) => ({ spec }), {
    ...UPDATE,
    redeploy: true
  }, world.signal)
  t.same([again.version, again.generation], [version, generation + 1])
  await eventually(async () => await store.get('m', world.signal),
    ({ status }) => status.ready && status.latestReadyRevision === 'm-00002')
})

t.test('a name stays taken until its pods are gone, and followers hear the end', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m'), WRITE, world.signal)
  await eventually(async () => await store.get('m', world.signal), ({ status }) => status.ready)
  await store.delete('m', { dryRun: false }, world.signal)
  t.equal(await faultOf(store.create('m', spec('m'), WRITE, world.signal)), 'model-being-deleted')
  t.equal(
    await faultOf(store.update('m', ({ model: { spec } }) => ({ spec }), UPDATE, world.signal)),
    'model-being-deleted'
  )
  const phases: string[] = []
  for await (const model of store.follow('m', 0, world.signal)) {
    phases.push(model?.status.phase ?? 'gone')
    if (model === undefined) break
  }
  t.equal(phases[0], 'Deleting')
  t.equal(phases.at(-1), 'gone')
  await store.create('m', spec('m'), WRITE, world.signal)
})

t.test('a dry run stores nothing', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m'), { ...WRITE, dryRun: true }, world.signal)
  t.equal(await faultOf(store.get('m', world.signal)), 'model-not-found')
})

t.test('following hears its signal, before and during', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m'), WRITE, world.signal)
  const left = AbortSignal.abort(new Error('left before'))
  const before = store.follow('m', 0, left)[Symbol.asyncIterator]()
  await t.rejects(before.next(), { message: 'left before' })
  const control = new AbortController()
  const during = store.follow('m', 99, control.signal)[Symbol.asyncIterator]()
  const waiting = during.next()
  control.abort(new Error('left during'))
  await t.rejects(waiting, { message: 'left during' })
})

t.test('a warm read of revisions makes no call', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world, {
    timing: { watchSeconds: 60, slackMs: 1_000, backoffMaxMs: 200 }
  })
  await store.create('m', spec('m'), WRITE, world.signal)
  await eventually(async () => await store.get('m', world.signal), ({ status }) => status.ready)
  const before = world.calls.length
  const { revisions } = await store.readForScoring('m', world.signal)
  t.match(revisions, [{
    name: 'm-00001',
    image: IMAGE,
    appPath: 'm',
    ready: true,
    innerUrl: 'http://m-00001.sas-model-inference.svc.cluster.local'
  }])
  t.equal(world.calls.length, before)
})

t.test('a stale cache is not believed: reads ask the cluster and say so', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world, { freshMs: 0 })
  await store.create('m', spec('m'), WRITE, world.signal)
  const { items, stale } = await store.list({ limit: 10 }, world.signal)
  t.same([items.map(({ name }) => name), stale], [['m'], true])
  t.equal((await store.get('m', world.signal)).name, 'm')
})

t.test('pages follow each other by name, without gaps', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  for (const name of ['d', 'a', 'c', 'b']) {
    await store.create(name, spec(name, { labels: { odd: name === 'b' ? 'yes' : 'no' } }), WRITE,
      world.signal)
  }
  const first = await store.list({ limit: 3 }, world.signal)
  const second = await store.list({ limit: 3, continue: first.continue ?? '' }, world.signal)
  t.same([first, second].map(({ items }) => items.map(({ name }) => name).join('')), ['abc', 'd'])
  t.equal(second.continue, undefined)
  t.same(
    (await store.list({ limit: 3, labelSelector: 'odd notin (yes)' }, world.signal)).items.map((
      { name }
    ) => name),
    ['a', 'c', 'd']
  )
  t.equal(await faultOf(store.list({ limit: 3, labelSelector: '=' }, world.signal)),
    'request-invalid')
  t.equal(await faultOf(store.list({ limit: 3, continue: 'Li4v' }, world.signal)),
    'request-invalid')
})

t.test('a name that would lead to another path of the API is not found, without a call', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  const before = world.calls.filter(({ verb }) => verb === 'get').length
  for (const name of ['..', '../../pods', 'a/b', 'A', '']) {
    t.equal(await faultOf(store.get(name, world.signal)), 'model-not-found')
    t.equal(await faultOf(store.delete(name, { dryRun: false }, world.signal)), 'model-not-found')
  }
  t.equal(world.calls.filter(({ verb }) => verb === 'get').length, before)
})

const refusals = [
  {
    rule: { verb: 'create', status: 403 },
    fault: 'cluster-forbidden',
    message:
      'the service account lacks the right to create services.serving.knative.dev in sas-model-inference'
  },
  {
    rule: { verb: 'create', status: 429, retryAfterSeconds: 7 },
    fault: 'cluster-busy',
    message: 'the cluster\'s API is overloaded or not in order (429 TooManyRequests)'
  },
  {
    rule: { verb: 'create', status: 503 },
    fault: 'cluster-busy',
    message: 'the cluster\'s API is overloaded or not in order (503 ServiceUnavailable)'
  }
]
for (const { rule, fault, message } of refusals) {
  t.test(`a create that the API answers with ${rule.status} is ${fault}`, async t => {
    const world = await openWorld(t)
    const store = await openStore(t, world)
    world.simulator.refuse(rule)
    t.match(await failureOf(store.create('m', spec('m'), WRITE, world.signal)), { fault, message })
  })
}

t.test('a webhook\'s refusal names the fields of a model', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  t.match(
    await failureOf(
      store.create('m', spec('m', { containerConcurrency: -5 }), WRITE, world.signal)
    ),
    {
      fault: 'model-invalid',
      message: 'expected 0 <= -5 <= 1000: containerConcurrency'
    }
  )
})

t.test('an API that is not there is unreachable', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await world.simulator.close()
  t.equal(await faultOf(store.create('m', spec('m'), WRITE, world.signal)), 'cluster-unreachable')
})

t.test('revisions are told also when events can\'t be read', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m', { image: 'registry.demo/sr_hmeq_logreg:1.0-crash' }), WRITE,
    world.signal)
  await eventually(async () => (await store.get('m', world.signal)).status.latestCreatedRevision,
    latest => latest === 'm-00001')
  world.simulator.refuse({ resource: 'events', status: 403 })
  t.match(await store.listRevisions('m', world.signal), {
    revisions: [{ name: 'm-00001', ready: undefined }]
  })
})

t.test('old caches: revisions to score by are those known last, at once, and a list is not', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world, { freshMs: 300 })
  await store.create('m', spec('m'), WRITE, world.signal)
  await eventually(async () => (await store.readForScoring('m', world.signal)).revisions.length,
    count => count === 1)
  await world.simulator.stopApi()
  await eventually(() => store.isFresh(), isFresh => !isFresh)
  t.match(await store.readForScoring('m', world.signal), { revisions: [{ name: 'm-00001' }] })
  t.equal(await faultOf(store.readForScoring('other', world.signal)), 'cluster-unreachable')
  t.equal(await faultOf(store.list({ limit: 3 }, world.signal)), 'cluster-unreachable')
  await world.simulator.startApi()
  await eventually(() => store.isFresh(), isFresh => isFresh)
})
