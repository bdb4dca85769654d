/** A pod of a model as it is now. */
export interface PodReport {
  readonly name: string
  readonly revision: string
  /** Kubernetes' phase: Pending, Running, Succeeded, Failed, Unknown. */
  readonly phase: string
  /** The pod takes requests. */
  readonly ready: boolean
  /** How often the model's container has restarted. */
  readonly restarts: number
  /**
   * The cluster's word for why the pod is not ready: CrashLoopBackOff, ImagePullBackOff, OOMKilled,
   * Unschedulable …
   */
  readonly reason?: string
  /** RFC 3339; absent until a node has taken the pod. */
  readonly startedAt?: string
  /** The pod has been asked to end. It finishes running calls and takes no new ones. */
  readonly ending: boolean
}

/** An event that the cluster recorded about the model or an object that belongs to it. */
export interface EventReport {
  /** When it happened last, RFC 3339. */
  readonly time: string
  readonly type: string
  readonly reason: string
  readonly message: string
  /** `Pod/NAME`, `Revision/NAME`, `ReplicaSet/NAME` … */
  readonly object: string
  readonly count: number
}

export interface LogQuery {
  /** Goes on with lines that are printed from now on, also by pods that start later. */
  readonly follow: boolean
  /** How many of the last lines of each pod are read, 0..10000. */
  readonly tail: number
  readonly revision?: string
  readonly pod?: string
  /** Reads the log of the container that ended before the present one. */
  readonly previous: boolean
}

export interface ModelLog {
  /** At the start: how many of the pods asked for have a log, and how many pods there are. */
  readonly read: number
  readonly pods: number
  /**
   * Whole lines with their ends. Each begins with `[POD] ` if several pods can write to the log. A
   * line that begins with `-- ` comes from this service.
   */
  readonly lines: AsyncIterable<string>
}

/**
 * Reads what runs of a model in the cluster, and changes nothing. All methods throw the faults that
 * every method of ModelStore throws.
 */
export interface ModelRuntime {
  /** Lists the pods, the newest first; none while the model sleeps. @throws `model-not-found` */
  listPods(name: string, signal: AbortSignal): Promise<readonly PodReport[]>

  /**
   * Lists events, the most recent first, at most 500. The cluster forgets them after about an hour.
   * @throws `model-not-found`
   */
  listEvents(name: string, signal: AbortSignal): Promise<readonly EventReport[]>

  /**
   * Opens the log of the model's containers, pod after pod, the oldest pod first. A followed log
   * then goes on as lines come. The caller must read `lines` to their end or leave the iteration.
   * `lines` throws the signal's reason. If there are more than ten pods, the newest ten are read.
   * @throws `model-not-found`, `revision-not-found`, `pod-not-found`; `cluster-busy` while too many
   *   logs are being read
   */
  openLog(name: string, query: LogQuery, signal: AbortSignal): Promise<ModelLog>
}
