import type { Condition } from '../../kube/objects.js'
import { recordEvent, type Subject } from '../../kube/store/events.js'
import type { Cluster } from '../cluster/cluster.js'
import { readPullSecrets } from '../cluster/pull-secrets.js'
import { condition } from '../conditions.js'
import type { Revision } from '../objects.js'
import { makePodSpec, replicaSetName } from '../pods/pod-spec.js'
import { PodRun, type PodOwner } from '../pods/pod.js'
import { explainExceededQuota } from '../pods/quota.js'
import { REVISIONS } from '../resources.js'
import { scalingOf, type Scaling } from '../scaling.js'
import { Autoscaler } from '../serving/autoscaler.js'
import { Backend, type Replica } from '../serving/backend.js'
import {
  DEPLOYING,
  describeOverdue,
  describeRevision,
  HEALTHY,
  NEW_REVISION,
  NO_TRAFFIC,
  QUEUED,
  type RevisionFacts
} from './revision-status.js'

/**
 * One running revision with its image, pods and scale. It reports the conditions that follow from
 * these.
 */
export class RevisionRun implements PodOwner {
  readonly backend: Backend
  readonly #scaling: Scaling
  readonly #autoscaler: Autoscaler
  readonly #pods: PodRun[] = []
  readonly #replicas = new Map<PodRun, Replica>()
  /**
   * The image, with its digest once that is known. So later pods run the same image even if the tag
   * has moved.
   */
  #image: string
  #facts = NEW_REVISION
  #everReady = false
  #stopped = false

