import type { PodReport } from '../../../domain/models/model/model-runtime.js'
import { type ContainerStatus, type Pod, REVISION_LABEL } from '../api/kube-objects.js'

/** Knative's own container beside the model's. */
const QUEUE_PROXY = 'queue-proxy'

export function reportPod (pod: Pod): PodReport {
  const { metadata, status = {} } = pod
  const model = containerStatusOf(pod)
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
  return (
    !isEnding(pod) &&
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
      true
  )
}

export function isEnding ({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined
}

export function revisionOfPod ({ metadata }: Pod): string {
  return metadata.labels?.[REVISION_LABEL] ?? ''
}

/**
 * Of the model's container: the first one that has ports and is not Knative's, otherwise the first
 * one that is not.
 */
export function containerNameOf ({ spec }: Pod): string {
  const own = (spec?.containers ?? []).filter(({ name }) => name !== QUEUE_PROXY)
  return (own.find(({ ports = [] }) => ports.length > 0) ?? own[0])?.name ?? 'user-container'
}

export function containerStatusOf (pod: Pod): ContainerStatus | undefined {
  const name = containerNameOf(pod)
  return pod.status?.containerStatuses?.find(container => container.name === name)
}

function reasonOf (pod: Pod, model: ContainerStatus | undefined): string | undefined {
  if (isReady(pod) || isEnding(pod)) return undefined
  const { state, lastState } = model ?? {}
  const ended = state?.terminated ?? lastState?.terminated
  if (ended?.reason === 'OOMKilled') return ended.reason // says more than CrashLoopBackOff
  const failedReason = (type: string) =>
    pod.status?.conditions?.find(
      condition => condition.type === type && condition.status === 'False'
    )?.reason
  return (
    state?.waiting?.reason ??
    state?.terminated?.reason ??
    failedReason('PodScheduled') ??
    failedReason('Ready')
  )
}
