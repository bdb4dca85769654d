import { createHash } from 'node:crypto'
import { timestamp, type Condition } from '../../kube/objects.js'
import { recordEvent } from '../../kube/store/events.js'
import type { Cluster } from '../cluster/cluster.js'
import { condition, findCondition, isTrue, stampConditions } from '../conditions.js'
import type { Configuration, Revision } from '../objects.js'
import { CONFIGURATIONS, REVISIONS } from '../resources.js'
import { ownerReferenceTo } from './service.js'

const GENERATION = 'serving.knative.dev/configurationGeneration'
const CONFIGURATION = 'serving.knative.dev/configuration'

/**
 * Makes a revision for the newest template, again if somebody deleted it. Writes the latest ready
 * revision into the status.
 */
export function reconcileConfiguration (cluster: Cluster, namespace: string, name: string): void {
  const { store } = cluster
  const configuration = store.get(CONFIGURATIONS, namespace, name)
  if (configuration === undefined) return
  const generation = configuration.metadata.generation ?? 1
  const record = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    recordEvent(store, configuration, {
      type,
      reason,
      message,
      component: 'configuration-controller'
    })
  const revisions = revisionsOf(cluster, configuration)
  let newest = revisions.find(revision => generationOf(revision) === generation)
  if (newest === undefined) {
    newest = store.create(REVISIONS, draftRevision(configuration, generation))
    record('Normal', 'Created', `Created Revision "${newest.metadata.name}"`)
    revisions.push(newest)
  }
  const old = configuration.status
  const ready = findLatestReady(revisions) ?? old?.latestReadyRevisionName
  const is = readinessOf(newest)
  const was = findCondition(old?.conditions, 'Ready')?.status
  store.update(CONFIGURATIONS, {
    ...configuration,
    status: {
      conditions: stampConditions([is], old?.conditions),
      latestCreatedRevisionName: newest.metadata.name,
      ...(ready !== undefined && { latestReadyRevisionName: ready }),
      observedGeneration: generation
    }
  })
  if (is.status === 'False' && was !== 'False') {
    record(
      'Warning',
      'LatestCreatedFailed',
      `Latest created revision "${newest.metadata.name}" has failed`
    )
  }
  if (is.status === 'True' && was !== 'True') {
    record('Normal', 'ConfigurationReady', 'Configuration becomes ready')
  }
  if (ready !== undefined && ready !== old?.latestReadyRevisionName) {
    record('Normal', 'LatestReadyUpdate', `LatestReadyRevisionName updated to "${ready}"`)
  }
}

export const revisionsOf = ({ store }: Cluster, { metadata: { uid } }: Configuration): Revision[] =>
  store
    .listOwned(uid)
    .flatMap(({ resource, object }) => (resource === REVISIONS ? [object as Revision] : []))

const generationOf = ({ metadata }: Revision): number => Number(metadata.labels?.[GENERATION])

const findLatestReady = (revisions: readonly Revision[]): string | undefined =>
  revisions
    .filter(({ status }) => isTrue(status?.conditions, 'Ready'))
    .sort((a, b) => generationOf(b) - generationOf(a))[0]?.metadata.name

/**
 * Derives the Configuration's Ready from that of its newest revision. The message ends with two
 * full stops if the revision's message has one (recorded).
 */
function readinessOf ({ metadata, status }: Revision): Condition {
  const ready = findCondition(status?.conditions, 'Ready')
  if (ready?.status === 'True') return condition('Ready', 'True')
  if (ready?.status !== 'False') return condition('Ready', 'Unknown')
  return condition(
    'Ready',
    'False',
    'RevisionFailed',
    `Revision "${metadata.name}" failed with message: ${ready.message ?? ''}.`
  )
}

function draftRevision (configuration: Configuration, generation: number) {
  const { name, namespace, uid, labels = {} } = configuration.metadata
  const { metadata = {}, spec } = configuration.spec.template
  return {
    apiVersion: configuration.apiVersion,
    kind: 'Revision',
    metadata: {
      name: metadata.name ?? nameChild(name, `-${String(generation).padStart(5, '0')}`),
      namespace,
      annotations: {
        ...metadata.annotations,
        'serving.knative.dev/creator':
          configuration.metadata.annotations?.['serving.knative.dev/creator'] ?? '',
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
      ownerReferences: [ownerReferenceTo(configuration)]
    },
    spec
  }
}

/**
 * Names the child of a parent. As in Knative's kmeta.ChildName, a name of more than 63 characters
 * is cut and gets a hash.
 */
function nameChild (parent: string, suffix: string): string {
  if (parent.length + suffix.length <= 63) return parent + suffix
  return (
    parent.slice(0, 63 - 32 - suffix.length) +
    createHash('md5').update(parent).digest('hex') +
    suffix
  )
}
