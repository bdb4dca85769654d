// What the overlays and components of deploy/ change, as `kubectl apply -k` would send it.
import t from 'tap'
import { readConfig } from '../../../src/config.js'
import { noKustomize, only, rendered, type Manifest } from '../../support/cluster/manifests.js'

const skip = noKustomize()
const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind)
const settingsOf = (manifests: readonly Manifest[]) => only(manifests, 'ConfigMap').data ?? {}

t.test('quickstart adds nothing but that there is no login, and the service accepts its settings', {
  skip
}, async t => {
  const manifests = rendered('quickstart')
  t.same(kinds(manifests), kinds(rendered('base')))
  t.same(settingsOf(manifests), { ...settingsOf(rendered('base')), AUTH_MODE: 'none' })
  t.match(readConfig({ ...settingsOf(manifests), NAMESPACE: 'sas-model-inference' }), {
    port: 8080,
    dataPath: 'revision'
  })
})

for (
  const [overlay, own, auth] of [
    ['kubernetes-auth', { AUTH_MODE: 'kubernetes' }, { mode: 'kubernetes' }],
    ['oidc', {
      AUTH_MODE: 'oidc',
      OIDC_ISSUER: 'https://login.example.com/realms/models',
      OIDC_AUDIENCE: 'scr-modelops',
      OIDC_USER_CLAIM: 'sub',
      OIDC_GROUPS_CLAIM: 'groups'
    }, {
      mode: 'oidc',
      issuer: 'https://login.example.com/realms/models',
      audiences: ['scr-modelops'],
      userClaim: 'sub',
      groupsClaim: 'groups'
    }]
  ] as const
) {
  t.test(`${overlay} sets the login and lets the service ask the cluster about tokens and rights`, {
    skip
  }, async t => {
    const manifests = rendered(overlay)
    t.same(settingsOf(manifests), { ...settingsOf(rendered('base')), ...own })
    t.match(readConfig({ ...settingsOf(manifests), NAMESPACE: 'sas-model-inference' }).auth, auth)
    const { roleRef, subjects } = only(manifests, 'ClusterRoleBinding')
    t.match(roleRef, { kind: 'ClusterRole', name: 'system:auth-delegator' })
    t.same(subjects, [{
      kind: 'ServiceAccount',
      name: 'scr-modelops',
      namespace: 'sas-model-inference'
    }])
  })
}

t.test('in a namespace of the user\'s own, every object and every right is there', { skip },
  async t => {
    const manifests = rendered('oidc', {
      namespace: 'credit-models',
      components: ['autoscaling', 'service-monitor', 'closed-models']
    })
    t.equal(only(manifests, 'Namespace').metadata.name, 'credit-models')
    t.same([
      ...new Set(manifests.filter(({ kind }) =>
        !['Namespace', 'ClusterRoleBinding'].includes(kind)
      ).map(({ metadata }) =>
        metadata.namespace
      ))
    ], ['credit-models'])
    const subjects = manifests.flatMap(({ kind, subjects }) =>
      kind === 'RoleBinding' || kind === 'ClusterRoleBinding' ? subjects ?? [] : []
    )
    t.same([...new Set(subjects.map(({ name, namespace }) => `${namespace}/${name}`))], [
      'credit-models/scr-modelops'
    ])
  })

t.test('a component without a namespace of the user\'s own goes to the models\' one', { skip },
  async t => {
    const manifests = rendered('quickstart', {
      components: ['autoscaling', 'service-monitor', 'closed-models']
    })
    t.same(
      manifests.filter(({ kind, metadata }) =>
        kind !== 'Namespace' && metadata.namespace !== 'sas-model-inference'
      ),
      []
    )
  })

t.test(
  'autoscaling takes the number of replicas from the Deployment, and takes replicas away slowly',
  { skip },
  async t => {
    const manifests = rendered('quickstart', { components: ['autoscaling'] })
    t.notOk('replicas' in (only(manifests, 'Deployment').spec as object),
      'an apply does not set it back')
    const { scaleTargetRef, minReplicas, behavior } = only(manifests, 'HorizontalPodAutoscaler')
      .spec as {
      scaleTargetRef: object
      minReplicas: number
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: number
          policies: Array<{ type: string, value: number, periodSeconds: number }>
        }
      }
    }
    t.match(scaleTargetRef, {
      kind: 'Deployment',
      name: only(manifests, 'Deployment').metadata.name
    })
    t.equal(minReplicas, 2)
    const drainSeconds = Number(settingsOf(manifests)['DRAIN_SECONDS'])
    const { stabilizationWindowSeconds, policies: [policy] } = behavior.scaleDown
    t.match(policy, { type: 'Pods', value: 1 })
    t.ok(policy!.periodSeconds > drainSeconds && stabilizationWindowSeconds > drainSeconds,
      'a replica has drained before the next one goes')
  }
)

t.test('service-monitor reads /metrics at the port that the Service has', { skip }, async t => {
  const manifests = rendered('quickstart', { components: ['service-monitor'] })
  const service = only(manifests, 'Service', 'scr-modelops')
  t.match(only(manifests, 'ServiceMonitor').spec, {
    selector: { matchLabels: service.metadata.labels },
    endpoints: [{ port: 'http', path: '/metrics' }]
  })
  t.match(service.spec, { ports: [{ name: 'http' }] })
  const replicas = only(manifests, 'Service', 'scr-modelops-replicas')
  t.notSame(replicas.metadata.labels, service.metadata.labels, 'no pod is read twice')
})
