// Who may reach whom, as a cluster whose network plugin enforces policies would decide it: read
// from the rendered manifests.
import t from 'tap'
import { noKustomize, rendered, type Manifest } from '../../support/cluster/manifests.js'
import { mayReach, type Place } from '../../support/cluster/network-policies.js'

const pod = (
  namespace: string,
  labels: Place['labels'] = {},
  namespaceLabels: Place['labels'] = {}
): Place => ({ namespace: { name: namespace, labels: namespaceLabels }, labels })
const MODELS = 'sas-model-inference'

const PLACES = {
  caller: pod('studio', {}, { 'scr-modelops/caller': 'true' }),
  stranger: pod('default'),
  neighbour: pod(MODELS),
  model: pod(MODELS, { 'serving.knative.dev/service': 'm' }),
  service: pod(MODELS, {
    'app.kubernetes.io/name': 'scr-modelops',
    'app.kubernetes.io/component': 'api'
  }),
  prometheus: pod('monitoring', { 'app.kubernetes.io/name': 'prometheus' }),
  gateway: pod('gateways', {}, { 'scr-modelops/gateway': 'true' }),
  knative: pod('knative-serving'),
  dns: pod('kube-system'),
  outside: { labels: {} }
} as const
type Who = keyof typeof PLACES

const ALL = Object.keys(PLACES) as Who[]
const QUEUE_PROXY = 'TCP 8012'
const QUEUE_PROXY_METRICS = 'TCP 9090'

function whoReaches (manifests: readonly Manifest[], to: Who, port: string): Who[] {
  return ALL.filter(from => mayReach(manifests, PLACES[from], PLACES[to], port))
}

const skip = noKustomize()

for (const base of ['quickstart', 'kubernetes-auth', 'oidc']) {
  t.test(
    `${base}: only labelled namespaces and its own replicas reach the service, and models are open to the whole cluster`,
    { skip },
    async t => {
      const manifests = rendered(base)
      t.same(whoReaches(manifests, 'service', 'TCP 8080'), ['caller', 'service'])
      t.same(whoReaches(manifests, 'service', 'TCP 22'), [])
      t.same(whoReaches(manifests, 'model', QUEUE_PROXY), ALL)
    }
  )
}

t.test('with closed-models, models are reached by the service, labelled gateways and Knative only',
  { skip }, async t => {
    const manifests = rendered('kubernetes-auth', { components: ['closed-models'] })
    t.same(whoReaches(manifests, 'service', 'TCP 8080'), ['caller', 'service'])
    t.same(whoReaches(manifests, 'model', QUEUE_PROXY), ['service', 'gateway', 'knative'])
    t.same(whoReaches(manifests, 'model', QUEUE_PROXY_METRICS), ['knative'])
  })

t.test(
  'with service-monitor, Prometheus reaches the service, and nobody else does who did not before',
  { skip },
  async t => {
    const manifests = rendered('kubernetes-auth', { components: ['service-monitor'] })
    t.same(whoReaches(manifests, 'service', 'TCP 8080'), ['caller', 'service', 'prometheus'])
  }
)

t.test('the service itself reaches these places only', { skip }, async t => {
  const manifests = rendered('quickstart', {
    components: ['closed-models', 'service-monitor', 'autoscaling']
  })
  const ports = ['TCP 22', 'TCP 53', 'TCP 80', 'TCP 443', 'TCP 6443', 'TCP 8012', 'TCP 8112',
    'TCP 8080', 'TCP 9090', 'UDP 53']
  const reached = ALL.map(
    to => [to, ports.filter(port => mayReach(manifests, PLACES.service, PLACES[to], port))]
  )
  // 443 and 6443 are open to any address, since no selector finds the API server: whoever listens
  // there without a policy of its own is reached
  const api = ['TCP 443', 'TCP 6443']
  t.same(Object.fromEntries(reached), {
    caller: api,
    stranger: api,
    neighbour: api,
    model: ['TCP 8012', 'TCP 8112'],
    service: ['TCP 8080'],
    prometheus: api,
    gateway: api,
    knative: [...api, 'TCP 8012', 'TCP 8112'],
    dns: ['TCP 53', ...api, 'UDP 53'],
    outside: api
  })
})

t.test('no model is a caller: the namespace of the models has no label of callers or gateways', {
  skip
}, async t => {
  const namespace = rendered('quickstart').find(({ kind }) => kind === 'Namespace')
  t.same(
    Object.keys(namespace?.metadata.labels ?? {}).filter(label =>
      label.startsWith('scr-modelops/')
    ),
    []
  )
})
