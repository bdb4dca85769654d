import { Replica } from './backend.js'
import type { Cluster } from './cluster.js'
import { condition } from './conditions.js'
import { containerEnv, podMetadata, podSpec, quantity, unschedulable } from './pod-spec.js'
import { newPod, podStatus, QUEUE_IMAGE, running, waiting, type PodFacts } from './pod-status.js'
import type { Revision } from './objects.js'
import { probePasses } from './probe.js'
import { pullSecretsOf } from './pull-secrets.js'
import { digestOf, type Program } from './registry.js'
import { record, type Happening } from '../kube/events.js'
import { timestamp, type ContainerState, type Pod } from '../kube/objects.js'
import { PODS } from '../kube/resources.js'

/** What the revision hears from its pods. */
export interface PodOwner {
  ready (pod: PodRun, replica: Replica): void
  /** ends: takes no new requests */
  ending (pod: PodRun): void
  gone (pod: PodRun): void
}

type End = NonNullable<Program['crash']> & { readonly reason?: string }

interface Follower { readonly line: (text: string) => void, readonly ended: () => void }

const BACK_OFF_MAX = 32

/** One pod from its creation to its end: what scheduler, kubelet and queue-proxy do, as the recordings show it. */
export class PodRun {
  readonly name: string
  readonly #pod: Pod
  #facts: PodFacts
  #ended = false
  #replica: Replica | undefined
  #previousLog: string | undefined
  #log: string | undefined
  readonly #followers = new Set<Follower>()

  constructor (readonly cluster: Cluster, readonly revision: Revision, readonly image: string, readonly owner: PodOwner) {
    const metadata = podMetadata(revision)
    const spec = podSpec(revision, image)
    this.name = metadata.name
    this.#facts = newPod(image, digestOf(image))
    this.#pod = cluster.store.create(PODS, { kind: 'Pod', apiVersion: 'v1', metadata, spec, status: podStatus(this.#facts) })
    this.#step(0.02, () => this.#schedule())
  }

