import { timestamp, type ContainerState, type Pod } from '../../kube/objects.js'
import type { Follower } from '../../kube/reading/pod-log.js'
import { PODS } from '../../kube/resources.js'
import { recordEvent, type EventNews } from '../../kube/store/events.js'
import type { Cluster } from '../cluster/cluster.js'
import { readPullSecrets } from '../cluster/pull-secrets.js'
import { digestOf, type Program } from '../cluster/registry.js'
import { condition } from '../conditions.js'
import type { Revision } from '../objects.js'
import { Replica } from '../serving/backend.js'
import {
  explainUnschedulable,
  makePodMetadata,
  makePodSpec,
  parseQuantity,
  readEnv
} from './pod-spec.js'
import {
  describePod,
  newPodFacts,
  QUEUE_IMAGE,
  runningState,
  waitingState,
  type PodFacts
} from './pod-status.js'
import { probePasses } from './probe.js'

/** Pods report to their revision through these functions. */
export interface PodOwner {
  onReady(pod: PodRun, replica: Replica): void
  /** the pod begins to end and takes no new requests */
  onEnding(pod: PodRun): void
  onGone(pod: PodRun): void
}

type End = NonNullable<Program['crash']> & { readonly reason?: string }

const BACK_OFF_MAX = 32

/**
 * One pod from its creation to its end. It acts as scheduler, kubelet and queue-proxy did in the
 * recordings.
 */
export class PodRun {
  readonly name: string
  readonly #pod: Pod
  #facts: PodFacts
  #ended = false
  #replica: Replica | undefined
  #previousLog: string | undefined
  #log: string | undefined
  readonly #followers = new Set<Follower>()

