import type { Explanation } from './model.js'
import type { Condition, Observation, ObservedContainer, ObservedPod, ObservedRevision } from './observation.js'
import { imageCause, missingSecrets } from './image-causes.js'
import { forPlatform, forYou, oneLine, tellingLine } from './wording.js'

/**
 * Why a revision is not ready, from its own conditions and its pods: the model's conditions say only "waiting" for up to ten minutes.
 * Undefined: nothing is wrong that can be seen.
 */
export function causeOf (revision: ObservedRevision, seen: Observation): Explanation | undefined {
  const { pods, events, port } = seen
  const own = pods.filter(pod => pod.revision === revision.name)
  const failed = ['ContainerHealthy', 'ResourcesAvailable', 'Ready']
    .flatMap(type => revision.conditions[type] ?? [])
    .find(({ status, reason }) => status === 'False' && reason !== '')
  return first(own, pod => podCause(pod, revision, seen)) ??
    (failed === undefined ? undefined : conditionCause(failed, revision, own, port)) ??
    first(own, pod => probeCause(pod, revision, port, events.some(({ about, reason }) => about === pod.name && reason === 'Unhealthy')))
}

function first<T> (items: readonly T[], find: (item: T) => Explanation | undefined): Explanation | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

function conditionCause ({ reason, message }: Condition, revision: ObservedRevision, pods: readonly ObservedPod[], port: number): Explanation {
  if (reason === 'ContainerMissing') return imageCause(revision, message, [])
  if (reason === 'Unschedulable') return unschedulable(message)
  if (reason === 'CreateContainerConfigError') return configuration(message)
  if (reason === 'FailedCreate') return notCreated(message)
  if (reason.startsWith('ExitCode')) {
    const log = message.replace(/^Container failed with:\s*/, '')
    return crash(reason.slice('ExitCode'.length), log, revision, !pods.some(({ ready }) => ready)) // it can stay so when the pod answers again
  }
  if (reason === 'ProgressDeadlineExceeded') {
    return forYou(
      `revision ${revision.name} did not become ready within the time allowed for its start: ${unanswered(revision, port)}`,
      `${probeRemedy(revision, port)}; if it only needs longer, it still becomes ready by itself`)
  }
  return forYou(`revision ${revision.name} failed: ${oneLine(message) || reason}`,
    'correct the model by PUT or PATCH, or show this message to the platform engineer')
}

/** The states of containers that tell a cause; the first one counts. */
function podCause (pod: ObservedPod, revision: ObservedRevision, { events }: Observation): Explanation | undefined {
  if (pod.ready) return undefined
  if (pod.unschedulable !== undefined) return unschedulable(pod.unschedulable)
  return first(pod.containers, container => containerCause(container, revision, missingSecrets(pod.name, events)))
}

function containerCause (
  { waiting, ended, restarts, ready }: ObservedContainer, revision: ObservedRevision, missing: readonly string[]
): Explanation | undefined {
  switch (waiting?.reason) {
    case 'ErrImagePull': case 'ImagePullBackOff': case 'InvalidImageName': case 'ErrImageNeverPull':
      return imageCause(revision, waiting.message, missing)
    case 'CreateContainerConfigError':
      return configuration(waiting.message)
    case 'RunContainerError': case 'CreateContainerError':
      return forYou(`the container can't be started: ${oneLine(waiting.message)}`, 'check the entry point of the image, and publish it again under a new tag')
  }
  if (ended === undefined || ready || ended.reason === 'Completed') return undefined
  if (ended.reason === 'OOMKilled') {
    const limit = revision.memoryLimit === undefined ? 'than its node has left' : `than its limit of ${revision.memoryLimit}`
    return forYou(`the container needed more memory ${limit} and was ended by the system (OOMKilled)`, 'raise resources.limits.memory')
  }
  return crash(String(ended.exitCode), ended.log, revision, restarts > 0)
}

/** Slow starts look the same as a wrong port: nothing needs to be done before the deadline has passed. */
function probeCause (pod: ObservedPod, revision: ObservedRevision, port: number, unhealthy: boolean): Explanation | undefined {
  if (!pod.running || !unhealthy || pod.containers.every(({ ready }) => ready)) return undefined
  return {
    summary: `the container runs, but ${unanswered(revision, port)}`,
    remedy: `wait while it starts; if it stays so, ${probeRemedy(revision, port)}`,
    owner: 'you',
    needsAction: false
  }
}

function unanswered ({ probe }: ObservedRevision, port: number): string {
  return probe === undefined ? `nothing answers on port ${port}` : `its readiness probe fails (${probe} on port ${port})`
}

function probeRemedy ({ probe }: ObservedRevision, port: number): string {
  return probe === undefined
    ? `check that the container listens on port ${port} (field port), and read its log`
    : 'correct the readiness probe with the tool that has set it, and read the container\'s log'
}

function unschedulable (message: string): Explanation {
  return forPlatform(`no node has room for the model: ${oneLine(message)}`, 'lower resources.requests, or ask the platform engineer for more capacity')
}

function configuration (message: string): Explanation {
  return forYou(`the container's environment can't be made: ${oneLine(message)}`,
    'check the names and keys of the secrets in env; they must exist in the models\' namespace')
}

function notCreated (message: string): Explanation {
  return /exceeded quota/.test(message)
    ? forPlatform(`the quota of the namespace is used up: ${oneLine(message)}`,
      'lower resources.requests, delete models that are not used, or ask the platform engineer for more')
    : forPlatform(`no pod can be made: ${oneLine(message)}`, 'ask the platform engineer')
}

/** 128 + 9: what the system ended; once the pod is gone, nothing tells for what. */
const KILLED = '137'

function crash (exitCode: string, log: string, { conditions }: ObservedRevision, again: boolean): Explanation {
  const line = tellingLine(log)
  const said = line === '' ? '' : `; its log says: ${line}`
  const start = conditions['Ready']?.status === 'True' ? '' : ' at its start'
  const killed = exitCode === KILLED ? ' (killed, mostly for more memory than its limit)' : ''
  return {
    summary: `the container ${again ? 'keeps ending' : 'ended'}${start} with exit code ${exitCode}${killed}${said}`,
    remedy: exitCode === KILLED
      ? 'raise resources.limits.memory, or read the whole log'
      : 'read the whole log, correct env, appPath or the image, and deploy again',
    owner: 'you',
    needsAction: again
  }
}
