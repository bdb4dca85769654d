import t, { type Test } from 'tap'
import { KSVCS, V1, V2, startCluster, type Cluster } from '../support.js'

const JSON_PATCH = 'application/json-patch+json'
const APPLY = 'application/apply-patch+yaml'

interface Managed {
  metadata: {
    labels?: Record<string, string>
    managedFields: Array<{ manager: string, operation: string, fieldsV1: object }>
  }
}

async function withKsvc (t: Test) {
  const cluster = await startCluster(t)
  await cluster.api('POST', `${KSVCS}?fieldManager=one`, config(V1, { x: 'y' }))
  return cluster
}

const config = (image: string, labels: Record<string, string> = {}) => ({
  apiVersion: 'serving.knative.dev/v1',
  kind: 'Service',
  metadata: { name: 'a', labels },
  spec: { template: { spec: { containers: [{ image }] } } }
})

const applied = async (cluster: Cluster, query: string, body: object) =>
  await cluster.api('PATCH', `${KSVCS}/a?${query}`, body, { 'content-type': APPLY })

const ownersIn = ({ metadata }: Managed) =>
  metadata.managedFields.map(({ manager, operation }) => `${manager} ${operation}`)

t.test('a JSON patch adds, copies, moves, tests and removes by pointers', async t => {
  const cluster = await withKsvc(t)
  const patch = [
    { op: 'test', path: '/metadata/labels/x', value: 'y' },
    { op: 'add', path: '/metadata/labels/b~1c', value: 'd' },
    { op: 'copy', from: '/metadata/labels/x', path: '/metadata/labels/copied' },
    { op: 'move', from: '/metadata/labels/x', path: '/metadata/labels/moved' },
    { op: 'add', path: '/spec/template/spec/containers/0/env', value: [] },
    { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'A', value: '1' } },
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: V2 }
  ]
  const { status, body } = await cluster.api('PATCH', `${KSVCS}/a`, patch, {
    'content-type': JSON_PATCH
  })
  t.equal(status, 200)
  t.match(body, { metadata: { labels: { 'b/c': 'd', copied: 'y', moved: 'y' }, generation: 2 } })
  t.match(body.spec.template.spec.containers, [{ image: V2, env: [{ name: 'A', value: '1' }] }])
  t.notOk('x' in ((body as unknown as Managed).metadata.labels ?? {}))
})

t.test('a JSON patch that does not fit changes nothing and is 422; one that is no list is 400', async t => {
  const cluster = await withKsvc(t)
  const before = (await cluster.ksvc('a')).metadata.generation
  const rejected = {
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request'
  }
  for (
    const operation of [
      { op: 'test', path: '/metadata/labels/x', value: 'z' },
      { op: 'remove', path: '/metadata/labels/none' },
      { op: 'wat', path: '/metadata' },
      { op: 'replace', path: '/spec/template/spec/containers/3/image', value: 'z' },
      { op: 'add', path: 'metadata', value: {} }
    ]
  ) {
    const patch = [{ op: 'add', path: '/metadata/labels/q', value: 'r' }, operation]
    const { status, body } = await cluster.api('PATCH', `${KSVCS}/a`, patch, {
      'content-type': JSON_PATCH
    })
    t.match({ status, body }, { status: 422, body: rejected }, JSON.stringify(operation))
  }
  t.match((await cluster.api('PATCH', `${KSVCS}/a`, { a: 1 }, { 'content-type': JSON_PATCH })).body,
    { code: 400, message: /^error decoding patch: / })
  const { metadata } = await cluster.ksvc('a')
  t.equal(metadata.generation, before)
  t.match((metadata as unknown as Managed['metadata']).labels, { x: 'y' })
})

