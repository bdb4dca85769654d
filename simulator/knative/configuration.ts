import { createHash } from 'node:crypto'
import type { Cluster } from './cluster.js'
import { condition, find, isTrue, stamped } from './conditions.js'
import type { Configuration, Revision } from './objects.js'
import { owner } from './service.js'
import { record } from '../kube/events.js'
import { timestamp, type Condition } from '../kube/objects.js'
import { CONFIGURATIONS, REVISIONS } from '../kube/resources.js'

const GENERATION = 'serving.knative.dev/configurationGeneration'
const CONFIGURATION = 'serving.knative.dev/configuration'

/** Makes a revision for the newest template (again, when somebody deleted it) and tells which revision is the latest ready one. */
export function reconcileConfiguration (cluster: Cluster, namespace: string, name: string): void {
  const { store } = cluster
  const configuration = store.get(CONFIGURATIONS, namespace, name)
  if (configuration === undefined) return
  const generation = configuration.metadata.generation ?? 1
  const say = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    record(store, configuration, { type, reason, message, component: 'configuration-controller' })
  const revisions = revisionsOf(cluster, configuration)
  let newest = revisions.find(revision => generationOf(revision) === generation)
  if (newest === undefined) {
    newest = store.create(REVISIONS, draft(configuration, generation))
    say('Normal', 'Created', `Created Revision "${newest.metadata.name}"`)
    revisions.push(newest)
  }
  const old = configuration.status
  const ready = latestReady(revisions) ?? old?.latestReadyRevisionName
  const is = readiness(newest)
  const was = find(old?.conditions, 'Ready')?.status
  store.update(CONFIGURATIONS, {
    ...configuration,
    status: {
      conditions: stamped([is], old?.conditions),
      latestCreatedRevisionName: newest.metadata.name,
      ...(ready !== undefined && { latestReadyRevisionName: ready }),
      observedGeneration: generation
    }
  })
  if (is.status === 'False' && was !== 'False') say('Warning', 'LatestCreatedFailed', `Latest created revision "${newest.metadata.name}" has failed`)
  if (is.status === 'True' && was !== 'True') say('Normal', 'ConfigurationReady', 'Configuration becomes ready')
  if (ready !== undefined && ready !== old?.latestReadyRevisionName) say('Normal', 'LatestReadyUpdate', `LatestReadyRevisionName updated to "${ready}"`)
}

export const revisionsOf = ({ store }: Cluster, { metadata: { uid } }: Configuration): Revision[] =>
  store.owned(uid).flatMap(({ resource, object }) => resource === REVISIONS ? [object as Revision] : [])

const generationOf = ({ metadata }: Revision): number => Number(metadata.labels?.[GENERATION])

const latestReady = (revisions: readonly Revision[]): string | undefined => revisions
  .filter(({ status }) => isTrue(status?.conditions, 'Ready'))
  .sort((a, b) => generationOf(b) - generationOf(a))[0]?.metadata.name

/** The Configuration's Ready, from its newest revision's. The message ends with two full stops when the cause has one (recorded). */
function readiness ({ metadata, status }: Revision): Condition {
  const ready = find(status?.conditions, 'Ready')
  if (ready?.status === 'True') return condition('Ready', 'True')
  if (ready?.status !== 'False') return condition('Ready', 'Unknown')
  return condition('Ready', 'False', 'RevisionFailed', `Revision "${metadata.name}" failed with message: ${ready.message ?? ''}.`)
}

function draft (configuration: Configuration, generation: number) {
  const { name, namespace, uid, labels = {} } = configuration.metadata
  const { metadata = {}, spec } = configuration.spec.template
  return {
    apiVersion: configuration.apiVersion,
    kind: 'Revision',
    metadata: {
      name: metadata.name ?? childName(name, `-${String(generation).padStart(5, '0')}`),
      namespace,
      annotations: {
        ...metadata.annotations,
        'serving.knative.dev/creator': configuration.metadata.annotations?.['serving.knative.dev/creator'] ?? '',
        'serving.knative.dev/routes': name,
        'serving.knative.dev/routingStateModified': timestamp()
      },
      labels: {
        ...metadata.labels,
        [CONFIGURATION]: name,
        [GENERATION]: String(generation),
        'serving.knative.dev/configurationUID': uid,
        'serving.knative.dev/routingState': 'active',
        'serving.knative.dev/service': labels['serving.knative.dev/service'] ?? '',
        'serving.knative.dev/serviceUID': labels['serving.knative.dev/serviceUID'] ?? ''
      },
      ownerReferences: [owner(configuration)]
    },
    spec
  }
}

/** Names of more than 63 characters are cut and get a hash (Knative's kmeta.ChildName). */
function childName (parent: string, suffix: string): string {
  if (parent.length + suffix.length <= 63) return parent + suffix
  return parent.slice(0, 63 - 32 - suffix.length) + createHash('md5').update(parent).digest('hex') + suffix
}
