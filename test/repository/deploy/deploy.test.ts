// The image's recipe and the rendered kustomize base, checked as a platform engineer would read
// them.
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { readConfig } from '../../../src/config.js'
import { noKustomize, only, rendered, type Labels } from '../../support/cluster/manifests.js'

interface Probe {
  readonly httpGet: { readonly path: string, readonly port: string }
}
interface Container {
  readonly image: string
  readonly ports: ReadonlyArray<{ readonly name: string, readonly containerPort: number }>
  readonly envFrom: ReadonlyArray<{ readonly configMapRef: { readonly name: string } }>
  readonly env: ReadonlyArray<
    {
      readonly name: string
      readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } }
    }
  >
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly lifecycle: {
    readonly preStop: { readonly exec: { readonly command: readonly string[] } }
  }
  readonly resources: { readonly requests: Labels, readonly limits: Labels }
  readonly securityContext: object
  readonly volumeMounts: ReadonlyArray<{ readonly name: string, readonly mountPath: string }>
}
interface PodSpec {
  readonly serviceAccountName: string
  readonly terminationGracePeriodSeconds: number
  readonly topologySpreadConstraints: ReadonlyArray<
    { readonly topologyKey: string, readonly whenUnsatisfiable: string }
  >
  readonly securityContext: object
  readonly containers: readonly [Container]
  readonly volumes: ReadonlyArray<
    { readonly name: string, readonly emptyDir: { readonly sizeLimit: string } }
  >
}
t.test('the image', async t => {
  const stages = readFileSync('Dockerfile', 'utf8').split(/^FROM /m).slice(1)
  const last = stages.at(-1) ?? ''

  t.test('every stage starts from the same version of Node 24', async t => {
    t.strictSame(stages.map(stage => stage.split('\n')[0]), ['node:24.9.0-bookworm-slim AS build',
      'node:24.9.0-bookworm-slim AS dependencies', 'node:24.9.0-bookworm-slim'])
  })

  t.test('the last stage runs nothing and takes only these files', async t => {
    t.notMatch(last, /^RUN /m)
    t.strictSame(last.match(/^COPY .*$/gm), [
      'COPY --from=dependencies /app/node_modules ./node_modules',
      'COPY --from=build /app/dist/src ./dist/src',
      'COPY package.json openapi.yaml ./'
    ])
  })

  t.test('its dependencies are installed from the lock file and without the dev ones', async t => {
    t.match(stages[1], /^RUN npm ci --omit=dev /m)
  })

  t.test('it runs node directly, in production mode, under a number that is not root', async t => {
    t.match(last, /^ENV NODE_ENV=production$/m)
    t.match(last, /^USER [1-9]\d*:[1-9]\d*$/m)
    t.match(last, /^CMD \["node", "dist\/src\/main.js"\]$/m)
  })
})

const skip = noKustomize()