  constructor (
    readonly cluster: Cluster,
    readonly revision: Revision,
    readonly image: string,
    readonly owner: PodOwner
  ) {
    const metadata = makePodMetadata(revision)
    const spec = makePodSpec(revision, image)
    this.name = metadata.name
    this.#facts = newPodFacts(image, digestOf(image))
    this.#pod = cluster.store.create(PODS, {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata,
      spec,
      status: describePod(this.#facts)
    })
    this.#runStep(0.02, () => this.#schedule())
  }

  get ready (): boolean {
    return this.#facts.queue.ready
  }

  get ended (): boolean {
    return this.#ended
  }

  /** the state of the container, which the revision reports once its deadline has passed */
  get user (): PodFacts['user'] {
    return this.#facts.user
  }

  get scheduled (): PodFacts['scheduled'] {
    return this.#facts.scheduled
  }

  readLog (previous: boolean): string | undefined {
    return previous ? this.#previousLog : this.#log
  }

  /** Passes on the container's output until it ends or the returned function is called. */
  follow (follower: Follower): () => void {
    this.#followers.add(follower)
    return () => {
      this.#followers.delete(follower)
    }
  }

  #print (text: string): void {
    this.#log = (this.#log ?? '') + text
    for (const { onLine: line } of this.#followers) line(text)
  }

  /** Ends the followed logs of a container that ended. */
  #endLog (): void {
    for (const { onEnd: ended } of this.#followers) ended()
    this.#followers.clear()
  }

  /** Lets the pod drain, then removes it. With grace 0 it is removed at once. */
  end (graceSeconds?: number): void {
    if (this.#ended && graceSeconds !== 0) return
    const { namespace } = this.#pod.metadata
    if (graceSeconds === 0) return this.#remove()
    this.#ended = true
    this.owner.onEnding(this)
    const now = this.cluster.store.get(PODS, namespace, this.name)
    const seconds = this.revision.spec.timeoutSeconds ?? 300
    const at = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
    const leaving = { deletionTimestamp: at, deletionGracePeriodSeconds: seconds }
    if (now !== undefined) {
      this.cluster.store.update(PODS, { ...now, metadata: { ...now.metadata, ...leaving } })
    }
    if (!this.#facts.sandbox) return this.#remove()
    for (const container of ['user-container', 'queue-proxy']) {
      this.#recordEvent('Normal', 'Killing', `Stopping container ${container}`)
    }
    this.cluster.clock.runAfter(this.cluster.timing.drainMs, () => this.#finishDraining())
  }

  #finishDraining (): void {
    if (this.#replica !== undefined && this.#replica.running.size > 0) {
      this.cluster.clock.runAfter(100, () => this.#finishDraining())
      return
    }
    const done: ContainerState = {
      terminated: {
        exitCode: 0,
        reason: 'Completed',
        startedAt: this.#facts.startTime,
        finishedAt: timestamp()
      }
    }
    this.#set({
      phase: 'Succeeded',
      user: { state: done, last: {}, ready: false },
      queue: { state: done, ready: false }
    })
    this.#remove()
  }

  #remove (): void {
    this.#ended = true
    this.owner.onEnding(this)
    this.#endLog()
    this.cluster.store.remove(PODS, this.#pod.metadata.namespace, this.name)
    this.owner.onGone(this)
  }

  #schedule (): void {
    const why = explainUnschedulable(this.revision.spec)
    if (why !== undefined) {
      this.#set({ scheduled: condition('PodScheduled', 'False', 'Unschedulable', why) })
      return this.#recordEvent('Warning', 'FailedScheduling', why, 'default-scheduler')
    }
    this.#set({ scheduled: condition('PodScheduled', 'True') })
    this.#recordEvent(
      'Normal',
      'Scheduled',
      `Successfully assigned ${this.#pod.metadata.namespace}/${this.name} to scr-node`,
      'default-scheduler'
    )
    this.#runStep(0.08, () => {
      this.#set({ onNode: true })
      this.#runStep(0.4, () => this.#pull())
    })
  }

  #pull (): void {
    const { namespace } = this.#pod.metadata
    const { valid, missing } = readPullSecrets(this.cluster.store, this.revision, this.image)
    if (missing.length > 0) {
      this.#recordEvent(
        'Warning',
        'FailedToRetrieveImagePullSecret',
        `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`
      )
    }
    const program = this.cluster.registry.pull(this.image, valid)
    if ('error' in program) return this.#failPull(program.error)
    this.#recordEvent(
      'Normal',
      'Pulled',
      `Container image "${this.image}" already present on machine`,
      'kubelet',
      'user-container'
    )
    const env = readEnv(this.cluster.store, this.revision)
    if ('error' in env) {
      this.#recordEvent('Warning', 'Failed', `Error: ${env.error}`, 'kubelet', 'user-container')
      return this.#keepPending(waitingState('CreateContainerConfigError', env.error))
    }
    for (const container of ['user-container', 'queue-proxy']) {
      if (container === 'queue-proxy') {
        this.#recordEvent(
          'Normal',
          'Pulled',
          `Container image "${QUEUE_IMAGE}" already present on machine`,
          'kubelet',
          container
        )
      }
      this.#recordEvent(
        'Normal',
        'Created',
        `Created container: ${container}`,
        'kubelet',
        container
      )
      this.#recordEvent('Normal', 'Started', `Started container ${container}`, 'kubelet', container)
    }
    if (program.crash !== undefined) {
      this.#recordUnhealthy()
      return this.#crash(program.crash)
    }
    const limit = this.revision.spec.containers[0]?.resources?.limits?.['memory']
    if (
      program.memoryBytes !== undefined &&
      limit !== undefined &&
      parseQuantity(limit) < program.memoryBytes
    ) {
      return this.#crash({ exitCode: 137, reason: 'OOMKilled', log: 'loading\n' })
    }
    this.#log = undefined
    this.#print(
      `starting ${this.revision.spec.containers[0]?.image} in ${namespace}/${this.name}\n`
    )
    this.#runStep(0.45, () => {
      this.#set({
        phase: 'Running',
        sandbox: true,
        user: { ...this.#facts.user, state: runningState(), ready: true },
        queue: { state: runningState(), ready: false }
      })
      this.#start(program, env)
    })
  }

  #start (program: Program, env: Readonly<Record<string, string>>): void {
    const port = Number(env['PORT'])
    // The program listens on another port than the one that it was given.
    if (program.port !== undefined && program.port !== port) return this.#recordUnhealthy()
    if (program.startMs !== undefined) this.#recordUnhealthy()
    this.#runAfter(program.startMs ?? 0.05 * this.cluster.timing.podStartMs, () => {
      void this.#probe(program, env, port)
    })
  }

  async #probe (
    program: Program,
    env: Readonly<Record<string, string>>,
    port: number
  ): Promise<void> {
    const probe = this.revision.spec.containers[0]?.readinessProbe?.['httpGet'] as
      { path?: string } | undefined
    if (probe !== undefined && !(await probePasses(program.listen(env), probe.path ?? '/'))) {
      return this.#recordUnhealthy()
    }
    this.#runAfter(0, () => {
      this.#print(`listening on port ${port}\n`)
      this.#replica = new Replica(this.name, program.listen(env))
      this.#set({ queue: { ...this.#facts.queue, ready: true } })
      this.owner.onReady(this, this.#replica)
    })
  }

  #recordUnhealthy (): void {
    this.#recordEvent(
      'Warning',
      'Unhealthy',
      `Readiness probe failed: Get "http://${this.#facts.ip}:8012/": context deadline exceeded ` +
        '(Client.Timeout exceeded while awaiting headers)',
      'kubelet',
      'queue-proxy'
    )
  }

  #failPull (error: string): void {
    this.#recordEvent(
      'Normal',
      'Pulling',
      `Pulling image "${this.image}"`,
      'kubelet',
      'user-container'
    )
    this.#recordEvent(
      'Warning',
      'Failed',
      `Failed to pull image "${this.image}": ${error}`,
      'kubelet',
      'user-container'
    )
    this.#recordEvent('Warning', 'Failed', 'Error: ErrImagePull', 'kubelet', 'user-container')
    this.#keepPending(waitingState('ErrImagePull', error))
    this.#runStep(0.5, () => {
      this.#recordEvent(
        'Normal',
        'BackOff',
        `Back-off pulling image "${this.image}"`,
        'kubelet',
        'user-container'
      )
      this.#recordEvent('Warning', 'Failed', 'Error: ImagePullBackOff', 'kubelet', 'user-container')
      this.#keepPending(
        waitingState(
          'ImagePullBackOff',
          `Back-off pulling image "${this.image}": ErrImagePull: ${error}`
        )
      )
    })
  }

  /**
   * Keeps the pod Pending: queue-proxy runs, but the model's container can't. The kubelet tries
   * again later.
   */
  #keepPending (state: ContainerState): void {
    this.#set({
      sandbox: true,
      user: { ...this.#facts.user, state },
      queue: { state: runningState(), ready: false }
    })
    this.#recordUnhealthy()
    if (state.waiting?.reason !== 'ErrImagePull') {
      this.#runAfter(this.cluster.timing.backOffMs, () => this.#pull())
    }
  }

  /** Lets the container exit. It restarts at once, then after a back-off that doubles. */
  #crash (end: End): void {
    const { exitCode, log, reason = 'Error' } = end
    const { user, restarts } = this.#facts
    const terminated: ContainerState = {
      terminated: {
        exitCode,
        reason,
        message: log,
        startedAt: timestamp(),
        finishedAt: timestamp()
      }
    }
    const first =
      user.state.terminated === undefined && user.state.waiting?.reason !== 'CrashLoopBackOff'
    const count = first ? 0 : restarts + 1
    this.#previousLog = first ? undefined : log
    this.#log = log
    this.#endLog()
    const last = first ? {} : user.state.terminated !== undefined ? user.state : terminated
    this.#set({
      phase: 'Running',
      sandbox: true,
      restarts: count,
      user: { state: terminated, last, ready: false },
      queue: { state: runningState(), ready: false }
    })
    if (first) return this.#runStep(1, () => this.#crash(end))
    const { uid, namespace } = this.#pod.metadata
    const factor = Math.min(2 ** (count - 1), BACK_OFF_MAX)
    const pod = `${this.name}_${namespace}(${uid})`
    this.#recordEvent(
      'Warning',
      'BackOff',
      `Back-off restarting failed container user-container in pod ${pod}`,
      'kubelet',
      'user-container'
    )
    this.#runStep(1, () => {
      const delay = factor === BACK_OFF_MAX ? '5m0s' : formatSeconds(10 * factor)
      const state = waitingState(
        'CrashLoopBackOff',
        `back-off ${delay} restarting failed container=user-container pod=${pod}`
      )
      this.#set({ user: { state, last: terminated, ready: false } })
      this.#runAfter(this.cluster.timing.backOffMs * factor, () => this.#crash(end))
    })
  }

  #set (news: Partial<PodFacts>): void {
    this.#facts = { ...this.#facts, ...news }
    const { namespace } = this.#pod.metadata
    const now = this.cluster.store.get(PODS, namespace, this.name)
    if (now !== undefined) {
      this.cluster.store.update(PODS, { ...now, status: describePod(this.#facts) })
    }
  }

  #recordEvent (
    type: EventNews['type'],
    reason: string,
    message: string,
    component = 'kubelet',
    container?: string
  ): void {
    recordEvent(this.cluster.store, this.#pod, {
      type,
      reason,
      message,
      component,
      ...(container !== undefined && { fieldPath: `spec.containers{${container}}` })
    })
  }

  /** Acts after `share` of the time that a pod takes to start. */
  #runStep (share: number, act: () => void): void {
    this.#runAfter(share * this.cluster.timing.podStartMs, act)
  }

  #runAfter (ms: number, act: () => void): void {
    this.cluster.clock.runAfter(ms, () => {
      if (!this.#ended) act()
    })
  }
}

const formatSeconds = (seconds: number): string =>
  seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
