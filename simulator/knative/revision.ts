import { scalingOf, type Scaling } from './annotations.js'
import { Autoscaler } from './autoscaler.js'
import { Backend, type Replica } from './backend.js'
import type { Cluster } from './cluster.js'
import { condition } from './conditions.js'
import type { Revision } from './objects.js'
import { PodRun, type PodOwner } from './pod.js'
import { podSpec, replicaSetName } from './pod-spec.js'
import { pullSecretsOf } from './pull-secrets.js'
import { quotaExceeded } from './quota.js'
import { DEPLOYING, HEALTHY, NEW_REVISION, NO_TRAFFIC, overdue, QUEUED, revisionStatus, type RevisionFacts } from './revision-status.js'
import { record, type Subject } from '../kube/events.js'
import type { Condition } from '../kube/objects.js'
import { REVISIONS } from '../kube/resources.js'

/** One revision at work: its image, its pods, its scale, and the conditions that tell of these. */
export class RevisionRun implements PodOwner {
  readonly backend: Backend
  readonly #scaling: Scaling
  readonly #autoscaler: Autoscaler
  readonly #pods: PodRun[] = []
  readonly #replicas = new Map<PodRun, Replica>()
  readonly #image: string
  #facts = NEW_REVISION
  #everReady = false
  #stopped = false

  constructor (readonly cluster: Cluster, readonly revision: Revision) {
    const { annotations = {} } = revision.metadata
    const { containerConcurrency = 0, timeoutSeconds = 300, containers } = revision.spec
    const { windowMs, graceMs } = cluster.timing
    this.#scaling = scalingOf(annotations)
    this.#autoscaler = new Autoscaler(this.#scaling, containerConcurrency, windowMs ?? this.#scaling.windowMs, graceMs)
    this.backend = new Backend({
      concurrency: containerConcurrency,
      timeoutMs: timeoutSeconds * 1000,
      direct: this.#scaling.direct,
      wake: () => this.#scaleTo(Math.max(this.#facts.desired ?? 0, 1))
    })
    this.#image = containers[0]?.image ?? ''
    this.#after(cluster.timing.reconcileMs, () => this.#tell({}))
    this.#after(cluster.timing.reconcileMs + cluster.timing.resolveMs, () => this.#resolve())
  }

