import { causeOf } from './causes.js'
import type { Explanation, Model, ModelStatus, Phase } from './model.js'
import type { Condition, Observation, ObservedRevision } from './observation.js'
import { isHeldBack, servesAsAsked, servingRevisions, servingShares } from './observed-traffic.js'

/** What is to be told of a model. Never Ready while the status speaks of an older spec, or while other traffic is served than asked for. */
export function statusOf (seen: Observation): ModelStatus {
  const { phase, explanation } = judged(seen)
  return {
    phase,
    ready: phase === 'Ready',
    ...optional('reason', seen.ready?.reason),
    ...optional('message', seen.ready?.message),
    explanation,
    ...optional('url', seen.url),
    replicas: readyPods(seen),
    ...optional('latestCreatedRevision', seen.latestCreatedRevision),
    ...optional('latestReadyRevision', seen.latestReadyRevision)
  }
}

interface Judgement { readonly phase: Phase, readonly explanation: Explanation }

function judged (seen: Observation): Judgement {
  if (seen.deleting) return { phase: 'Deleting', explanation: nothingToDo('the model is being deleted; what runs ends within about half a minute') }
  if (seen.observedGeneration !== seen.generation || seen.ready === undefined) {
    return { phase: 'Deploying', explanation: nothingToDo('the cluster has not taken up the last change yet') }
  }
  if (seen.ready.status === 'True') return servesAsAsked(seen) ? serving(seen) : trafficMoving(seen)
  if (seen.ready.reason === 'RolloutInProgress') return trafficMoving(seen)

  const explanation = unreadyCause(seen)
  if (isApartFromNewest(seen) && servesAsAsked(seen)) return { phase: 'Ready', explanation: healthyWithout(explanation, seen) }
  const serves = seen.routesReady?.status === 'True' || seen.traffic.length > 0
  const meanwhile = { ...explanation, summary: `${servingRevisions(seen)} goes on serving; ${explanation.summary}` }
  if (!explanation.needsAction && (seen.ready.status !== 'False' || isStartingAnew(seen))) return { phase: 'Deploying', explanation: isHeldBack(seen) ? meanwhile : explanation }
  return serves
    ? { phase: 'Degraded', explanation: meanwhile }
    : { phase: 'Failed', explanation }
}

/** The cluster says Ready also of a model that sleeps, wakes, or whose pods have all begun to fail since. */
function serving (seen: Observation): Judgement {
  const failing = readyPods(seen) > 0 ? undefined : routedCause(seen)
  return failing === undefined
    ? { phase: 'Ready', explanation: healthy(seen) }
    : { phase: 'Degraded', explanation: { ...failing, summary: `no pod is ready to score: ${failing.summary}` } }
}

function routedCause (seen: Observation): Explanation | undefined {
  const routed = seen.revisions.filter(({ name }) => seen.traffic.some(row => row.revision === name && row.percent > 0))
  return routed.map(revision => causeOf(revision, seen)).find(cause => cause?.needsAction === true)
}

/** Ready=False without a cause that can be seen is told in the cluster's words. */
function unreadyCause (seen: Observation): Explanation {
  const unknown = seen.desired.find(row => !row.latest && !seen.revisions.some(({ name }) => name === row.revision))
  const revision = unreadyRevision(seen)
  const cause = revision === undefined ? undefined : causeOf(revision, seen)
  if (cause !== undefined) return cause
  if (seen.ready?.status === 'False' && unknown !== undefined && !unknown.latest) {
    return {
      summary: `the traffic table names revision ${unknown.revision}, which does not exist`,
      remedy: 'correct the traffic table',
      owner: 'you',
      needsAction: true
    }
  }
  if (seen.ready?.status === 'False' && !isStartingAnew(seen)) return inClustersWords(seen.ready)
  if (revision !== undefined) return nothingToDo(`revision ${revision.name} is starting`)
  return isIngressPending(seen) ? waitsForIngress(seen) : nothingToDo('the cluster is preparing the model')
}

/** While no revision has ever been ready, the False that the failed ones left stays until the one that starts now is ready. */
function isStartingAnew (seen: Observation): boolean {
  return seen.ready?.reason === 'RevisionMissing' && unreadyRevision(seen)?.conditions['Ready']?.status === 'Unknown'
}

