import { KubeConfig, CustomObjectsApi } from '@kubernetes/client-node'
import t from 'tap'
import { call, CORE, KSVCS, ksvc, NAMESPACE, REVISIONS, startCluster, until } from '../support.js'

t.test('the official client reads the kubeconfig and lists what was created', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  const config = new KubeConfig()
  config.loadFromString(cluster.simulator.kubeconfig())
  const api = config.makeApiClient(CustomObjectsApi)
  const { items } = await api.listNamespacedCustomObject({
    group: 'serving.knative.dev',
    version: 'v1',
    namespace: NAMESPACE,
    plural: 'services'
  })
  t.match(items, [{ metadata: { name: 'a' } }])
})

t.test('a created ksvc comes back with the defaults, the creator, generation 1, no status, and a warning', async t => {
  const cluster = await startCluster(t)
  const { status, body, headers } = await cluster.create('a', {
    container: { ports: [{ containerPort: 8080 }], env: [] }
  })
  t.equal(status, 201)
  t.equal(body.status, undefined)
  t.strictSame(body.metadata.annotations, {
    'serving.knative.dev/creator': 'admin',
    'serving.knative.dev/lastModifier': 'admin'
  })
  t.equal(body.metadata.generation, 1)
  t.strictSame(body.spec, {
    template: {
      metadata: { annotations: {}, creationTimestamp: null },
      spec: {
        containerConcurrency: 0,
        containers: [{
          image: 'dev.local/v1:1',
          name: 'user-container',
          ports: [{ containerPort: 8080, protocol: 'TCP' }],
          readinessProbe: { successThreshold: 1, tcpSocket: { port: 0 } },
          resources: {}
        }],
        enableServiceLinks: false,
        timeoutSeconds: 300
      }
    },
    traffic: [{ latestRevision: true, percent: 100 }]
  })
  t.match(headers.warning,
    /^299 - "Kubernetes default value is insecure, .*spec\.template\.spec\.containers\[0\]\.securityContext\.seccompProfile"$/)
})

t.test('errors carry the recorded Status', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  const details = (name: string) => ({ name, group: 'serving.knative.dev', kind: 'services' })
  const failed = (code: number, reason: string, message: string, more = {}) => ({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...more,
    code
  })

  t.strictSame((await cluster.api('GET', `${KSVCS}/b`)).body,
    failed(404, 'NotFound', 'services.serving.knative.dev "b" not found', {
      details: details('b')
    }))
  t.strictSame((await cluster.create('a')).body,
    failed(409, 'AlreadyExists', 'services.serving.knative.dev "a" already exists', {
      details: details('a')
    }))
  const old = { ...ksvc('a'), metadata: { name: 'a', resourceVersion: '1' } }
  t.strictSame((await cluster.api('PUT', `${KSVCS}/a`, old)).body,
    failed(409, 'Conflict', 'Operation cannot be fulfilled on services.serving.knative.dev "a": ' +
      'the object has been modified; please apply your changes to the latest version and try again',
    { details: details('a') }))
  t.match((await cluster.api('PUT', `${KSVCS}/a`, ksvc('a'))).body, {
    code: 422,
    message: /metadata.resourceVersion: Invalid value: 0: must be specified for an update$/
  })
  t.match((await cluster.api('PUT', `${KSVCS}/a`, ksvc('b'))).body, {
    code: 400,
    message: 'the name of the object (b) does not match the name on the URL (a)'
  })
  t.match(
    (await cluster.api('POST', KSVCS.replace(NAMESPACE, 'nosuch'), {
      ...ksvc('x'),
      metadata: { name: 'x' }
    })).body,
    { code: 404, message: 'namespaces "nosuch" not found' }
  )
})

t.test('an unknown resource is a 404 in text, an unknown namespace an empty list', async t => {
  const cluster = await startCluster(t)
  const unknown = await cluster.api('GET', '/apis/serving.knative.dev/v1/models')
  t.strictSame([unknown.status, unknown.headers['content-type'], unknown.text], [404,
    'text/plain; charset=utf-8', '404 page not found\n'])
  t.match((await cluster.api('GET', KSVCS.replace(NAMESPACE, 'nosuch'))).body, {
    kind: 'ServiceList',
    items: []
  })
})

t.test('a dry run validates and answers like a creation, but stores nothing', async t => {
  const cluster = await startCluster(t)
  const { status, body } = await cluster.api('POST', `${KSVCS}?dryRun=All`, ksvc('a'))
  t.equal(status, 201)
  t.equal(body.metadata.resourceVersion, undefined)
  t.ok(body.metadata.uid)
  t.equal((await cluster.api('GET', `${KSVCS}/a`)).status, 404)
  t.equal((await cluster.api('POST', `${KSVCS}?dryRun=All`, ksvc('a', { image: '' }))).status, 400)
  t.equal((await cluster.api('POST', `${KSVCS}?dryRun=Some`, ksvc('a'))).status, 422)
})

