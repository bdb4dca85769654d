import { createHash, randomUUID } from 'node:crypto'
import { SECRETS } from '../../kube/resources.js'
import type { Store } from '../../kube/store/store.js'
import type { Env } from '../cluster/registry.js'
import type { Container, Revision, RevisionSpec } from '../objects.js'
import { QUEUE_IMAGE } from './pod-status.js'

/** The size of the only node. A pod that asks for more is never scheduled. */
const NODE = { cpu: 4, memory: 8 * 2 ** 30 }

/**
 * Names the ReplicaSet, such as `NAME-00001-deployment-7995545ddd`. ReplicaSets and Deployments
 * exist here as names only.
 */
export const replicaSetName = ({ metadata: { name, uid } }: Revision): string =>
  `${name}-deployment-${createHash('md5').update(uid).digest('hex').slice(0, 10)}`

export function makePodMetadata (revision: Revision) {
  const { name, namespace, uid, labels = {}, annotations = {} } = revision.metadata
  const replicaSet = replicaSetName(revision)
  const carried = Object.entries(labels).filter(
    ([key]) => key !== 'serving.knative.dev/routingState'
  )
  const kept = Object.entries(annotations).filter(
    ([key]) => !/^serving\.knative\.dev\/rout/.test(key)
  )
  return {
    name: `${replicaSet}-${randomUUID().slice(0, 5)}`,
    namespace,
    generateName: `${replicaSet}-`,
    generation: 1,
    labels: {
      ...Object.fromEntries(carried),
      app: name,
      'pod-template-hash': replicaSet.split('-').at(-1) ?? '',
      'serving.knative.dev/revision': name,
      'serving.knative.dev/revisionUID': uid
    },
    annotations: Object.fromEntries(kept),
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: replicaSet,
        uid: randomUUID(),
        controller: true,
        blockOwnerDeletion: true
      }
    ]
  }
}

/**
 * Makes the spec of a pod with its two containers. The many environment variables of queue-proxy
 * are left out.
 */
export function makePodSpec (revision: Revision, image: string) {
  const { containers, imagePullSecrets, timeoutSeconds = 300 } = revision.spec
  const port = portOf(revision.spec)
  const added = Object.entries(knativeEnvOf(revision)).map(([name, value]) => ({ name, value }))
  const user = {
    ...containers[0],
    name: 'user-container',
    image,
    ports: [{ name: 'user-port', containerPort: port, protocol: 'TCP' }]
  }
  return {
    containers: [
      {
        ...user,
        env: [...(user.env ?? []), ...added],
        terminationMessagePolicy: 'FallbackToLogsOnError'
      },
      {
        name: 'queue-proxy',
        image: QUEUE_IMAGE,
        ports: [{ name: 'queue-port', containerPort: 8012, protocol: 'TCP' }],
        resources: { requests: { cpu: '25m' } }
      }
    ],
    ...(imagePullSecrets && { imagePullSecrets }),
    terminationGracePeriodSeconds: timeoutSeconds,
    restartPolicy: 'Always',
    nodeName: 'scr-node',
    serviceAccountName: 'default'
  }
}

const portOf = ({ containers }: RevisionSpec): number =>
  containers[0]?.ports?.[0]?.containerPort || 8080

const knativeEnvOf = (revision: Revision): Env => ({
  PORT: String(portOf(revision.spec)),
  K_REVISION: revision.metadata.name,
  K_CONFIGURATION: revision.metadata.labels?.['serving.knative.dev/configuration'] ?? '',
  K_SERVICE: revision.metadata.labels?.['serving.knative.dev/service'] ?? ''
})

/**
 * Reads the environment of the container with the values of its secrets. Returns the kubelet's
 * error message if a secret or its key is missing.
 */
export function readEnv (store: Store, revision: Revision): Env | { error: string } {
  const env: Record<string, string> = {}
  for (const { name, value, valueFrom } of revision.spec.containers[0]?.env ?? []) {
    const wanted = valueFrom?.secretKeyRef
    if (wanted === undefined) env[name] = value ?? ''
    else {
      const { namespace } = revision.metadata
      const secret = store.get(SECRETS, namespace, wanted.name)
      const data = secret?.data?.[wanted.key]
      if (secret === undefined) return { error: `secret "${wanted.name}" not found` }
      if (data === undefined) {
        return { error: `couldn't find key ${wanted.key} in Secret ${namespace}/${wanted.name}` }
      }
      env[name] = Buffer.from(data, 'base64').toString()
    }
  }
  return { ...env, ...knativeEnvOf(revision) }
}

/** Says in the scheduler's words why a pod fits on no node; undefined if it fits. */
export function explainUnschedulable ({ containers }: RevisionSpec): string | undefined {
  const sumRequests = (what: 'cpu' | 'memory') =>
    containers.reduce((sum, container) => sum + requestOf(container, what), 0)
  const short = (['cpu', 'memory'] as const).filter(what => sumRequests(what) > NODE[what])
  if (short.length === 0) return undefined
  return (
    `0/1 nodes are available: ${short.map(what => `1 Insufficient ${what}`).join(', ')}. no new claims to deallocate, ` +
    'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.'
  )
}

/** Returns the request of a container. A limit without a request counts as the request. */
const requestOf = (
  { resources: { requests, limits } = {} }: Container,
  what: 'cpu' | 'memory'
): number => parseQuantity(requests?.[what] ?? limits?.[what] ?? '0')

const UNITS: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40
}

export function parseQuantity (text: string): number {
  const [, number = '0', unit = ''] =
    /^([+-]?[0-9.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(text) ?? []
  return Number(number) * (UNITS[unit] ?? 1)
}
