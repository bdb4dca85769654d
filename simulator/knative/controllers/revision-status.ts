import type { Condition } from '../../kube/objects.js'
import { condition, stampConditions, summarize } from '../conditions.js'
import type { Revision } from '../objects.js'
import type { PodFacts } from '../pods/pod-status.js'

/** The state of a revision, from which `describeRevision` makes its conditions. */
export interface RevisionFacts {
  /** for information only, since a sleeping revision is healthy */
  readonly active?: Condition
  readonly healthy: Condition
  readonly resources: Condition
  /** the image was found in its registry */
  readonly resolved: boolean
  readonly digest?: string | undefined
  readonly actual?: number
  readonly desired?: number
}

export const NEW_REVISION: RevisionFacts = {
  healthy: condition('ContainerHealthy', 'Unknown'),
  resources: condition('ResourcesAvailable', 'Unknown', 'ResolvingDigests'),
  resolved: false
}

export const DEPLOYING = {
  active: condition('Active', 'Unknown', 'Deploying'),
  healthy: condition('ContainerHealthy', 'Unknown', 'Deploying'),
  resources: condition('ResourcesAvailable', 'Unknown', 'Deploying')
}

export const HEALTHY = {
  healthy: condition('ContainerHealthy', 'True'),
  resources: condition('ResourcesAvailable', 'True')
}
export const QUEUED = condition(
  'Active',
  'Unknown',
  'Queued',
  'Requests to the target are being buffered as resources are provisioned.'
)
export const NO_TRAFFIC = condition(
  'Active',
  'False',
  'NoTraffic',
  'The target is not receiving traffic.'
)

export function describeRevision (
  facts: RevisionFacts,
  old: Revision['status']
): NonNullable<Revision['status']> {
  const { active, healthy, resources, resolved, digest, actual, desired } = facts
  const conditions: Condition[] = [healthy, resources, summarize('Ready', [healthy, resources])]
  if (active !== undefined) conditions.push({ ...active, severity: 'Info' })
  return {
    ...(actual !== undefined && { actualReplicas: actual }),
    conditions: stampConditions(conditions, old?.conditions),
    ...(resolved && {
      containerStatuses: [
        { ...(digest !== undefined && { imageDigest: digest }), name: 'user-container' }
      ]
    }),
    ...(desired !== undefined && { desiredReplicas: desired }),
    observedGeneration: 1
  }
}

/**
 * Describes a revision whose progress deadline has passed: a crash with its log, the reason for
 * which the container waits, or only that it took too long.
 */
export function describeOverdue (
  user: PodFacts['user'] | undefined,
  replicaSet: string
): Partial<RevisionFacts> {
  const ended = user?.state.terminated ?? user?.last.terminated
  const waiting = user?.state.waiting
  const late = condition(
    'ResourcesAvailable',
    'False',
    'ProgressDeadlineExceeded',
    `ReplicaSet "${replicaSet}" has timed out progressing.`
  )
  if (ended !== undefined) {
    return {
      healthy: condition(
        'ContainerHealthy',
        'False',
        `ExitCode${ended.exitCode}`,
        `Container failed with: ${ended.message ?? ''}`
      ),
      resources: late
    }
  }
  return {
    resources:
      waiting?.message === undefined
        ? late
        : condition('ResourcesAvailable', 'False', waiting.reason, waiting.message)
  }
}
