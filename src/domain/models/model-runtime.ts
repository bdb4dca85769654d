/** A pod of a model as it is now. */
export interface PodReport {
  readonly name: string
  readonly revision: string
  /** In Kubernetes' words: Pending, Running, Succeeded, Failed, Unknown. */
  readonly phase: string
  /** Takes requests. */
  readonly ready: boolean
  /** Of the model's container. */
  readonly restarts: number
  /** Why it is not ready, in the cluster's word: CrashLoopBackOff, ImagePullBackOff, OOMKilled, Unschedulable … */
  readonly reason?: string
  /** RFC 3339; absent until a node has taken it. */
  readonly startedAt?: string
  /** Has been asked to end: answers what runs, takes nothing new. */
  readonly ending: boolean
}

/** What the cluster remarked about the model or something that belongs to it. */
export interface EventReport {
  /** The last time, RFC 3339. */
  readonly time: string
  readonly type: string
  readonly reason: string
  readonly message: string
  /** `Pod/NAME`, `Revision/NAME`, `ReplicaSet/NAME` … */
  readonly object: string
  readonly count: number
}

export interface LogQuery {
  /** Goes on with what is printed from now on, also by pods that come later. */
  readonly follow: boolean
  /** The last lines of each pod, 0..10000. */
  readonly tail: number
  readonly revision?: string
  readonly pod?: string
  /** Of the container that ended before the present one. */
  readonly previous: boolean
}

export interface ModelLog {
  /** How many of the pods asked for have a log to read at the start, and how many there are. */
  readonly read: number
  readonly pods: number
  /** Whole lines with their ends; each begins with `[POD] ` where several pods can speak. A line that begins with `-- ` is this service's. */
  readonly lines: AsyncIterable<string>
}

/** What of a model runs in the cluster. Throws what ModelStore throws; all of it is read and nothing changed. */
export interface ModelRuntime {
  /** The newest first; none while the model sleeps. @throws `model-not-found` */
  pods (name: string, signal: AbortSignal): Promise<readonly PodReport[]>

  /** The most recent first, at most 500; the cluster forgets them after about an hour. @throws `model-not-found` */
  events (name: string, signal: AbortSignal): Promise<readonly EventReport[]>

  /**
   * What the model's containers printed, pod after pod, the oldest first; followed, as it comes. `lines` has to be read to its end or left;
   * it throws the signal's reason. Of more than ten pods the newest ten are read.
   * @throws `model-not-found`, `revision-not-found`, `pod-not-found`; `cluster-busy` while too many logs are being read
   */
  log (name: string, query: LogQuery, signal: AbortSignal): Promise<ModelLog>
}
