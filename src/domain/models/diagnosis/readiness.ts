import { withoutEnd } from '../../text-ends.js'
import { findCause } from './causes.js'
import type { Explanation, Model, ModelStatus, Phase, Revision } from '../model/model.js'
import type { RevisionReport } from '../model/model-store.js'
import type { Condition, Observation, ObservedRevision } from './observation.js'
import {
  isHeldBack,
  servesAsAsked,
  listServingRevisions,
  describeShares
} from './observed-traffic.js'

/**
 * Derives a model's status. It is never Ready while the cluster's status describes an older spec,
 * or while the traffic served is not the traffic asked for.
 */
export function statusOf (seen: Observation): ModelStatus {
  const { phase, explanation } = judge(seen)
  return {
    phase,
    ready: phase === 'Ready',
    ...withText('reason', seen.ready?.reason),
    ...withText('message', seen.ready?.message),
    explanation,
    ...withText('url', seen.url),
    replicas: countReadyPods(seen),
    ...withText('latestCreatedRevision', seen.latestCreatedRevision),
    ...withText('latestReadyRevision', seen.latestReadyRevision)
  }
}

interface Judgement {
  readonly phase: Phase
  readonly explanation: Explanation
}

function judge (seen: Observation): Judgement {
  if (seen.deleting) {
    return {
      phase: 'Deleting',
      explanation: explainWaiting(
        'the model is being deleted; what runs ends within about half a minute'
      )
    }
  }
  if (seen.observedGeneration !== seen.generation || seen.ready === undefined) {
    return {
      phase: 'Deploying',
      explanation: explainWaiting('the cluster has not taken up the last change yet')
    }
  }
  if (seen.ready.status === 'True') {
    return servesAsAsked(seen) ? judgeReady(seen) : judgeMovingTraffic(seen)
  }
  if (seen.ready.reason === 'RolloutInProgress') return judgeMovingTraffic(seen)

  const explanation = explainUnready(seen)
  if (isApartFromNewest(seen) && servesAsAsked(seen)) {
    return { phase: 'Ready', explanation: explainHealthyWithout(explanation, seen) }
  }
  const serves = seen.routesReady?.status === 'True' || seen.traffic.length > 0
  const meanwhile = {
    ...explanation,
    summary: `${listServingRevisions(seen)} goes on serving; ${explanation.summary}`
  }
  if (!explanation.needsAction && (seen.ready.status !== 'False' || isStartingAnew(seen))) {
    return { phase: 'Deploying', explanation: isHeldBack(seen) ? meanwhile : explanation }
  }
  return serves ? { phase: 'Degraded', explanation: meanwhile } : { phase: 'Failed', explanation }
}

/**
 * Judges a model that the cluster calls Ready. The cluster does so also while the model sleeps or
 * wakes, and after all its pods have begun to fail.
 */
function judgeReady (seen: Observation): Judgement {
  const failing = countReadyPods(seen) > 0 ? undefined : findRoutedCause(seen)
  return failing === undefined
    ? { phase: 'Ready', explanation: explainHealthy(seen) }
    : {
        phase: 'Degraded',
        explanation: { ...failing, summary: `no pod is ready to score: ${failing.summary}` }
      }
}

function findRoutedCause (seen: Observation): Explanation | undefined {
  const routed = seen.revisions.filter(({ name }) =>
    seen.traffic.some(row => row.revision === name && row.percent > 0)
  )
  return routed
    .map(revision => findCause(revision, seen))
    .find(cause => cause?.needsAction === true)
}

/**
 * Explains why the model is not ready. If Ready is False without a visible cause, the explanation
 * has the cluster's words.
 */
function explainUnready (seen: Observation): Explanation {
  const unknown = seen.desired.find(
    row => !row.latest && !seen.revisions.some(({ name }) => name === row.revision)
  )
  const revision = findUnreadyRevision(seen)
  const cause = revision === undefined ? undefined : findCause(revision, seen)
  if (cause !== undefined) return cause
  if (seen.ready?.status === 'False' && unknown !== undefined && !unknown.latest) {
    return {
      summary: `the traffic table names revision ${unknown.revision}, which does not exist`,
      remedy: 'correct the traffic table',
      owner: 'you',
      needsAction: true
    }
  }
  if (seen.ready?.status === 'False' && !isStartingAnew(seen)) {
    return explainInClustersWords(seen.ready)
  }
  if (revision !== undefined) return explainWaiting(`revision ${revision.name} is starting`)
  return isIngressPending(seen)
    ? explainIngressPending(seen)
    : explainWaiting('the cluster is preparing the model')
}

/**
 * Whether a first revision has failed and another one is starting. While no revision has ever been
 * ready, Ready stays False until the starting one is ready.
 */
function isStartingAnew (seen: Observation): boolean {
  return (
    seen.ready?.reason === 'RevisionMissing' &&
    findUnreadyRevision(seen)?.conditions['Ready']?.status === 'Unknown'
  )
}

/**
 * Whether only the ingress is missing. Recorded messages are "Ingress has not yet been reconciled."
 * and, with other ingresses, "Waiting for load balancer to be ready".
 */