  get ready (): boolean { return this.#facts.queue.ready }
  get ended (): boolean { return this.#ended }
  /** what the revision tells of a container that cannot run, once its deadline has passed */
  get user (): PodFacts['user'] { return this.#facts.user }
  get scheduled (): PodFacts['scheduled'] { return this.#facts.scheduled }

  log (previous: boolean): string | undefined { return previous ? this.#previousLog : this.#log }

  /** What the container prints from now on, until it ends. */
  follow (follower: Follower): () => void {
    this.#followers.add(follower)
    return () => { this.#followers.delete(follower) }
  }

  #print (text: string): void {
    this.#log = (this.#log ?? '') + text
    for (const { line } of this.#followers) line(text)
  }

  /** The log of a container that ended goes no further. */
  #endLog (): void {
    for (const { ended } of this.#followers) ended()
    this.#followers.clear()
  }

  /** Drains and goes. With grace 0 the process is gone at once. */
  end (graceSeconds?: number): void {
    if (this.#ended && graceSeconds !== 0) return
    const { namespace } = this.#pod.metadata
    if (graceSeconds === 0) return this.#remove()
    this.#ended = true
    this.owner.ending(this)
    const now = this.cluster.store.get(PODS, namespace, this.name)
    const seconds = this.revision.spec.timeoutSeconds ?? 300
    const at = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
    const leaving = { deletionTimestamp: at, deletionGracePeriodSeconds: seconds }
    if (now !== undefined) this.cluster.store.update(PODS, { ...now, metadata: { ...now.metadata, ...leaving } })
    if (!this.#facts.sandbox) return this.#remove()
    for (const container of ['user-container', 'queue-proxy']) this.#event('Normal', 'Killing', `Stopping container ${container}`)
    this.cluster.clock.after(this.cluster.timing.drainMs, () => this.#drained())
  }

  #drained (): void {
    if (this.#replica !== undefined && this.#replica.running.size > 0) {
      this.cluster.clock.after(100, () => this.#drained())
      return
    }
    const done: ContainerState = { terminated: { exitCode: 0, reason: 'Completed', startedAt: this.#facts.startTime, finishedAt: timestamp() } }
    this.#set({ phase: 'Succeeded', user: { state: done, last: {}, ready: false }, queue: { state: done, ready: false } })
    this.#remove()
  }

  #remove (): void {
    this.#ended = true
    this.owner.ending(this)
    this.#endLog()
    this.cluster.store.remove(PODS, this.#pod.metadata.namespace, this.name)
    this.owner.gone(this)
  }

  #schedule (): void {
    const why = unschedulable(this.revision.spec)
    if (why !== undefined) {
      this.#set({ scheduled: condition('PodScheduled', 'False', 'Unschedulable', why) })
      return this.#event('Warning', 'FailedScheduling', why, 'default-scheduler')
    }
    this.#set({ scheduled: condition('PodScheduled', 'True') })
    this.#event('Normal', 'Scheduled', `Successfully assigned ${this.#pod.metadata.namespace}/${this.name} to scr-node`, 'default-scheduler')
    this.#step(0.08, () => {
      this.#set({ onNode: true })
      this.#step(0.4, () => this.#pull())
    })
  }

  #pull (): void {
    const { namespace } = this.#pod.metadata
    const { valid, missing } = pullSecretsOf(this.cluster.store, this.revision, this.image)
    if (missing.length > 0) {
      this.#event('Warning', 'FailedToRetrieveImagePullSecret',
        `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`)
    }
    const program = this.cluster.registry.pull(this.image, valid)
    if ('error' in program) return this.#pullFailed(program.error)
    this.#event('Normal', 'Pulled', `Container image "${this.image}" already present on machine`, 'kubelet', 'user-container')
    const env = containerEnv(this.cluster.store, this.revision)
    if ('error' in env) {
      this.#event('Warning', 'Failed', `Error: ${env.error}`, 'kubelet', 'user-container')
      return this.#stuck(waiting('CreateContainerConfigError', env.error))
    }
    for (const container of ['user-container', 'queue-proxy']) {
      if (container === 'queue-proxy') this.#event('Normal', 'Pulled', `Container image "${QUEUE_IMAGE}" already present on machine`, 'kubelet', container)
      this.#event('Normal', 'Created', `Created container: ${container}`, 'kubelet', container)
      this.#event('Normal', 'Started', `Started container ${container}`, 'kubelet', container)
    }
    if (program.crash !== undefined) {
      this.#unhealthy()
      return this.#crash(program.crash)
    }
    const limit = this.revision.spec.containers[0]?.resources?.limits?.['memory']
    if (program.memoryBytes !== undefined && limit !== undefined && quantity(limit) < program.memoryBytes) {
      return this.#crash({ exitCode: 137, reason: 'OOMKilled', log: 'loading\n' })
    }
    this.#log = undefined
    this.#print(`starting ${this.image} in ${namespace}/${this.name}\n`)
    this.#step(0.45, () => {
      this.#set({ phase: 'Running', sandbox: true, user: { ...this.#facts.user, state: running(), ready: true }, queue: { state: running(), ready: false } })
      this.#start(program, env)
    })
  }

  #start (program: Program, env: Readonly<Record<string, string>>): void {
    const port = Number(env['PORT'])
    if (program.port !== undefined && program.port !== port) return this.#unhealthy() // it listens, but not where it is asked
    if (program.startMs !== undefined) this.#unhealthy()
    this.#after(program.startMs ?? 0.05 * this.cluster.timing.podStartMs, () => { void this.#probe(program, env, port) })
  }

  async #probe (program: Program, env: Readonly<Record<string, string>>, port: number): Promise<void> {
    const probe = this.revision.spec.containers[0]?.readinessProbe?.['httpGet'] as { path?: string } | undefined
    if (probe !== undefined && !await probePasses(program.listen(env), probe.path ?? '/')) return this.#unhealthy()
    this.#after(0, () => {
      this.#print(`listening on port ${port}\n`)
      this.#replica = new Replica(this.name, program.listen(env))
      this.#set({ queue: { ...this.#facts.queue, ready: true } })
      this.owner.ready(this, this.#replica)
    })
  }

  #unhealthy (): void {
    this.#event('Warning', 'Unhealthy', `Readiness probe failed: Get "http://${this.#facts.ip}:8012/": context deadline exceeded ` +
      '(Client.Timeout exceeded while awaiting headers)', 'kubelet', 'queue-proxy')
  }

  #pullFailed (error: string): void {
    this.#event('Normal', 'Pulling', `Pulling image "${this.image}"`, 'kubelet', 'user-container')
    this.#event('Warning', 'Failed', `Failed to pull image "${this.image}": ${error}`, 'kubelet', 'user-container')
    this.#event('Warning', 'Failed', 'Error: ErrImagePull', 'kubelet', 'user-container')
    this.#stuck(waiting('ErrImagePull', error))
    this.#step(0.5, () => {
      this.#event('Normal', 'BackOff', `Back-off pulling image "${this.image}"`, 'kubelet', 'user-container')
      this.#event('Warning', 'Failed', 'Error: ImagePullBackOff', 'kubelet', 'user-container')
      this.#stuck(waiting('ImagePullBackOff', `Back-off pulling image "${this.image}": ErrImagePull: ${error}`))
    })
  }

  /** The pod stays Pending; queue-proxy runs beside the container that cannot. The kubelet tries again. */
  #stuck (state: ContainerState): void {
    this.#set({ sandbox: true, user: { ...this.#facts.user, state }, queue: { state: running(), ready: false } })
    this.#unhealthy()
    if (state.waiting?.reason !== 'ErrImagePull') this.#after(this.cluster.timing.backOffMs, () => this.#pull())
  }

  /** Exits, is restarted at once, then with a back-off that doubles. */
  #crash (end: End): void {
    const { exitCode, log, reason = 'Error' } = end
    const { user, restarts } = this.#facts
    const terminated: ContainerState = { terminated: { exitCode, reason, message: log, startedAt: timestamp(), finishedAt: timestamp() } }
    const first = user.state.terminated === undefined && user.state.waiting?.reason !== 'CrashLoopBackOff'
    const count = first ? 0 : restarts + 1
    this.#previousLog = first ? undefined : log
    this.#log = log
    this.#endLog()
    const last = first ? {} : user.state.terminated !== undefined ? user.state : terminated
    this.#set({ phase: 'Running', sandbox: true, restarts: count, user: { state: terminated, last, ready: false }, queue: { state: running(), ready: false } })
    if (first) return this.#step(1, () => this.#crash(end))
    const { uid, namespace } = this.#pod.metadata
    const factor = Math.min(2 ** (count - 1), BACK_OFF_MAX)
    const pod = `${this.name}_${namespace}(${uid})`
    this.#event('Warning', 'BackOff', `Back-off restarting failed container user-container in pod ${pod}`, 'kubelet', 'user-container')
    this.#step(1, () => {
      const delay = factor === BACK_OFF_MAX ? '5m0s' : goSeconds(10 * factor)
      const state = waiting('CrashLoopBackOff', `back-off ${delay} restarting failed container=user-container pod=${pod}`)
      this.#set({ user: { state, last: terminated, ready: false } })
      this.#after(this.cluster.timing.backOffMs * factor, () => this.#crash(end))
    })
  }

  #set (news: Partial<PodFacts>): void {
    this.#facts = { ...this.#facts, ...news }
    const { namespace } = this.#pod.metadata
    const now = this.cluster.store.get(PODS, namespace, this.name)
    if (now !== undefined) this.cluster.store.update(PODS, { ...now, status: podStatus(this.#facts) })
  }

  #event (type: Happening['type'], reason: string, message: string, component = 'kubelet', container?: string): void {
    record(this.cluster.store, this.#pod, { type, reason, message, component, ...(container !== undefined && { fieldPath: `spec.containers{${container}}` }) })
  }

  /** `share` of the time a pod takes to start. */
  #step (share: number, act: () => void): void {
    this.#after(share * this.cluster.timing.podStartMs, act)
  }

  #after (ms: number, act: () => void): void {
    this.cluster.clock.after(ms, () => { if (!this.#ended) act() })
  }
}

const goSeconds = (seconds: number): string => seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
