import type { Explanation } from './model.js'
import type { Condition, Observation, ObservedContainer, ObservedPod, ObservedRevision } from './observation.js'

/**
 * Why a revision is not ready, from its own conditions and its pods: the model's conditions say only "waiting" for up to ten minutes.
 * Undefined: nothing is wrong that can be seen.
 */
export function causeOf (revision: ObservedRevision, seen: Observation): Explanation | undefined {
  const { pods, events, port, hasPullSecret } = seen
  const own = pods.filter(pod => pod.revision === revision.name)
  const failed = ['ContainerHealthy', 'ResourcesAvailable', 'Ready']
    .flatMap(type => revision.conditions[type] ?? [])
    .find(({ status, reason }) => status === 'False' && reason !== '')
  return first(own, pod => podCause(pod, revision, hasPullSecret)) ??
    (failed === undefined ? undefined : conditionCause(failed, revision, own, seen)) ??
    first(own, pod => probeCause(pod, port, events.some(({ about, reason }) => about === pod.name && reason === 'Unhealthy')))
}

function first<T> (items: readonly T[], find: (item: T) => Explanation | undefined): Explanation | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

function conditionCause (
  { reason, message }: Condition, revision: ObservedRevision, pods: readonly ObservedPod[], { port, hasPullSecret }: Observation
): Explanation {
  if (reason === 'ContainerMissing') return imageCause(revision.image, message, hasPullSecret)
  if (reason === 'Unschedulable') return unschedulable(message)
  if (reason === 'CreateContainerConfigError') return configuration(message)
  if (reason === 'FailedCreate') return notCreated(message)
  if (reason.startsWith('ExitCode')) return crash(reason.slice('ExitCode'.length), message.replace(/^Container failed with:\s*/, ''))
  if (reason === 'ProgressDeadlineExceeded' && pods.length > 0) {
    return {
      summary: `revision ${revision.name} did not answer on port ${port} within the time allowed for its start`,
      remedy: `check that the container listens on port ${port} (field port) and read its log; if it only needs longer, it still becomes ready by itself`,
      owner: 'you',
      needsAction: true
    }
  }
  return {
    summary: `revision ${revision.name} failed: ${oneLine(message) || reason}`,
    remedy: 'correct the model by PUT or PATCH, or show this message to the platform engineer',
    owner: 'you',
    needsAction: true
  }
}

/** The states of containers that tell a cause; the first one counts. */
function podCause (pod: ObservedPod, { image }: ObservedRevision, hasPullSecret: boolean): Explanation | undefined {
  if (pod.unschedulable !== undefined) return unschedulable(pod.unschedulable)
  return first(pod.containers, container => containerCause(container, image, hasPullSecret))
}

function containerCause ({ waiting, ended, restarts, ready }: ObservedContainer, image: string, hasPullSecret: boolean): Explanation | undefined {
  switch (waiting?.reason) {
    case 'ErrImagePull': case 'ImagePullBackOff': case 'InvalidImageName': case 'ErrImageNeverPull':
      return imageCause(image, waiting.message, hasPullSecret)
    case 'CreateContainerConfigError':
      return configuration(waiting.message)
    case 'RunContainerError': case 'CreateContainerError':
      return {
        summary: `the container can't be started: ${oneLine(waiting.message)}`,
        remedy: 'check the entry point of the image, and publish it again under a new tag',
        owner: 'you',
        needsAction: true
      }
  }
  if (ended === undefined || ready || ended.reason === 'Completed') return undefined
  if (ended.reason === 'OOMKilled') {
    return {
      summary: 'the container needed more memory than its limit and was ended by the system (OOMKilled)',
      remedy: 'raise resources.limits.memory',
      owner: 'you',
      needsAction: true
    }
  }
  return crash(String(ended.exitCode), ended.log, restarts > 0)
}

