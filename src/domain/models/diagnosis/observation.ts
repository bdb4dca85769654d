import type { DesiredTarget, TrafficTarget } from '../../traffic/traffic.js'

/** Everything that the cluster shows of a model at one moment. The status is derived from it. */
export interface Observation {
  readonly name: string
  /**
   * `generation` is that of the spec, `observedGeneration` that of the spec which the status
   * describes. While they differ, the status describes an older spec.
   */
  readonly generation: number
  readonly observedGeneration: number
  readonly deleting: boolean
  readonly ready: Condition | undefined
  /** The state of the routing. It can be True with an older revision while the newest one fails. */
  readonly routesReady: Condition | undefined
  readonly latestCreatedRevision: string | undefined
  readonly latestReadyRevision: string | undefined
  readonly url: string | undefined
  readonly traffic: readonly TrafficTarget[]
  readonly desired: readonly DesiredTarget[]
  readonly port: number
  readonly revisions: readonly ObservedRevision[]
  /** The pods that are not ending. */
  readonly pods: readonly ObservedPod[]
  readonly events: readonly ObservedEvent[]
}

export interface Condition {
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

export interface ObservedRevision {
  readonly name: string
  readonly image: string
  /** The names of the secrets with which its image is pulled. */
  readonly pullSecrets: readonly string[]
  /** The memory limit of a pod, as a Kubernetes quantity. */
  readonly memoryLimit: string | undefined
  /**
   * The readiness probe, e.g. `GET /health`. undefined: none is set, and the port has to accept
   * connections.
   */
  readonly probe: string | undefined
  /** Conditions by type: Ready, ContainerHealthy, ResourcesAvailable, Active. */
  readonly conditions: Readonly<Record<string, Condition>>
}

export interface ObservedPod {
  readonly name: string
  readonly revision: string
  readonly running: boolean
  /** The pod takes requests. */
  readonly ready: boolean
  /** Why no node takes the pod; undefined once one has taken it. */
  readonly unschedulable: string | undefined
  readonly containers: readonly ObservedContainer[]
}

export interface ObservedContainer {
  readonly name: string
  readonly ready: boolean
  readonly running: boolean
  readonly restarts: number
  /** Why the container does not run yet (ContainerCreating, ErrImagePull …). */
  readonly waiting: { readonly reason: string; readonly message: string } | undefined
  /** How the container ended last. `log`: the last lines that it printed. */
  readonly ended:
    { readonly reason: string; readonly exitCode: number; readonly log: string } | undefined
}

/** A warning of the cluster about a pod or revision. */
export interface ObservedEvent {
  readonly about: string
  readonly reason: string
  readonly message: string
}
