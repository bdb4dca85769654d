import type { DesiredTarget, TrafficTarget } from '../revisions/traffic.js'

/** Everything the cluster shows of a model at one moment: from it the status is told. */
export interface Observation {
  readonly name: string
  /** Of the spec, and of the spec that the status speaks about: while they differ the status is an older one's. */
  readonly generation: number
  readonly observedGeneration: number
  readonly deleting: boolean
  readonly ready: Condition | undefined
  /** The routing: it can be in order with an older revision while the newest one fails. */
  readonly routesReady: Condition | undefined
  readonly latestCreatedRevision: string | undefined
  readonly latestReadyRevision: string | undefined
  readonly url: string | undefined
  readonly traffic: readonly TrafficTarget[]
  readonly desired: readonly DesiredTarget[]
  readonly port: number
  readonly revisions: readonly ObservedRevision[]
  /** Those that are not ending. */
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
  /** Names of the secrets that its image is pulled with. */
  readonly pullSecrets: readonly string[]
  /** Of a pod's memory, as Kubernetes has it. */
  readonly memoryLimit: string | undefined
  /** What has to answer before it counts as ready, where somebody has said it, e.g. `GET /health`; undefined: the port has to. */
  readonly probe: string | undefined
  /** By type: Ready, ContainerHealthy, ResourcesAvailable, Active. */
  readonly conditions: Readonly<Record<string, Condition>>
}

export interface ObservedPod {
  readonly name: string
  readonly revision: string
  readonly running: boolean
  /** Takes requests. */
  readonly ready: boolean
  /** Why no node takes it; undefined once it has one. */
  readonly unschedulable: string | undefined
  readonly containers: readonly ObservedContainer[]
}

export interface ObservedContainer {
  readonly name: string
  readonly ready: boolean
  readonly running: boolean
  readonly restarts: number
  /** Why it does not run yet (ContainerCreating, ErrImagePull …). */
  readonly waiting: { readonly reason: string, readonly message: string } | undefined
  /** How it ended, now or the last time. `log`: the last lines that it printed. */
  readonly ended: { readonly reason: string, readonly exitCode: number, readonly log: string } | undefined
}

/** A warning of the cluster about a pod or revision. */
export interface ObservedEvent { readonly about: string, readonly reason: string, readonly message: string }