t.test('deploy/base', { skip }, async t => {
  const manifests = rendered('base')
  const one = (kind: string) => only(manifests, kind)
  const settings = one('ConfigMap').data ?? {}
  const deployment = one('Deployment').spec as {
    replicas: number
    template: { metadata: { labels: Labels }, spec: PodSpec }
  }
  const pod = deployment.template.spec
  const [container] = pod.containers
  const setting = (name: string) => Number(settings[name])

  t.test('holds these objects, all of them in the namespace of the models', async t => {
    t.strictSame(manifests.map(({ kind }) => kind).sort(), ['ConfigMap', 'Deployment', 'Namespace',
      'NetworkPolicy', 'PodDisruptionBudget', 'Role', 'RoleBinding', 'Service', 'Service',
      'ServiceAccount'])
    t.equal(one('Namespace').metadata.name, 'sas-model-inference')
    for (const { kind, metadata } of manifests) {
      if (kind !== 'Namespace') t.equal(metadata.namespace, 'sas-model-inference', kind)
    }
  })

  t.test('gives the service account these rights and no other', async t => {
    t.strictSame(
      one('Role').rules?.map(({ apiGroups, resources, verbs }) =>
        `${apiGroups.join()}/${resources.join()}: ${verbs.join(' ')}`
      ),
      [
        'serving.knative.dev/services: get list watch create update patch delete',
        'serving.knative.dev/revisions: get list watch patch delete',
        '/pods: get list watch',
        '/pods/log: get',
        '/events: get list watch'
      ]
    )
    const { roleRef, subjects } = one('RoleBinding')
    t.match(roleRef, { kind: 'Role', name: one('Role').metadata.name })
    t.strictSame(subjects, [{
      kind: 'ServiceAccount',
      name: one('ServiceAccount').metadata.name,
      namespace: 'sas-model-inference'
    }])
    t.equal(pod.serviceAccountName, one('ServiceAccount').metadata.name)
  })

  t.test('runs the container without root, without a writable root and without capabilities', async t => {
    t.strictSame(pod.securityContext, {
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' }
    })
    t.strictSame(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] }
    })
  })

  t.test('asks /livez whether it lives and /readyz whether it may be called', async t => {
    const asked = [container.startupProbe, container.livenessProbe, container.readinessProbe].map((
      { httpGet }
    ) => `${httpGet.port} ${httpGet.path}`)
    t.strictSame(asked, ['http /livez', 'http /livez', 'http /readyz'])
  })

  t.test('leads port 80 of the Service to the port the service listens on', async t => {
    t.strictSame(container.ports, [{ name: 'http', containerPort: setting('PORT') }])
    t.match(only(manifests, 'Service', 'scr-modelops').spec, {
      selector: deployment.template.metadata.labels,
      ports: [{ port: 80, targetPort: 'http' }]
    })
  })

  t.test('leads replicas to each other, also to those that end, by a name that stands for all', async t => {
    const { metadata: { name }, spec } = only(manifests, 'Service', 'scr-modelops-replicas')
    t.match(spec, {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: deployment.template.metadata.labels
    })
    t.equal(settings['REPLICA_ADDRESSES'], `${name}:${setting('PORT')}`)
  })

  t.test('keeps one of two replicas while nodes are drained, on different nodes where it can', async t => {
    t.equal(deployment.replicas, 2)
    t.match(one('PodDisruptionBudget').spec, {
      maxUnavailable: 1,
      selector: { matchLabels: deployment.template.metadata.labels }
    })
    t.match(pod.topologySpreadConstraints, [{
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway'
    }])
  })

  t.test('gives every setting, and as namespace the one it runs in', async t => {
    t.strictSame(Object.keys(settings).sort(), ['DRAIN_SECONDS', 'HOLD_SECONDS', 'IMAGE_ALLOW_LIST',
      'LOG_LEVEL', 'MAX_CONCURRENCY', 'MAX_UPLOAD_BYTES', 'PORT', 'REPLICA_ADDRESSES', 'ROW_TIMEOUT_SECONDS',
      'SPOOL_DIR', 'SPOOL_MAX_BYTES'])
    t.equal(container.envFrom[0]?.configMapRef.name, one('ConfigMap').metadata.name)
    t.match(container.env, [{
      name: 'NAMESPACE',
      valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } }
    }])
  })

  t.test('leaves it to an overlay who may log in', async t => {
    t.throws(() => readConfig(settings), /AUTH_MODE is not set/)
  })

  t.test('spools into a volume that is larger than the spool and counted in the container\'s disk', async t => {
    const [volume] = pod.volumes
    t.strictSame(container.volumeMounts, [{ name: volume?.name, mountPath: settings.SPOOL_DIR }])
    const { requests, limits } = container.resources
    ascending(t, [setting('MAX_UPLOAD_BYTES'), setting('SPOOL_MAX_BYTES'),
      bytes(volume?.emptyDir.sizeLimit), bytes(limits['ephemeral-storage'])],
    'an upload < the spool < its volume < the container\'s disk')
    t.ok(bytes(requests['ephemeral-storage']) >= bytes(volume?.emptyDir.sizeLimit),
      'the node has the room that the spool may take')
  })

  t.test('waits longer for the end than the service needs to drain', async t => {
    const [program, , code = ''] = container.lifecycle.preStop.exec.command
    t.equal(program, 'node', 'the only program that the image surely has')
    const preStopSeconds = Number(/(\d+)\)$/.exec(code)?.[1]) / 1000
    ascending(t, [preStopSeconds + setting('DRAIN_SECONDS'), pod.terminationGracePeriodSeconds],
      'preStop and draining < the grace period')
  })

  t.test('orders the time-outs', async t => {
    ascending(t, [setting('HOLD_SECONDS'), 60], 'the status is held < common proxies wait')
    ascending(t, [600, setting('ROW_TIMEOUT_SECONDS')],
      'the longest limit of a model < our wait for it')
  })
})

function ascending (t: Test, values: readonly number[], message: string) {
  t.ok(values.every((value, index) => index === 0 || value > (values[index - 1] ?? NaN)),
    `${message}: ${values.join(', ')}`)
}

/** A Kubernetes quantity in Gi as bytes. */
function bytes (quantity: string | undefined): number {
  return Number(/^(\d+)Gi$/.exec(quantity ?? '')?.[1]) * 2 ** 30
}
