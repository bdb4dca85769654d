import type { DesiredTarget, TrafficTarget } from '../revisions/traffic.js'
import type { TrafficHistory } from '../revisions/traffic-history.js'

/** What a client can write of a model: all fields present, defaults filled in. */
export interface ModelSpec {
  /** Registry reference, best by digest. */
  readonly image: string
  /** '' when there is none. */
  readonly description: string
  readonly labels: Readonly<Record<string, string>>
  /** The path SCR serves under, without slashes at its ends; null: not set in the container, found by probing. */
  readonly appPath: string | null
  readonly port: number
  readonly env: readonly EnvVar[]
  readonly resources: Resources
  readonly scaling: Scaling
  /** Rows one pod scores at once; 0: no hard limit, `scaling.target` scales. */
  readonly containerConcurrency: number
  /** The longest a single call may take. */
  readonly timeoutSeconds: number
  /** Names of secrets in the models' namespace. */
  readonly imagePullSecrets: readonly string[]
  /** Over which the cluster moves traffic to a newer latest revision; 0: at once. */
  readonly rolloutSeconds: number
  /** Scoring is a pure function: a row that may have been scored may be sent again. */
  readonly retrySafe: boolean
}

export type EnvVar =
  | { readonly name: string, readonly value: string }
  | { readonly name: string, readonly secret: { readonly name: string, readonly key: string } }

/** Quantities as Kubernetes has them ("500m", "2Gi"). */
export interface Resources {
  readonly requests: { readonly cpu?: string, readonly memory?: string }
  readonly limits: { readonly cpu?: string, readonly memory?: string }
}

/** Autoscaling as Knative has it; durations are Go-style strings ("60s"). It lives in the template: a change makes a new revision. */
export interface Scaling {
  readonly minScale: number
  /** 0: no limit of its own. */
  readonly maxScale: number
  /** null: the cluster's default. */
  readonly initialScale: number | null
  readonly metric: 'concurrency' | 'rps' | 'cpu' | 'memory'
  /** Of the metric, per pod. */
  readonly target: number
  readonly window: string
  /** How long the last pod stays after the traffic has ended; null: the cluster's default. */
  readonly retention: string | null
  /** 0: the activator leaves the path while pods are warm; -1: never leaves it. */
  readonly burstCapacity: number
}

/**
 * `Ready`: serves what was asked for (asleep at zero is Ready); `Deploying`: still progressing; `Degraded`: an earlier revision
 * serves while the one asked for failed or is not ready, or every pod of what serves fails; `Failed`: nothing serves; `Deleting`.
 */
export type Phase = 'Ready' | 'Deploying' | 'Degraded' | 'Failed' | 'Deleting'

/** Why a model is as it is, in one sentence, what to do, and who can do it. */
export interface Explanation {
  readonly summary: string
  readonly remedy: string
  readonly owner: 'you' | 'platform engineer' | 'registry owner' | 'nobody'
  /** Nothing improves until the owner acts; otherwise waiting is enough. */
  readonly needsAction: boolean
}

export interface ModelStatus {
  readonly phase: Phase
  readonly ready: boolean
  /** Knative's words for the condition Ready. */
  readonly reason?: string
  readonly message?: string
  readonly explanation: Explanation
  /** From outside the cluster. */
  readonly url?: string
  /** Pods that take requests: ready and not ending. */
  readonly replicas: number
  readonly latestCreatedRevision?: string
  readonly latestReadyRevision?: string
}

export interface Model {
  readonly name: string
  readonly spec: ModelSpec
  readonly status: ModelStatus
  /** What serves now. */
  readonly traffic: readonly TrafficTarget[]
  /** What was asked for. */
  readonly desired: readonly DesiredTarget[]
  /** Earlier tables, the most recent last: what rollback goes back to. */
  readonly history: TrafficHistory
  readonly generation: number
  /** RFC 3339. */
  readonly createdAt: string
  readonly createdBy: string
  readonly updatedBy: string
  /** The ETag's content: a hash of spec and desired traffic. Status writes do not move it. */
  readonly version: string
  /** What the cluster remarked on the write that this model answers. */
  readonly warnings?: readonly string[]
}

/** A revision as its own template has it, which is not the model's present one. */
export interface Revision {
  readonly name: string
  /** Unique in time: a name can come again after a deletion, a uid can't. */
  readonly uid: string
  /** Counts the templates of the model, from 1. */
  readonly number: number
  readonly image: string
  /** The image by the digest that runs; the cluster finds it out when a tag is deployed. */
  readonly imageDigest?: string
  /** RFC 3339. */
  readonly createdAt: string
  readonly appPath: string | null
  /** undefined: not decided yet. */
  readonly ready: boolean | undefined
  readonly containerConcurrency: number
  /** Rows that one pod is meant to score at once: more than that, and the platform adds pods. */
  readonly rowsPerPod: number
  readonly timeoutSeconds: number
  /** Pods that take requests: ready and not ending. */
  readonly replicas: number
  /** Of the revision's own service, reachable inside the cluster only. */
  readonly innerUrl: string
}
