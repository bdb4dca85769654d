import type { Model, Revision } from '../../domain/models/model.js'
import type { Condition, Observation, ObservedContainer, ObservedPod, ObservedRevision } from '../../domain/models/observation.js'
import type { RevisionReport } from '../../domain/models/model-store.js'
import { revisionExplanation, statusOf } from '../../domain/models/readiness.js'
import { historyIn } from '../../domain/revisions/traffic-history.js'
import { CREATED_BY, REQUESTED_BY, TRAFFIC_HISTORY, desiredOf, modelContainer, revisionOf, specOf, trafficOf, versionOf } from './ksvc-reading.js'
import type { ContainerStatus, KnativeRevision, Ksvc, KubeCondition, KubeEvent, Pod } from './kube-objects.js'
import { isEnding, isReady, revisionOfPod } from './pod-reading.js'

/** A ksvc and what belongs to it, as they were at about the same moment. */
export interface Family {
  readonly ksvc: Ksvc
  readonly revisions: readonly KnativeRevision[]
  readonly pods: readonly Pod[]
}

export function modelOf (family: Family, events: readonly KubeEvent[] = []): Model {
  const { metadata } = family.ksvc
  const [spec, desired] = [specOf(family.ksvc), desiredOf(family.ksvc)]
  const { annotations = {} } = metadata
  return {
    name: metadata.name,
    spec,
    status: statusOf(observationOf(family, events)),
    traffic: trafficOf(family.ksvc),
    desired,
    history: historyIn(annotations[TRAFFIC_HISTORY]),
    generation: metadata.generation ?? 0,
    createdAt: metadata.creationTimestamp ?? '',
    createdBy: annotations[CREATED_BY] ?? annotations['serving.knative.dev/creator'] ?? '',
    updatedBy: annotations[REQUESTED_BY] ?? annotations['serving.knative.dev/lastModifier'] ?? '',
    version: versionOf(spec, desired)
  }
}

/** The newest first. */
export function revisionReports (family: Family, events: readonly KubeEvent[]): RevisionReport[] {
  const seen = observationOf(family, events)
  return revisionsOf(family).map((revision, index) => {
    const observed = observedRevision(family.revisions[index]!)
    return { ...revision, explanation: revisionExplanation(observed, revision.replicas, seen) }
  }).sort((a, b) => b.number - a.number)
}

export function revisionsOf ({ revisions, pods }: Family): Revision[] {
  const ready = pods.filter(isReady).map(revisionOfPod)
  return revisions.map(revision => revisionOf(revision, ready.filter(name => name === revision.metadata.name).length))
}

export function observationOf ({ ksvc, revisions, pods }: Family, events: readonly KubeEvent[]): Observation {
  const { metadata, spec, status = {} } = ksvc
  const conditions = conditionsOf(status.conditions)
  return {
    name: metadata.name,
    generation: metadata.generation ?? 0,
    observedGeneration: status.observedGeneration ?? -1,
    deleting: metadata.deletionTimestamp !== undefined,
    ready: conditions['Ready'],
    routesReady: conditions['RoutesReady'],
    latestCreatedRevision: latestCreatedRevision(ksvc),
    latestReadyRevision: status.latestReadyRevisionName,
    url: status.url,
    traffic: trafficOf(ksvc),
    desired: desiredOf(ksvc),
    port: modelContainer(spec.template.spec).ports?.[0]?.containerPort ?? 8080,
    revisions: revisions.map(observedRevision),
    pods: pods.filter(pod => !isEnding(pod)).map(observedPod),
    events: events.map(({ involvedObject, reason = '', message = '' }) => ({ about: involvedObject.name ?? '', reason, message }))
  }
}

/** A name in the template foretells it; otherwise the status tells, once it speaks of the present template. */
function latestCreatedRevision ({ metadata, spec: { template }, status = {} }: Ksvc): string | undefined {
  if (template.metadata?.name !== undefined) return template.metadata.name
  const isBehind = status.observedGeneration !== metadata.generation ||
    status.conditions?.some(({ type, reason }) => type === 'ConfigurationsReady' && reason === 'OutOfDate') === true
  return isBehind ? undefined : status.latestCreatedRevisionName
}

function observedRevision ({ metadata, spec, status }: KnativeRevision): ObservedRevision {
  const { image = '', resources, readinessProbe: { httpGet, exec, grpc } = {} } = modelContainer(spec)
  const probe = httpGet !== undefined ? `GET ${httpGet.path ?? '/'}` : exec !== undefined ? 'a command' : grpc !== undefined ? 'a gRPC call' : undefined
  return {
    name: metadata.name,
    image,
    pullSecrets: (spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []),
    memoryLimit: resources?.limits?.['memory']?.toString(),
    probe,
    conditions: conditionsOf(status?.conditions)
  }
}

function observedPod (pod: Pod): ObservedPod {
  const { metadata, status = {} } = pod
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled')
  return {
    name: metadata.name,
    revision: revisionOfPod(pod),
    running: status.phase === 'Running',
    ready: isReady(pod),
    unschedulable: scheduled?.status === 'False' ? scheduled.message ?? scheduled.reason ?? '' : undefined,
    containers: (status.containerStatuses ?? []).map(observedContainer)
  }
}

function observedContainer ({ name, ready, restartCount, state, lastState }: ContainerStatus): ObservedContainer {
  const ended = state?.terminated ?? lastState?.terminated
  return {
    name,
    ready,
    running: state?.waiting === undefined && state?.terminated === undefined,
    restarts: restartCount,
    waiting: state?.waiting === undefined ? undefined : { reason: state.waiting.reason ?? '', message: state.waiting.message ?? '' },
    ended: ended === undefined ? undefined : { reason: ended.reason ?? '', exitCode: ended.exitCode, log: ended.message ?? '' }
  }
}

function conditionsOf (conditions: readonly KubeCondition[] = []): Record<string, Condition> {
  return Object.fromEntries(conditions.map(({ type, status, reason = '', message = '' }) =>
    [type, { status: status === 'True' || status === 'False' ? status : 'Unknown', reason, message }]))
}