function isIngressPending ({ routesReady }: Observation): boolean {
  return (
    routesReady?.status === 'Unknown' &&
    (routesReady.reason === 'IngressNotConfigured' || routesReady.reason === 'Uninitialized')
  )
}

function explainIngressPending ({ routesReady }: Observation): Explanation {
  return {
    summary: `the model is ready, but the cluster's ingress has not taken up its address yet: ${withoutEnd(routesReady?.message ?? '', '.')}`,
    remedy:
      'wait a few seconds; if it stays so, ask the platform engineer whether the ingress of the cluster works',
    owner: 'platform engineer',
    needsAction: false
  }
}

/** Explains the state of a revision. */
export function explainRevision (
  revision: ObservedRevision,
  replicas: number,
  seen: Observation
): Explanation {
  const ready = revision.conditions['Ready']
  const pods = seen.pods.filter(pod => pod.revision === revision.name).length
  if (ready?.status === 'True') return explainHealthyPods(replicas, pods)
  const cause = findCause(revision, seen)
  if (cause !== undefined) return cause
  return ready?.status === 'False'
    ? explainInClustersWords(ready)
    : explainWaiting(`revision ${revision.name} is starting`)
}

/**
 * Finds the newest revision if it is not ready, otherwise the first revision of the traffic table
 * that isn't ready.
 */
function findUnreadyRevision ({
  revisions,
  latestCreatedRevision,
  desired
}: Observation): ObservedRevision | undefined {
  const isUnready = ({ conditions }: ObservedRevision) => conditions['Ready']?.status !== 'True'
  const named = [
    latestCreatedRevision,
    ...desired.map(row => (row.latest ? latestCreatedRevision : row.revision))
  ]
  return named
    .map(name => revisions.find(revision => revision.name === name))
    .find(revision => revision !== undefined && isUnready(revision))
}

function explainInClustersWords ({ message, reason }: Condition): Explanation {
  return {
    summary: `the cluster says: ${withoutEnd(message || reason, '.')}`,
    remedy: 'correct the model by PUT or PATCH, or show this message to the platform engineer',
    owner: 'you',
    needsAction: true
  }
}

/**
 * Whether the routing is in order and does not wait for the newest revision. That revision gets no
 * traffic, so the model is Ready even if it fails.
 */
function isApartFromNewest ({
  routesReady,
  desired,
  latestCreatedRevision
}: Observation): boolean {
  return (
    routesReady?.status === 'True' &&
    desired.every(row => !row.latest && row.revision !== latestCreatedRevision)
  )
}

function explainHealthyWithout ({ summary }: Explanation, seen: Observation): Explanation {
  const { summary: served, ...rest } = explainHealthy(seen)
  return {
    ...rest,
    summary: `${served}; the newest revision gets no traffic and is not ready: ${summary}`
  }
}

function judgeMovingTraffic (seen: Observation): Judgement {
  return {
    phase: 'Deploying',
    explanation: explainWaiting(
      `traffic is moving: ${describeShares(seen)} until the table asked for is in force`
    )
  }
}

function explainHealthy (seen: Observation): Explanation {
  return explainHealthyPods(countReadyPods(seen), seen.pods.length)
}

function explainHealthyPods (ready: number, pods: number): Explanation {
  if (ready > 0) {
    return explainWaiting(
      `serves as asked for on ${ready} pod${ready === 1 ? '' : 's'}`,
      'nothing to do'
    )
  }
  return explainWaiting(
    pods > 0
      ? 'wakes: a pod is starting, and what is scored meanwhile waits for it'
      : 'asleep: no pod runs while nobody scores; the first call wakes it and takes longer',
    'nothing to do'
  )
}

function countReadyPods ({ pods }: Observation): number {
  return pods.filter(({ ready }) => ready).length
}

function explainWaiting (summary: string, remedy = 'wait'): Explanation {
  return { summary, remedy, owner: 'nobody', needsAction: false }
}

function withText<Name extends string> (
  name: Name,
  value: string | undefined
): { [N in Name]?: string } {
  return (value === undefined || value === '' ? {} : { [name]: value }) as {
    [N in Name]?: string
  }
}

/**
 * Counts a revision whose pods can't start as failed. The cluster counts it as starting until its
 * deadline.
 */
export function countStuckAsFailed (revisions: readonly RevisionReport[]): Revision[] {
  return revisions.map(revision =>
    revision.explanation.needsAction ? { ...revision, ready: false } : revision
  )
}

export type Verdict = 'ready' | 'progressing' | 'failed' | 'gone'

/** Ready=False can flicker and heal. It is final when it has held for this long. */
export const SETTLE_MS = 2_000

/**
 * Says what a state that has held for `heldMs` means to a writer who waits. `failed`: nothing
 * improves until somebody acts.
 */
export function judgeWait (model: Model | undefined, heldMs: number): Verdict {
  if (model === undefined) return 'gone'
  if (model.status.ready) return 'ready'
  return model.status.explanation.needsAction && heldMs >= SETTLE_MS ? 'failed' : 'progressing'
}