/** Slow starts look the same as a wrong port: nothing needs to be done before the deadline has passed. */
function probeCause (pod: ObservedPod, port: number, unhealthy: boolean): Explanation | undefined {
  if (!pod.running || !unhealthy || pod.containers.every(({ ready }) => ready)) return undefined
  return {
    summary: `the container runs but does not answer on port ${port} yet (its readiness probe fails)`,
    remedy: `wait while it starts; if it stays so, check that it listens on port ${port} (field port) and read its log`,
    owner: 'you',
    needsAction: false
  }
}

function imageCause (image: string, message: string, hasPullSecret: boolean): Explanation {
  if (/\b(401|403)\b|unauthorized|forbidden|denied|authorization failed/i.test(message)) {
    return hasPullSecret
      ? {
          summary: `the registry refuses the pull secret for image ${image}`,
          remedy: 'check that the secrets in imagePullSecrets exist in the models\' namespace and hold valid credentials for this registry',
          owner: 'you',
          needsAction: true
        }
      : {
          summary: `the registry wants credentials for image ${image}`,
          remedy: 'name a pull secret in imagePullSecrets; the platform engineer can create one',
          owner: 'you',
          needsAction: true
        }
  }
  if (/\b404\b|not found|NotFound|MANIFEST_UNKNOWN|NAME_UNKNOWN|no such manifest/.test(message) && !/no such host/.test(message)) {
    return { summary: `image not found: ${image}`, remedy: 'check its name and tag, or publish it', owner: 'you', needsAction: true }
  }
  if (/no such host|name resolution|connection refused|timeout|timed out|x509|certificate|unreachable|\b5\d\d\b/i.test(message)) {
    return {
      summary: `the registry of image ${image} can't be reached: ${lastPart(message)}`,
      remedy: 'check the host name in image; if it is right, ask the registry\'s owner',
      owner: 'registry owner',
      needsAction: true
    }
  }
  return { summary: `image ${image} can't be pulled: ${lastPart(message)}`, remedy: 'check the image reference', owner: 'you', needsAction: true }
}

function unschedulable (message: string): Explanation {
  return {
    summary: `no node has room for the model: ${oneLine(message)}`,
    remedy: 'lower resources.requests, or ask the platform engineer for more capacity',
    owner: 'platform engineer',
    needsAction: true
  }
}

function configuration (message: string): Explanation {
  return {
    summary: `the container's environment can't be made: ${oneLine(message)}`,
    remedy: 'check the names and keys of the secrets in env; they must exist in the models\' namespace',
    owner: 'you',
    needsAction: true
  }
}

function notCreated (message: string): Explanation {
  const quota = /exceeded quota/.test(message)
  return {
    summary: quota ? `the quota of the namespace is used up: ${oneLine(message)}` : `no pod can be made: ${oneLine(message)}`,
    remedy: quota ? 'lower resources.requests, delete models that are not used, or ask the platform engineer for more' : 'ask the platform engineer',
    owner: 'platform engineer',
    needsAction: true
  }
}

function crash (exitCode: string, log: string, again = true): Explanation {
  const line = tellingLine(log)
  return {
    summary: `the container ${again ? 'keeps ending' : 'ended'} at its start with exit code ${exitCode}${line === '' ? '' : `; its log says: ${line}`}`,
    remedy: 'read the whole log, correct env, appPath or the image, and deploy again',
    owner: 'you',
    needsAction: again
  }
}

/** The last line that speaks of a failure; standard output and error arrive in no certain order. */
function tellingLine (log: string): string {
  const lines = log.split('\n').map(line => line.trim()).filter(line => line !== '')
  return (lines.findLast(line => /error|fatal|exception|fail|denied/i.test(line)) ?? lines.at(-1) ?? '').slice(0, 300)
}

/** Of "a: b: c" the innermost reasons, which name what went wrong. */
function lastPart (message: string): string {
  return oneLine(message).split(/: (?=\S)/).slice(-3).join(': ').slice(-300)
}

function oneLine (message: string): string {
  return message.replaceAll(/\s+/g, ' ').trim().replace(/\.+$/, '')
}