t.test('a PUT of what was read changes neither resourceVersion nor generation', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  const before = await cluster.ready('a')
  const { status, body } = await cluster.api('PUT', `${KSVCS}/a`, before)
  t.equal(status, 200)
  t.equal(body.metadata.resourceVersion, before.metadata.resourceVersion)
  t.equal(body.metadata.generation, 1)
})

t.test('a change of the spec raises the generation, one of the metadata does not; a written status is ignored', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  const noted = await cluster.change('a', read => {
    read.metadata.annotations = { ...read.metadata.annotations, note: 'x' }
  })
  t.equal(noted.body.metadata.generation, 1)
  const changed = await cluster.change('a', read => {
    read.spec.template.spec['timeoutSeconds'] = 20
    read.status = { url: 'http://x' }
  })
  t.equal(changed.body.metadata.generation, 2)
  t.equal(changed.body.status.url, 'http://a.sas-model-inference.scr.test')
})

t.test('a merge patch removes by null and replaces lists; a strategic one of a ksvc is 415', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  const patch = async (body: object, type = 'application/merge-patch+json') =>
    await cluster.api('PATCH', `${KSVCS}/a`, body, { 'content-type': type })
  t.match((await patch({ metadata: { annotations: { x: 'y' } } })).body.metadata.annotations, {
    x: 'y'
  })
  t.notOk(
    'x' in
      ((await patch({ metadata: { annotations: { x: null } } })).body.metadata.annotations ?? {})
  )
  t.match(
    (await patch({
      spec: { template: { spec: { containers: [{ env: [{ name: 'A', value: '1' }] }] } } }
    })).body,
    { code: 400, message: /missing field\(s\): spec\.template\.spec\.containers\[0\]\.image$/ }
  )
  t.match((await patch({ metadata: { resourceVersion: '1' } })).body, {
    code: 409,
    reason: 'Conflict'
  })
  t.match((await patch({}, 'application/strategic-merge-patch+json')).body, {
    code: 415,
    reason: 'UnsupportedMediaType'
  })
})

t.test('a default DELETE is a Status at once; the children follow', async t => {
  const cluster = await startCluster(t, { timing: { drainMs: 100 } })
  await cluster.create('a')
  await cluster.ready('a')
  const { status, body } = await cluster.api('DELETE', `${KSVCS}/a`)
  t.equal(status, 200)
  t.match(body, {
    kind: 'Status',
    status: 'Success',
    details: { name: 'a', group: 'serving.knative.dev', kind: 'services' }
  })
  t.equal((await cluster.api('GET', `${KSVCS}/a`)).status, 404)
  t.equal((await cluster.api('GET', REVISIONS)).body.items?.length, 0)
  t.match(await cluster.pods('a'), [{
    metadata: { deletionTimestamp: String },
    status: { phase: 'Running' }
  }], 'the pod still runs')
  await until('no pod', () => cluster.pods('a'), pods => pods.length === 0)
})

t.test('a foreground DELETE answers with the object, which stays until its pods are gone; its name is taken meanwhile', async t => {
  const cluster = await startCluster(t, { timing: { drainMs: 300 } })
  await cluster.create('a')
  await cluster.ready('a')
  const { body } = await cluster.api('DELETE', `${KSVCS}/a`, {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: 'Foreground'
  })
  t.match(body, {
    kind: 'Service',
    metadata: { deletionTimestamp: String, finalizers: ['foregroundDeletion'], generation: 2 }
  })
  t.match((await cluster.create('a')).body, {
    code: 409,
    message: 'object is being deleted: services.serving.knative.dev "a" already exists'
  })
  await until('gone', () => cluster.api('GET', `${KSVCS}/a`), ({ status }) => status === 404)
  t.strictSame(await cluster.pods('a'), [])
  t.equal((await cluster.create('a')).status, 201)
  await cluster.ready('a')
})

t.test('a refusal holds for its verb and resource until it is taken back', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  cluster.simulator.refuse({ verb: 'delete', resource: 'services', status: 403 })
  t.match((await cluster.api('DELETE', `${KSVCS}/a`)).body, {
    code: 403,
    reason: 'Forbidden',
    message:
      'services.serving.knative.dev "a" is forbidden: User "admin" cannot delete resource "services" in API group "serving.knative.dev" in the namespace "sas-model-inference"'
  })
  t.equal((await cluster.api('GET', `${KSVCS}/a`)).status, 200)
  cluster.simulator.refuse({ status: 429, retryAfterSeconds: 1 })
  t.match(await cluster.api('GET', `${CORE}/pods`), {
    status: 429,
    headers: { 'retry-after': '1' }
  })
  cluster.simulator.refuse()
  t.equal((await cluster.api('DELETE', `${KSVCS}/a`)).status, 200)
})

t.test('requests are remembered with method and path', async t => {
  const { simulator } = await startCluster(t)
  await call(`${simulator.apiUrl}/version`, 'GET', {})
  t.strictSame(simulator.requests, [{ method: 'GET', path: '/version' }])
})