/** Recorded as "Ingress has not yet been reconciled."; with other ingresses "Waiting for load balancer to be ready". */
function isIngressPending ({ routesReady }: Observation): boolean {
  return routesReady?.status === 'Unknown' && (routesReady.reason === 'IngressNotConfigured' || routesReady.reason === 'Uninitialized')
}

function waitsForIngress ({ routesReady }: Observation): Explanation {
  return {
    summary: `the model is ready, but the cluster's ingress has not taken up its address yet: ${(routesReady?.message ?? '').replace(/\.+$/, '')}`,
    remedy: 'wait a few seconds; if it stays so, ask the platform engineer whether the ingress of the cluster works',
    owner: 'platform engineer',
    needsAction: false
  }
}

/** Why a revision is as it is. */
export function revisionExplanation (revision: ObservedRevision, replicas: number, seen: Observation): Explanation {
  const ready = revision.conditions['Ready']
  const pods = seen.pods.filter(pod => pod.revision === revision.name).length
  if (ready?.status === 'True') return healthyOn(replicas, pods)
  const cause = causeOf(revision, seen)
  if (cause !== undefined) return cause
  return ready?.status === 'False' ? inClustersWords(ready) : nothingToDo(`revision ${revision.name} is starting`)
}

/** The newest one if it fails, otherwise the first that the traffic table names and that isn't ready. */
function unreadyRevision ({ revisions, latestCreatedRevision, desired }: Observation): ObservedRevision | undefined {
  const isUnready = ({ conditions }: ObservedRevision) => conditions['Ready']?.status !== 'True'
  const named = [latestCreatedRevision, ...desired.map(row => row.latest ? latestCreatedRevision : row.revision)]
  return named.map(name => revisions.find(revision => revision.name === name)).find(revision => revision !== undefined && isUnready(revision))
}

function inClustersWords ({ message, reason }: Condition): Explanation {
  return {
    summary: `the cluster says: ${(message || reason).replace(/\.+$/, '')}`,
    remedy: 'correct the model by PUT or PATCH, or show this message to the platform engineer',
    owner: 'you',
    needsAction: true
  }
}

/** The routing is in order, and nothing of it waits for the newest revision: that one may fail, as it gets no traffic. */
function isApartFromNewest ({ routesReady, desired, latestCreatedRevision }: Observation): boolean {
  return routesReady?.status === 'True' && desired.every(row => !row.latest && row.revision !== latestCreatedRevision)
}

function healthyWithout ({ summary }: Explanation, seen: Observation): Explanation {
  const { summary: served, ...rest } = healthy(seen)
  return { ...rest, summary: `${served}; the newest revision gets no traffic and is not ready: ${summary}` }
}

function trafficMoving (seen: Observation): Judgement {
  return { phase: 'Deploying', explanation: nothingToDo(`traffic is moving: ${servingShares(seen)} until the table asked for is in force`) }
}

function healthy (seen: Observation): Explanation {
  return healthyOn(readyPods(seen), seen.pods.length)
}

function healthyOn (ready: number, pods: number): Explanation {
  if (ready > 0) return nothingToDo(`serves as asked for on ${ready} pod${ready === 1 ? '' : 's'}`, 'nothing to do')
  return nothingToDo(pods > 0
    ? 'wakes: a pod is starting, and what is scored meanwhile waits for it'
    : 'asleep: no pod runs while nobody scores; the first call wakes it and takes longer', 'nothing to do')
}

function readyPods ({ pods }: Observation): number {
  return pods.filter(({ ready }) => ready).length
}

function nothingToDo (summary: string, remedy = 'wait'): Explanation {
  return { summary, remedy, owner: 'nobody', needsAction: false }
}

function optional<Name extends string> (name: Name, value: string | undefined): { [N in Name]?: string } {
  return (value === undefined || value === '' ? {} : { [name]: value }) as { [N in Name]?: string }
}

export type Verdict = 'ready' | 'progressing' | 'failed' | 'gone'

/** A False can flicker and heal: only one that has held so long is final. */
export const SETTLE_MS = 2_000

/** What a writer who waits makes of a state that has held for `heldMs`. `failed`: nothing improves until somebody acts. */
export function verdictOn (model: Model | undefined, heldMs: number): Verdict {
  if (model === undefined) return 'gone'
  if (model.status.ready) return 'ready'
  return model.status.explanation.needsAction && heldMs >= SETTLE_MS ? 'failed' : 'progressing'
}
