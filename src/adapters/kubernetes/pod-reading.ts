import type { EventReport, PodReport } from '../../domain/models/model-runtime.js'
import type { Family } from './model-reading.js'
import { type ContainerStatus, type KubeEvent, type Pod, REVISION_LABEL } from './kube-objects.js'

/** Knative's own container beside the model's. */
const QUEUE_PROXY = 'queue-proxy'

export function podReport (pod: Pod): PodReport {
  const { metadata, status = {} } = pod
  const model = modelStatus(pod)
  const reason = reasonOf(pod, model)
  return {
    name: metadata.name,
    revision: revisionOfPod(pod),
    phase: status.phase ?? 'Unknown',
    ready: isReady(pod),
    restarts: model?.restartCount ?? 0,
    ...(reason === undefined ? {} : { reason }),
    ...(status.startTime === undefined ? {} : { startedAt: status.startTime }),
    ending: isEnding(pod)
  }
}

/** A pod that ends still looks Running and Ready for about half a minute. */
export function isReady (pod: Pod): boolean {
  return !isEnding(pod) && pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
}

export function isEnding ({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined
}

export function revisionOfPod ({ metadata }: Pod): string {
  return metadata.labels?.[REVISION_LABEL] ?? ''
}

/** Of the model's container: the first one that has ports and is not Knative's, otherwise the first one that is not. */
export function modelContainerName ({ spec }: Pod): string {
  const own = (spec?.containers ?? []).filter(({ name }) => name !== QUEUE_PROXY)
  return (own.find(({ ports = [] }) => ports.length > 0) ?? own[0])?.name ?? 'user-container'
}

export function modelStatus (pod: Pod): ContainerStatus | undefined {
  const name = modelContainerName(pod)
  return pod.status?.containerStatuses?.find(container => container.name === name)
}

function reasonOf (pod: Pod, model: ContainerStatus | undefined): string | undefined {
  if (isReady(pod) || isEnding(pod)) return undefined
  const { state, lastState } = model ?? {}
  const ended = state?.terminated ?? lastState?.terminated
  if (ended?.reason === 'OOMKilled') return ended.reason // says more than CrashLoopBackOff
  const condition = (type: string) => pod.status?.conditions?.find(condition => condition.type === type && condition.status === 'False')?.reason
  return state?.waiting?.reason ?? state?.terminated?.reason ?? condition('PodScheduled') ?? condition('Ready')
}

/** Every event of the family, among those of a whole namespace. The most recent first. */
export function eventReports (family: Family, events: readonly KubeEvent[]): EventReport[] {
  return events.filter(event => concerns(event, family)).map(eventReport).sort((a, b) => a.time < b.time ? 1 : a.time > b.time ? -1 : 0)
}

const OF_THE_MODEL = new Set(['Service', 'Configuration', 'Route', 'Ingress'])

/** What stands between revision and pod is named after the revision; it tells of quotas. Pods that are gone still have events. */
const BELOW_A_REVISION: Readonly<Record<string, RegExp>> = {
  Deployment: /^-deployment$/, ReplicaSet: /^-deployment-[a-z0-9]+$/, Pod: /^-deployment-[a-z0-9]+-[a-z0-9]{5}$/
}

function concerns ({ involvedObject: { kind = '', name = '' } }: KubeEvent, { ksvc, revisions, pods }: Family): boolean {
  if (OF_THE_MODEL.has(kind)) return name === ksvc.metadata.name
  const below = BELOW_A_REVISION[kind]
  if (kind === 'Pod' && pods.some(({ metadata }) => metadata.name === name)) return true // a long name is hashed in it
  return revisions.some(({ metadata }) => below === undefined
    ? name === metadata.name
    : name.startsWith(metadata.name) && below.test(name.slice(metadata.name.length)))
}

function eventReport ({ metadata, involvedObject, type, reason, message, count, series, ...times }: KubeEvent): EventReport {
  const { lastTimestamp, eventTime, firstTimestamp } = times
  return {
    time: lastTimestamp ?? series?.lastObservedTime ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp ?? '',
    type: type ?? '',
    reason: reason ?? '',
    message: message ?? '',
    object: `${involvedObject.kind ?? ''}/${involvedObject.name ?? ''}`,
    count: count ?? series?.count ?? 1
  }
}
