import t, { type Test } from 'tap'
import type { KsvcStore } from '../../../../src/adapters/kubernetes/ksvc-store.js'
import type { ModelSpec } from '../../../../src/domain/models/model/model.js'
import { planChallenger } from '../../../../src/domain/rollout/challenger.js'
import { parseImageAllowList } from '../../../../src/domain/models/spec/image-allow-list.js'
import {
  eventually,
  KSVCS,
  openStore,
  openWorld,
  spec,
  UPDATE,
  WRITE,
  type World
} from '../support.js'

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
const OTHER = 'registry.demo/sr_hmeq_logreg:2.0'
const KEY = 'client.knative.dev/user-image'

interface Ksvc {
  spec: {
    template: {
      metadata: { annotations: Record<string, string> }
      spec: { containers: Array<{ image: string }> }
    }
  }
}

/** A model that serves, and what the cluster has of it. */
async function served (t: Test) {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m'), WRITE, world.signal)
  await ready(store, world)
  const [revision] = (await store.listRevisions('m', world.signal)).revisions
  const digest = revision?.imageDigest ?? ''
  t.match(digest, /^registry\.demo\/sr_hmeq_logreg@sha256:/)
  return { world, store, digest }
}

const ready = async (store: KsvcStore, world: World) =>
  await eventually(async () => await store.get('m', world.signal), ({ status }) => status.ready)

async function templateOf (
  { connection, signal }: World
): Promise<{ image: string, named: string | undefined }> {
  const { spec: { template } } =
    (await connection.send<Ksvc>('GET', `${KSVCS}/m`, undefined, signal)).body
  return {
    image: template.spec.containers[0]?.image ?? '',
    named: template.metadata.annotations[KEY]
  }
}

const changed = async (
  store: KsvcStore,
  { signal }: World,
  change: Partial<ModelSpec>,
  options: object = {}
) =>
  (await store.update('m', ({ model: { spec } }) => ({ spec: { ...spec, ...change } }), {
    ...UPDATE,
    ...options
  }, signal)).model

t.test('a change of anything but the image keeps the digest that runs, and the model shows the tag', async t => {
  const { world, store, digest } = await served(t)
  world.simulator.publish(IMAGE, OTHER)
  const model = await changed(store, world, { timeoutSeconds: 60 })
  t.equal(model.spec.image, IMAGE)
  t.same(await templateOf(world), { image: digest, named: IMAGE })
  t.match(model.warnings?.at(1),
    `the image stays the one that ${IMAGE} meant when it was deployed (${
      digest.split('@')[1]
    }); redeploy=true looks the tag up again`)
  await ready(store, world)
  const { revisions } = await store.listRevisions('m', world.signal)
  t.same(revisions.map(({ image, imageDigest }) => [image, imageDigest]), [[IMAGE, digest], [IMAGE,
    digest]])
  await changed(store, world, { timeoutSeconds: 90 })
  t.same(await templateOf(world), { image: digest, named: IMAGE }, 'and the next change, too')
})

t.test('redeploy looks the tag up again, also of an image that was kept', async t => {
  const { world, store, digest } = await served(t)
  await changed(store, world, { timeoutSeconds: 60 })
  world.simulator.publish(IMAGE, OTHER)
  await changed(store, world, {}, { redeploy: true })
  t.same(await templateOf(world), { image: IMAGE, named: undefined })
  await ready(store, world)
  const [newest] = (await store.listRevisions('m', world.signal)).revisions
  t.not(newest?.imageDigest, digest)
})

t.test('another image takes the annotation away', async t => {
  const { world, store } = await served(t)
  await changed(store, world, { timeoutSeconds: 60 })
  t.equal((await changed(store, world, { image: OTHER })).spec.image, OTHER)
  t.same(await templateOf(world), { image: OTHER, named: undefined })
})

t.test('a challenger without an image has the champion\'s, whatever became of the tag', async t => {
  const { world, store, digest } = await served(t)
  world.simulator.publish(IMAGE, OTHER)
  const challenger = { given: { timeoutSeconds: 60 }, tag: 'green', redeploy: false }
  await store.update('m', current => planChallenger(current, challenger, parseImageAllowList('*')),
    UPDATE, world.signal)
  t.same(await templateOf(world), { image: digest, named: IMAGE })
})

t.test('what is kept is what runs, not what failed', async t => {
  const { world, store, digest } = await served(t)
  world.simulator.publish(IMAGE, `${IMAGE}-crash`)
  await changed(store, world, {}, { redeploy: true })
  await eventually(async () => await store.get('m', world.signal),
    ({ status }) => status.explanation.needsAction)
  await changed(store, world, { timeoutSeconds: 60 })
  t.same(await templateOf(world), { image: digest, named: IMAGE })
})

t.test('an image of which the cluster knows no digest stays as it is named', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  await store.create('m', spec('m', { image: 'dev.local/none:1' }), WRITE, world.signal)
  await changed(store, world, { timeoutSeconds: 60 })
  t.same(await templateOf(world), { image: 'dev.local/none:1', named: undefined })
})
