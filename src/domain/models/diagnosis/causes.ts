import type { Explanation } from '../model/model.js'
import type {
  Condition,
  Observation,
  ObservedContainer,
  ObservedPod,
  ObservedRevision
} from './observation.js'
import { explainImage, findMissingSecrets } from './image-causes.js'
import { forPlatform, forYou, joinLines, findTellingLine } from './wording.js'

/**
 * Finds why a revision is not ready, from its own conditions and its pods. The model's conditions
 * only say "waiting" for up to ten minutes. Returns undefined if nothing wrong can be seen.
 */
export function findCause (revision: ObservedRevision, seen: Observation): Explanation | undefined {
  const { pods, events, port } = seen
  const own = pods.filter(pod => pod.revision === revision.name)
  const failed = ['ContainerHealthy', 'ResourcesAvailable', 'Ready']
    .flatMap(type => revision.conditions[type] ?? [])
    .find(({ status, reason }) => status === 'False' && reason !== '')
  return (
    findFirst(own, pod => findPodCause(pod, revision, seen)) ??
    (failed === undefined ? undefined : explainCondition(failed, revision, own, port)) ??
    findFirst(own, pod =>
      findProbeCause(
        pod,
        revision,
        port,
        events.some(({ about, reason }) => about === pod.name && reason === 'Unhealthy')
      )
    )
  )
}

function findFirst<T> (
  items: readonly T[],
  find: (item: T) => Explanation | undefined
): Explanation | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

function explainCondition (
  { reason, message }: Condition,
  revision: ObservedRevision,
  pods: readonly ObservedPod[],
  port: number
): Explanation {
  if (reason === 'ContainerMissing') return explainImage(revision, message, [])
  if (reason === 'Unschedulable') return explainUnschedulable(message)
  if (reason === 'CreateContainerConfigError') return explainBadEnvironment(message)
  if (reason === 'FailedCreate') return explainNoPod(message)
  if (reason.startsWith('ExitCode')) {
    const log = message.replace(/^Container failed with:\s*/, '')
    // The condition can stay False after the pod answers again.
    return explainCrash(reason.slice('ExitCode'.length), log, revision, !pods.some(({ ready }) => ready))
  }
  if (reason === 'ProgressDeadlineExceeded') {
    return forYou(
      `revision ${revision.name} did not become ready within the time allowed for its start: ${describeSilence(revision, port)}`,
      `${proposeProbeRemedy(revision, port)}; if it only needs longer, it still becomes ready by itself`
    )
  }
  return forYou(
    `revision ${revision.name} failed: ${joinLines(message) || reason}`,
    'correct the model by PUT or PATCH, or show this message to the platform engineer'
  )
}

/** Finds the cause in a pod's state. The first container that shows one counts. */
function findPodCause (
  pod: ObservedPod,
  revision: ObservedRevision,
  { events }: Observation
): Explanation | undefined {
  if (pod.ready) return undefined
  if (pod.unschedulable !== undefined) return explainUnschedulable(pod.unschedulable)
  return findFirst(pod.containers, container =>
    findContainerCause(container, revision, findMissingSecrets(pod.name, events))
  )
}

function findContainerCause (
  { waiting, ended, restarts, ready }: ObservedContainer,
  revision: ObservedRevision,
  missing: readonly string[]
): Explanation | undefined {
  switch (waiting?.reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
      return explainImage(revision, waiting.message, missing)
    case 'CreateContainerConfigError':
      return explainBadEnvironment(waiting.message)
    case 'RunContainerError':
    case 'CreateContainerError':
      return forYou(
        `the container can't be started: ${joinLines(waiting.message)}`,
        'check the entry point of the image, and publish it again under a new tag'
      )
  }
  if (ended === undefined || ready || ended.reason === 'Completed') return undefined
  if (ended.reason === 'OOMKilled') {
    const limit =
      revision.memoryLimit === undefined
        ? 'than its node has left'
        : `than its limit of ${revision.memoryLimit}`
    return forYou(
      `the container needed more memory ${limit} and was ended by the system (OOMKilled)`,
      'raise resources.limits.memory'
    )
  }
  return explainCrash(String(ended.exitCode), ended.log, revision, restarts > 0)
}

/**
 * Finds a failing readiness probe. A slow start looks the same as a wrong port, so nobody needs to
 * act before the deadline has passed.
 */
function findProbeCause (
  pod: ObservedPod,
  revision: ObservedRevision,
  port: number,
  unhealthy: boolean
): Explanation | undefined {
  if (!pod.running || !unhealthy || pod.containers.every(({ ready }) => ready)) return undefined
  return {
    summary: `the container runs, but ${describeSilence(revision, port)}`,
    remedy: `wait while it starts; if it stays so, ${proposeProbeRemedy(revision, port)}`,
    owner: 'you',
    needsAction: false
  }
}

function describeSilence ({ probe }: ObservedRevision, port: number): string {
  return probe === undefined
    ? `nothing answers on port ${port}`
    : `its readiness probe fails (${probe} on port ${port})`
}

function proposeProbeRemedy ({ probe }: ObservedRevision, port: number): string {
  return probe === undefined
    ? `check that the container listens on port ${port} (field port), and read its log`
    : "correct the readiness probe with the tool that has set it, and read the container's log"
}

function explainUnschedulable (message: string): Explanation {
  return forPlatform(
    `no node has room for the model: ${joinLines(message)}`,
    'lower resources.requests, or ask the platform engineer for more capacity'
  )
}

function explainBadEnvironment (message: string): Explanation {
  return forYou(
    `the container's environment can't be made: ${joinLines(message)}`,
    "check the names and keys of the secrets in env; they must exist in the models' namespace"
  )
}

function explainNoPod (message: string): Explanation {
  return /exceeded quota/.test(message)
    ? forPlatform(
        `the quota of the namespace is used up: ${joinLines(message)}`,
        'lower resources.requests, delete models that are not used, or ask the platform engineer for more'
    )
    : forPlatform(`no pod can be made: ${joinLines(message)}`, 'ask the platform engineer')
}

/** The exit code after SIGKILL (128 + 9). Once the pod is gone, nothing says who killed it. */
const KILLED = '137'

function explainCrash (
  exitCode: string,
  log: string,
  { conditions, name, image }: ObservedRevision,
  again: boolean
): Explanation {
  const line = findTellingLine(log, image, name.replace(/-\d{5,}$/, ''))
  const said = line === '' ? '' : `; its log says: ${line}`
  const start = conditions['Ready']?.status === 'True' ? '' : ' at its start'
  const killed = exitCode === KILLED ? ' (killed, mostly for more memory than its limit)' : ''
  return {
    summary: `the container ${again ? 'keeps ending' : 'ended'}${start} with exit code ${exitCode}${killed}${said}`,
    remedy:
      exitCode === KILLED
        ? 'raise resources.limits.memory, or read the whole log'
        : 'read the whole log, correct env, appPath or the image, and deploy again',
    owner: 'you',
    needsAction: again
  }
}