  get pods (): readonly PodRun[] { return this.#pods }

  /** Nothing of the revision stays but pods that end. */
  stop (): void {
    this.#stopped = true
    this.backend.close()
    for (const pod of [...this.#pods]) pod.end()
  }

  /** The autoscaler's regular look. */
  scale (now: number): void {
    if (!this.#everReady || this.#stopped) return
    const { store } = this.cluster
    const { name, namespace } = this.revision.metadata
    const routed = store.get(REVISIONS, namespace, name)?.metadata.labels?.['serving.knative.dev/routingState'] === 'active'
    const wanted = this.#autoscaler.wanted(this.backend.inFlight, this.backend.lastRequestAt, routed, now)
    if (wanted !== this.#facts.desired) this.#scaleTo(wanted)
  }

  ready (pod: PodRun, replica: Replica): void {
    this.#replicas.set(pod, replica)
    this.backend.add(replica)
    this.#autoscaler.need(this.#replicas.size, Date.now())
    if (!this.#everReady) this.#event('Normal', 'RevisionReady', 'Revision becomes ready upon all resources being ready')
    this.#everReady = true
    const serving = { ...HEALTHY, actual: this.#replicas.size }
    if (this.#facts.active?.status === 'True') return this.#tell(serving)
    this.#tell({ ...serving, active: condition('Active', 'Unknown', 'NotReady', 'K8s Service is not ready') })
    const { reconcileMs } = this.cluster.timing
    this.#after(2 * reconcileMs, () => this.#activate(condition('Active', 'Unknown', 'NotReady')))
    this.#after(3 * reconcileMs, () => this.#activate(condition('Active', 'True')))
  }

  ending (pod: PodRun): void {
    const replica = this.#replicas.get(pod)
    if (replica === undefined) return
    this.backend.remove(replica)
    this.#replicas.delete(pod)
    this.#after(this.cluster.timing.reconcileMs, () => this.#tell({ actual: this.#replicas.size }))
  }

  gone (pod: PodRun): void {
    const at = this.#pods.indexOf(pod)
    if (at >= 0) this.#pods.splice(at, 1)
    if (!this.#stopped) this.#fill()
  }

  /** A pod deleted through the API; without grace its requests are cut. */
  endPod (pod: PodRun, graceSeconds: number | undefined): void {
    const replica = this.#replicas.get(pod)
    if (replica !== undefined && graceSeconds === 0) this.backend.kill(replica)
    pod.end(graceSeconds)
    if (!this.#stopped) this.#fill()
  }

  #activate (active: Condition): void {
    if (this.#replicas.size > 0) this.#tell({ active })
  }

  #resolve (): void {
    const { registry, store, timing } = this.cluster
    const answer = registry.resolve(this.#image, pullSecretsOf(store, this.revision, this.#image).valid)
    if ('error' in answer) {
      this.#event('Warning', 'InternalError', answer.error)
      return this.#tell({ healthy: condition('ContainerHealthy', 'False', 'ContainerMissing', answer.error) })
    }
    this.#tell({ ...DEPLOYING, resolved: true, digest: answer.digest })
    this.#fill(Math.max(this.#scaling.initialScale, this.#scaling.minScale))
    this.#whileStarting(3 * timing.reconcileMs, () => this.#tell({ active: QUEUED, actual: 0 }))
    this.#whileStarting(5 * timing.reconcileMs, () => this.#observePods())
    this.#whileStarting(this.#scaling.progressDeadlineMs, () => this.#tell(overdue(this.#pods[0]?.user, replicaSetName(this.revision))))
  }

  /** A pod that fits nowhere is told at once, unlike what fails later. */
  #observePods (): void {
    const unscheduled = this.#pods.find(({ scheduled }) => scheduled?.status === 'False')?.scheduled
    const resources = unscheduled && condition('ResourcesAvailable', 'False', unscheduled.reason, unscheduled.message)
    this.#tell({ resources: resources ?? HEALTHY.resources })
  }

  #scaleTo (wanted: number): void {
    if (!this.#facts.resolved || this.#stopped) return
    const waking = this.#facts.desired === 0
    this.#tell({ desired: wanted, ...(wanted === 0 ? { active: NO_TRAFFIC } : waking && { active: QUEUED }) })
    this.#fill()
  }

  /** Starts or ends pods until as many live as are desired. */
  #fill (wanted = this.#facts.desired ?? this.#pods.length): void {
    const living = this.#pods.filter(pod => !pod.ended)
    const change = wanted - living.length
    if (change === 0 || this.#stopped) return
    const { store } = this.cluster
    const set = replicaSetName(this.revision)
    const { namespace, name, uid } = this.revision.metadata
    const about = (kind: string, subject: string): Subject => ({ apiVersion: 'apps/v1', kind, metadata: { name: subject, namespace, uid } })
    const message = `Scaled ${change > 0 ? 'up' : 'down'} replica set ${set} from ${living.length} to ${wanted}`
    record(store, about('Deployment', `${name}-deployment`), { type: 'Normal', reason: 'ScalingReplicaSet', message, component: 'deployment-controller' })
    for (const pod of living.slice(wanted)) pod.end()
    for (let i = living.length; i < wanted; i++) {
      const refused = quotaExceeded(this.cluster, namespace, podSpec(this.revision, this.#image))
      if (refused !== undefined) return this.#refusePod(set, refused, wanted)
      const pod = new PodRun(this.cluster, this.revision, this.#image, this)
      this.#pods.push(pod)
      const created = { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${pod.name}`, component: 'replicaset-controller' } as const
      record(store, about('ReplicaSet', set), created)
    }
  }

  /** The ReplicaSet tries again by and by. */
  #refusePod (set: string, why: string, wanted: number): void {
    const { namespace, uid } = this.revision.metadata
    const message = `pods "${set}-${Math.random().toString(36).slice(2, 7)}" is forbidden: ${why}`
    const about = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: set, namespace, uid } }
    record(this.cluster.store, about, { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${message}`, component: 'replicaset-controller' })
    if (!this.#everReady) this.#tell({ resources: condition('ResourcesAvailable', 'False', 'FailedCreate', message) })
    this.#after(1_000, () => this.#fill(this.#facts.desired ?? wanted))
  }

  #tell (news: Partial<RevisionFacts>): void {
    this.#facts = { ...this.#facts, ...news }
    const { store } = this.cluster
    const { namespace, name } = this.revision.metadata
    const now = store.get(REVISIONS, namespace, name)
    if (now !== undefined && !this.#stopped) store.update(REVISIONS, { ...now, status: revisionStatus(this.#facts, now.status) })
  }

  #event (type: 'Normal' | 'Warning', reason: string, message: string): void {
    record(this.cluster.store, this.revision, { type, reason, message, component: 'revision-controller' })
  }

  #whileStarting (ms: number, act: () => void): void {
    this.#after(ms, () => { if (!this.#everReady) act() })
  }

  #after (ms: number, act: () => void): void {
    this.cluster.clock.after(ms, () => { if (!this.#stopped) act() })
  }
}