  constructor (
    readonly cluster: Cluster,
    readonly revision: Revision
  ) {
    const { annotations = {} } = revision.metadata
    const { containerConcurrency = 0, timeoutSeconds = 300, containers } = revision.spec
    const { windowMs, graceMs } = cluster.timing
    this.#scaling = scalingOf(annotations)
    this.#autoscaler = new Autoscaler(
      this.#scaling,
      containerConcurrency,
      windowMs ?? this.#scaling.windowMs,
      graceMs
    )
    this.backend = new Backend({
      concurrency: containerConcurrency,
      timeoutMs: timeoutSeconds * 1000,
      direct: this.#scaling.direct,
      wake: () => this.#scaleTo(Math.max(this.#facts.desired ?? 0, 1))
    })
    this.#image = containers[0]?.image ?? ''
    this.#runAfter(cluster.timing.reconcileMs, () => this.#report({}))
    this.#runAfter(cluster.timing.reconcileMs + cluster.timing.resolveMs, () => this.#resolve())
  }

  get pods (): readonly PodRun[] {
    return this.#pods
  }

  /** Stops the revision. Its pods begin to end and stay for a while. */
  stop (): void {
    this.#stopped = true
    this.backend.close()
    for (const pod of [...this.#pods]) pod.end()
  }

  /** Scales to the number of pods that the autoscaler decides. The owner calls it regularly. */
  scale (now: number): void {
    if (!this.#everReady || this.#stopped) return
    const { store } = this.cluster
    const { name, namespace } = this.revision.metadata
    const routed =
      store.get(REVISIONS, namespace, name)?.metadata.labels?.[
        'serving.knative.dev/routingState'
      ] === 'active'
    const wanted = this.#autoscaler.decidePods(
      this.backend.inFlight,
      this.backend.lastRequestAt,
      routed,
      now
    )
    if (wanted !== this.#facts.desired) this.#scaleTo(wanted)
  }

  onReady (pod: PodRun, replica: Replica): void {
    this.#replicas.set(pod, replica)
    this.backend.add(replica)
    this.#autoscaler.noteNeed(this.#replicas.size, Date.now())
    if (!this.#everReady) {
      this.#recordEvent(
        'Normal',
        'RevisionReady',
        'Revision becomes ready upon all resources being ready'
      )
    }
    this.#everReady = true
    const serving = { ...HEALTHY, actual: this.#replicas.size }
    if (this.#facts.active?.status === 'True') return this.#report(serving)
    this.#report({
      ...serving,
      active: condition('Active', 'Unknown', 'NotReady', 'K8s Service is not ready')
    })
    const { reconcileMs } = this.cluster.timing
    this.#runAfter(2 * reconcileMs, () =>
      this.#activate(condition('Active', 'Unknown', 'NotReady'))
    )
    this.#runAfter(3 * reconcileMs, () => this.#activate(condition('Active', 'True')))
  }

  onEnding (pod: PodRun): void {
    const replica = this.#replicas.get(pod)
    if (replica === undefined) return
    this.backend.remove(replica)
    this.#replicas.delete(pod)
    this.#runAfter(this.cluster.timing.reconcileMs, () =>
      this.#report({ actual: this.#replicas.size })
    )
  }

  onGone (pod: PodRun): void {
    const at = this.#pods.indexOf(pod)
    if (at >= 0) this.#pods.splice(at, 1)
    if (!this.#stopped) this.#fill()
  }

  /** Ends a pod that was deleted through the API. With grace 0 its requests are cut. */
  endPod (pod: PodRun, graceSeconds: number | undefined): void {
    const replica = this.#replicas.get(pod)
    if (replica !== undefined && graceSeconds === 0) this.backend.kill(replica)
    pod.end(graceSeconds)
    if (!this.#stopped) this.#fill()
  }

  #activate (active: Condition): void {
    if (this.#replicas.size > 0) this.#report({ active })
  }

  #resolve (): void {
    const { registry, store, timing } = this.cluster
    const answer = registry.resolve(
      this.#image,
      readPullSecrets(store, this.revision, this.#image).valid
    )
    if ('error' in answer) {
      this.#recordEvent('Warning', 'InternalError', answer.error)
      return this.#report({
        healthy: condition('ContainerHealthy', 'False', 'ContainerMissing', answer.error)
      })
    }
    this.#image = answer.digest ?? this.#image
    this.#report({ ...DEPLOYING, resolved: true, digest: answer.digest })
    this.#fill(Math.max(this.#scaling.initialScale, this.#scaling.minScale))
    this.#runWhileStarting(3 * timing.reconcileMs, () =>
      this.#report({ active: QUEUED, actual: 0 })
    )
    this.#runWhileStarting(5 * timing.reconcileMs, () => this.#observePods())
    this.#runWhileStarting(this.#scaling.progressDeadlineMs, () =>
      this.#report(describeOverdue(this.#pods[0]?.user, replicaSetName(this.revision)))
    )
  }

  /** Reports a pod that fits on no node. Other failures are reported only at the deadline. */
  #observePods (): void {
    const unscheduled = this.#pods.find(({ scheduled }) => scheduled?.status === 'False')?.scheduled
    const resources =
      unscheduled &&
      condition('ResourcesAvailable', 'False', unscheduled.reason, unscheduled.message)
    this.#report({ resources: resources ?? HEALTHY.resources })
  }

  #scaleTo (wanted: number): void {
    if (!this.#facts.resolved || this.#stopped) return
    const waking = this.#facts.desired === 0
    this.#report({
      desired: wanted,
      ...(wanted === 0 ? { active: NO_TRAFFIC } : waking && { active: QUEUED })
    })
    this.#fill()
  }

  /** Starts or ends pods until the desired number of them lives. */
  #fill (wanted = this.#facts.desired ?? this.#pods.length): void {
    const living = this.#pods.filter(pod => !pod.ended)
    const change = wanted - living.length
    if (change === 0 || this.#stopped) return
    const { store } = this.cluster
    const set = replicaSetName(this.revision)
    const { namespace, name, uid } = this.revision.metadata
    const subjectOf = (kind: string, subject: string): Subject => ({
      apiVersion: 'apps/v1',
      kind,
      metadata: { name: subject, namespace, uid }
    })
    const message = `Scaled ${change > 0 ? 'up' : 'down'} replica set ${set} from ${living.length} to ${wanted}`
    recordEvent(store, subjectOf('Deployment', `${name}-deployment`), {
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message,
      component: 'deployment-controller'
    })
    for (const pod of living.slice(wanted)) pod.end()
    for (let i = living.length; i < wanted; i++) {
      const spec = makePodSpec(this.revision, this.#image)
      const refused = explainExceededQuota(this.cluster, namespace, spec)
      if (refused !== undefined) return this.#refusePod(set, refused, wanted)
      const pod = new PodRun(this.cluster, this.revision, this.#image, this)
      this.#pods.push(pod)
      const created = {
        type: 'Normal',
        reason: 'SuccessfulCreate',
        message: `Created pod: ${pod.name}`,
        component: 'replicaset-controller'
      } as const
      recordEvent(store, subjectOf('ReplicaSet', set), created)
    }
  }

  /** Reports a pod that a quota forbids. The ReplicaSet tries again later. */
  #refusePod (set: string, why: string, wanted: number): void {
    const { namespace, uid } = this.revision.metadata
    const message = `pods "${set}-${Math.random().toString(36).slice(2, 7)}" is forbidden: ${why}`
    const about = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: set, namespace, uid }
    }
    recordEvent(this.cluster.store, about, {
      type: 'Warning',
      reason: 'FailedCreate',
      message: `Error creating: ${message}`,
      component: 'replicaset-controller'
    })
    if (!this.#everReady) {
      this.#report({ resources: condition('ResourcesAvailable', 'False', 'FailedCreate', message) })
    }
    this.#runAfter(1_000, () => this.#fill(this.#facts.desired ?? wanted))
  }

  #report (news: Partial<RevisionFacts>): void {
    this.#facts = { ...this.#facts, ...news }
    const { store } = this.cluster
    const { namespace, name } = this.revision.metadata
    const now = store.get(REVISIONS, namespace, name)
    if (now !== undefined && !this.#stopped) {
      store.update(REVISIONS, { ...now, status: describeRevision(this.#facts, now.status) })
    }
  }

  #recordEvent (type: 'Normal' | 'Warning', reason: string, message: string): void {
    recordEvent(this.cluster.store, this.revision, {
      type,
      reason,
      message,
      component: 'revision-controller'
    })
  }

  #runWhileStarting (ms: number, act: () => void): void {
    this.#runAfter(ms, () => {
      if (!this.#everReady) act()
    })
  }

  #runAfter (ms: number, act: () => void): void {
    this.cluster.clock.runAfter(ms, () => {
      if (!this.#stopped) act()
    })
  }
}