t.test('who creates manages what the body said, and nothing of what defaults added', async t => {
  const cluster = await withKsvc(t)
  const { metadata: { managedFields } } = await cluster.ksvc('a') as unknown as Managed
  t.match(managedFields, [{
    manager: 'one',
    operation: 'Update',
    apiVersion: 'serving.knative.dev/v1',
    fieldsType: 'FieldsV1'
  }])
  t.strictSame(managedFields[0]?.fieldsV1, {
    'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } },
    'f:spec': { '.': {}, 'f:template': { '.': {}, 'f:spec': { '.': {}, 'f:containers': {} } } }
  })
})

t.test('an apply over what another manages is the recorded 409 with a cause a field', async t => {
  const cluster = await withKsvc(t)
  const { status, body } = await applied(cluster, 'fieldManager=two', config(V2))
  t.equal(status, 409)
  t.strictSame(body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message:
      'Apply failed with 1 conflict: conflict with "one" using serving.knative.dev/v1: .spec.template.spec.containers',
    reason: 'Conflict',
    details: {
      causes: [{
        reason: 'FieldManagerConflict',
        message: 'conflict with "one" using serving.knative.dev/v1',
        field: '.spec.template.spec.containers'
      }]
    },
    code: 409
  })
  t.equal((await applied(cluster, 'fieldManager=two', config(V2, { x: 'z' }))).body.message,
    'Apply failed with 2 conflicts: conflicts with "one" using serving.knative.dev/v1:\n- .metadata.labels.x\n- .spec.template.spec.containers')
})

t.test('force takes the fields over; applying less gives up what nobody else manages', async t => {
  const cluster = await withKsvc(t)
  const forced = await applied(cluster, 'fieldManager=two&force=true',
    config(V2, { x: 'z', mine: 'yes' }))
  t.match(forced.body, { metadata: { labels: { x: 'z', mine: 'yes' }, generation: 2 } })
  t.same(ownersIn(forced.body as unknown as Managed), ['two Apply', 'one Update'])
  const less = await applied(cluster, 'fieldManager=two', config(V2, { x: 'z' }))
  t.strictSame((less.body as unknown as Managed).metadata.labels, { x: 'z' })
})

t.test('the same apply again writes nothing', async t => {
  const cluster = await startCluster(t)
  await applied(cluster, 'fieldManager=two', config(V1))
  await cluster.ready('a')
  const before = await cluster.ksvc('a')
  t.strictSame((await applied(cluster, 'fieldManager=two', config(V1))).body, before)
})

t.test('an apply creates what is not there (201); it must name its manager and may not bring managedFields', async t => {
  const cluster = await startCluster(t)
  const made = await applied(cluster, 'fieldManager=two', config(V1))
  t.equal(made.status, 201)
  t.same(ownersIn(made.body as unknown as Managed), ['two Apply'])
  t.match((await applied(cluster, '', config(V1))).body, {
    code: 422,
    message: /fieldManager: Required value: is required for apply patch$/
  })
  const brought = { ...config(V1), metadata: { name: 'a', managedFields: [{ manager: 'x' }] } }
  t.match((await applied(cluster, 'fieldManager=two', brought)).body, {
    code: 400,
    message: 'metadata.managedFields must be nil'
  })
})

t.test('a PUT of what GET gave changes neither managers nor version', async t => {
  const cluster = await withKsvc(t)
  await cluster.ready('a')
  const ksvc = await cluster.ksvc('a')
  const { body } = await cluster.api('PUT', `${KSVCS}/a?fieldManager=three`, ksvc)
  t.strictSame(body, ksvc)
})

t.test('a pod takes a strategic merge patch', async t => {
  const cluster = await withKsvc(t)
  await cluster.ready('a')
  const [pod] = await cluster.pods('a')
  const path = `/api/v1/namespaces/sas-model-inference/pods/${pod?.metadata.name}`
  const patch = { metadata: { labels: { seen: 'yes' }, $retainKeys: [] } }
  const { status, body } = await cluster.api('PATCH', path, patch, {
    'content-type': 'application/strategic-merge-patch+json'
  })
  t.equal(status, 200)
  t.match(body, { metadata: { labels: { seen: 'yes', 'serving.knative.dev/service': 'a' } } })
})
