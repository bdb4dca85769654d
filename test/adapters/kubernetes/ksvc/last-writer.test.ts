import t from 'tap'
import { findLastWriter } from '../../../../src/adapters/kubernetes/ksvc/last-writer.js'
import { userImageOf } from '../../../../src/adapters/kubernetes/ksvc/image-pin.js'
import { eventually, KSVCS, openStore, openWorld, spec, UPDATE, WRITE } from '../support.js'

const [EARLY, LATE] = ['2026-11-25T08:00:00Z', '2026-11-25T09:00:00Z']
const OURS = {
  'scr-modelops/requested-by': 'ada',
  'scr-modelops/requested-generation': '3',
  'serving.knative.dev/lastModifier': 'system:serviceaccount:x:scr-modelops'
}
const by = (manager: string, time: string, subresource?: string) => ({
  manager,
  time,
  ...(subresource === undefined ? {} : { subresource })
})

const table = [
  { it: 'nobody else wrote', generation: 3, managedFields: [by('scr-modelops', LATE)], is: 'ada' },
  {
    it: 'the cluster wrote its status later',
    generation: 3,
    managedFields: [by('scr-modelops', EARLY), by('controller', LATE, 'status')],
    is: 'ada'
  },
  {
    it: 'kubectl wrote the spec later',
    generation: 4,
    managedFields: [by('scr-modelops', EARLY), by('kubectl-edit', LATE)],
    lastModifier: 'bob',
    is: 'bob'
  },
  {
    it: 'kubectl wrote the spec within the same second',
    generation: 4,
    managedFields: [by('scr-modelops', LATE), by('kubectl-edit', LATE)],
    lastModifier: 'bob',
    is: 'bob'
  },
  {
    it: 'kubectl wrote before',
    generation: 3,
    managedFields: [by('kubectl-edit', EARLY), by('scr-modelops', LATE)],
    lastModifier: 'bob',
    is: 'ada'
  },
  {
    it: 'a webhook added to the spec that ada left alone',
    generation: 4,
    managedFields: [by('kubectl-edit', EARLY), by('scr-modelops', LATE)],
    is: 'ada'
  },
  {
    it: 'kubectl wrote a label later, which Knative does not tell',
    generation: 3,
    managedFields: [by('scr-modelops', EARLY), by('kubectl-label', LATE)],
    is: 'kubectl-label'
  },
  {
    it: 'kubectl replaced the object, without this service\'s annotations',
    generation: 4,
    annotations: { 'serving.knative.dev/lastModifier': 'bob' },
    managedFields: [by('kubectl-replace', LATE)],
    is: 'bob'
  }
]
for (
  const {
    it,
    generation,
    managedFields,
    lastModifier,
    annotations = {
      ...OURS,
      ...(lastModifier === undefined ? {} : { 'serving.knative.dev/lastModifier': lastModifier })
    },
    is
  } of table
) {
  t.test(`the last writer where ${it} is ${is}`, async t => {
    const ksvc = {
      apiVersion: '',
      kind: 'Service',
      metadata: { name: 'm', generation, annotations, managedFields },
      spec: { template: { spec: { containers: [] } } }
    }
    t.equal(findLastWriter(ksvc), is)
  })
}

t.test('a write of kubectl is told, and the next one of this service again', async t => {
  const world = await openWorld(t)
  const store = await openStore(t, world)
  t.equal((await store.create('m', spec('m'), WRITE, world.signal)).updatedBy, 'tester')
  const byKubectl = { spec: { template: { spec: { timeoutSeconds: 77 } } } }
  const { status } = await fetch(`${world.simulator.apiUrl}${KSVCS}/m`, {
    method: 'PATCH',
    headers: {
      'content-type': 'application/merge-patch+json',
      'user-agent': 'kubectl/v1.34',
      authorization: 'Bearer x'
    },
    body: JSON.stringify(byKubectl)
  })
  t.equal(status, 200)
  await eventually(async () => (await store.get('m', world.signal)).updatedBy,
    writer => writer === 'admin')
  for (const description of ['a', 'b']) {
    const { model: next } = await store.update('m',
      ({ model: { spec } }) => ({ spec: { ...spec, description } }), UPDATE, world.signal)
    t.equal(next.updatedBy, 'tester', description)
  }
})

const images: ReadonlyArray<readonly [image: string, named: string | undefined, is: string]> = [
  ['r.io/a@sha256:1', 'r.io/a:1', 'r.io/a:1'],
  ['r.io/a:2', 'r.io/a:1', 'r.io/a:2'],
  ['r.io/b@sha256:1', 'r.io/a:1', 'r.io/b@sha256:1'],
  ['r.io/a@sha256:1', undefined, 'r.io/a@sha256:1'],
  ['r.io/a@sha256:1', '', 'r.io/a@sha256:1'],
  ['r.io/a@sha256:2', 'r.io/a@sha256:1', 'r.io/a@sha256:2'],
  ['index.docker.io/library/a@sha256:1', 'a', 'a'],
  ['index.docker.io/me/a@sha256:1', 'docker.io/me/a:1', 'docker.io/me/a:1'],
  ['localhost:5000/a@sha256:1', 'localhost:5000/a:1', 'localhost:5000/a:1']
]
for (const [image, named, is] of images) {
  t.test(`the image ${image} that kn notes as ${named ?? 'nothing'} is shown as ${is}`, async t => {
    t.equal(
      userImageOf({ image },
        named === undefined ? {} : { annotations: { 'client.knative.dev/user-image': named } }),
      is
    )
  })
}
