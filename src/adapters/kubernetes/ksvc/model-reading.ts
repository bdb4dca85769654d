import type { Model, Revision } from '../../../domain/models/model/model.js'
import type {
  Condition,
  Observation,
  ObservedContainer,
  ObservedPod,
  ObservedRevision
} from '../../../domain/models/diagnosis/observation.js'
import type { RevisionReport } from '../../../domain/models/model/model-store.js'
import { explainRevision, statusOf } from '../../../domain/models/diagnosis/readiness.js'
import { readHistory } from '../../../domain/traffic/traffic-history.js'
import {
  CREATED_BY,
  TRAFFIC_HISTORY,
  desiredOf,
  findContainer,
  revisionOf,
  specOf,
  trafficOf,
  versionOf
} from './ksvc-reading.js'
import type {
  ContainerStatus,
  KnativeRevision,
  Ksvc,
  KubeCondition,
  KubeEvent,
  Pod
} from '../api/kube-objects.js'
import type { Family } from '../api/family.js'
import { findLastWriter } from './last-writer.js'
import { isEnding, isReady, revisionOfPod } from '../pods/pod-reading.js'

export function modelOf (family: Family, events: readonly KubeEvent[] = []): Model {
  const { metadata } = family.ksvc
  const [spec, desired] = [specOf(family.ksvc), desiredOf(family.ksvc)]
  const { annotations = {} } = metadata
  return {
    name: metadata.name,
    spec,
    status: statusOf(observeFamily(family, events)),
    traffic: trafficOf(family.ksvc),
    desired,
    history: readHistory(annotations[TRAFFIC_HISTORY]),
    generation: metadata.generation ?? 0,
    ...(metadata.creationTimestamp === undefined ? {} : { createdAt: metadata.creationTimestamp }),
    createdBy: annotations[CREATED_BY] ?? annotations['serving.knative.dev/creator'] ?? '',
    updatedBy: findLastWriter(family.ksvc),
    version: versionOf(spec, desired)
  }
}

/** The newest first. */
export function reportRevisions (family: Family, events: readonly KubeEvent[]): RevisionReport[] {
  const seen = observeFamily(family, events)
  return revisionsOf(family)
    .map((revision, index) => {
      const observed = observeRevision(family.revisions[index]!)
      return { ...revision, explanation: explainRevision(observed, revision.replicas, seen) }
    })
    .sort((a, b) => b.number - a.number)
}

export function revisionsOf ({ revisions, pods }: Family): Revision[] {
  const ready = pods.filter(isReady).map(revisionOfPod)
  return revisions.map(revision =>
    revisionOf(revision, ready.filter(name => name === revision.metadata.name).length)
  )
}

export function observeFamily (
  { ksvc, revisions, pods }: Family,
  events: readonly KubeEvent[]
): Observation {
  const { metadata, spec, status = {} } = ksvc
  const conditions = conditionsOf(status.conditions)
  return {
    name: metadata.name,
    generation: metadata.generation ?? 0,
    observedGeneration: status.observedGeneration ?? -1,
    deleting: metadata.deletionTimestamp !== undefined,
    ready: conditions['Ready'],
    routesReady: conditions['RoutesReady'],
    latestCreatedRevision: findLatestRevision(ksvc),
    latestReadyRevision: status.latestReadyRevisionName,
    url: status.url,
    traffic: trafficOf(ksvc),
    desired: desiredOf(ksvc),
    port: findContainer(spec.template.spec).ports?.[0]?.containerPort ?? 8080,
    revisions: revisions.map(observeRevision),
    pods: pods.filter(pod => !isEnding(pod)).map(observePod),
    events: events.map(({ involvedObject, reason = '', message = '' }) => ({
      about: involvedObject.name ?? '',
      reason,
      message
    }))
  }
}

/**
 * The name in the template, if it has one. Otherwise the name in the status, once the status is
 * about the present template.
 */
function findLatestRevision ({
  metadata,
  spec: { template },
  status = {}
}: Ksvc): string | undefined {
  if (template.metadata?.name !== undefined) return template.metadata.name
  const isBehind =
    status.observedGeneration !== metadata.generation ||
    status.conditions?.some(
      ({ type, reason }) => type === 'ConfigurationsReady' && reason === 'OutOfDate'
    ) === true
  return isBehind ? undefined : status.latestCreatedRevisionName
}

function observeRevision ({ metadata, spec, status }: KnativeRevision): ObservedRevision {
  const {
    image = '',
    resources,
    readinessProbe: { httpGet, exec, grpc } = {}
  } = findContainer(spec)
  const probe =
    httpGet !== undefined
      ? `GET ${httpGet.path ?? '/'}`
      : exec !== undefined
        ? 'a command'
        : grpc !== undefined
          ? 'a gRPC call'
          : undefined
  return {
    name: metadata.name,
    image,
    pullSecrets: (spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []),
    memoryLimit: resources?.limits?.['memory']?.toString(),
    probe,
    conditions: conditionsOf(status?.conditions)
  }
}

function observePod (pod: Pod): ObservedPod {
  const { metadata, status = {} } = pod
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled')
  return {
    name: metadata.name,
    revision: revisionOfPod(pod),
    running: status.phase === 'Running',
    ready: isReady(pod),
    unschedulable:
      scheduled?.status === 'False' ? (scheduled.message ?? scheduled.reason ?? '') : undefined,
    containers: (status.containerStatuses ?? []).map(observeContainer)
  }
}

function observeContainer ({
  name,
  ready,
  restartCount,
  state,
  lastState
}: ContainerStatus): ObservedContainer {
  const ended = state?.terminated ?? lastState?.terminated
  return {
    name,
    ready,
    running: state?.waiting === undefined && state?.terminated === undefined,
    restarts: restartCount,
    waiting:
      state?.waiting === undefined
        ? undefined
        : { reason: state.waiting.reason ?? '', message: state.waiting.message ?? '' },
    ended:
      ended === undefined
        ? undefined
        : { reason: ended.reason ?? '', exitCode: ended.exitCode, log: ended.message ?? '' }
  }
}

function conditionsOf (conditions: readonly KubeCondition[] = []): Record<string, Condition> {
  return Object.fromEntries(
    conditions.map(({ type, status, reason = '', message = '' }) => [
      type,
      { status: status === 'True' || status === 'False' ? status : 'Unknown', reason, message }
    ])
  )
}
