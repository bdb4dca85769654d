import type { DesiredTarget, TrafficTarget } from '../../traffic/traffic.js'
import type { TrafficHistory } from '../../traffic/traffic-history.js'

/** The part of a model that clients write. All fields are present, with defaults filled in. */
export interface ModelSpec {
  /** A registry reference, preferably by digest. */
  readonly image: string
  /** '' when there is none. */
  readonly description: string
  readonly labels: Readonly<Record<string, string>>
  /**
   * The path under which SCR serves, without slashes at its ends. null: the container does not set
   * it, and the scorer finds it by probing.
   */
  readonly appPath: string | null
  readonly port: number
  readonly env: readonly EnvVar[]
  readonly resources: Resources
  readonly scaling: Scaling
  /** How many rows one pod scores at once; 0: no hard limit, only `scaling.target` scales. */
  readonly containerConcurrency: number
  /** The longest a single call may take. */
  readonly timeoutSeconds: number
  /** Names of secrets in the models' namespace. */
  readonly imagePullSecrets: readonly string[]
  /** The time over which the cluster moves traffic to a newer latest revision; 0: at once. */
  readonly rolloutSeconds: number
  /**
   * True when scoring is a pure function, so that a row that may have been scored may be sent
   * again.
   */
  readonly retrySafe: boolean
}

export type EnvVar =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly secret: { readonly name: string; readonly key: string } }

/** Quantities in Kubernetes' syntax ("500m", "2Gi"). */
export interface Resources {
  readonly requests: { readonly cpu?: string; readonly memory?: string }
  readonly limits: { readonly cpu?: string; readonly memory?: string }
}

/**
 * Knative's autoscaling settings. Durations are Go-style strings ("60s"). They belong to the
 * template, so a change makes a new revision.
 */
export interface Scaling {
  readonly minScale: number
  /** 0: the model has no limit of its own. */
  readonly maxScale: number
  /** null: the cluster's default. */
  readonly initialScale: number | null
  readonly metric: 'concurrency' | 'rps' | 'cpu' | 'memory'
  /** The target value of the metric, per pod. */
  readonly target: number
  readonly window: string
  /** The last pod stays for this long after traffic has ended; null: the cluster's default. */
  readonly retention: string | null
  /** 0: calls bypass the activator while pods are warm; -1: all calls go through it. */
  readonly burstCapacity: number
}

/**
 * `Ready`: the model serves what was asked for, or sleeps with no pods. `Deploying`: it is still
 * progressing. `Degraded`: an earlier revision serves while the one asked for failed or is not
 * ready, or all pods of the routed revisions fail. `Failed`: no revision serves. `Deleting`: it is
 * being deleted.
 */
export type Phase = 'Ready' | 'Deploying' | 'Degraded' | 'Failed' | 'Deleting'

/** Explains a model's state in one sentence, and says what to do and who can do it. */
export interface Explanation {
  readonly summary: string
  readonly remedy: string
  readonly owner: 'you' | 'platform engineer' | 'registry owner' | 'nobody'
  /** True if nothing improves until the owner acts, false if waiting is enough. */
  readonly needsAction: boolean
}

export interface ModelStatus {
  readonly phase: Phase
  readonly ready: boolean
  /** Reason and message of Knative's condition Ready. */
  readonly reason?: string
  readonly message?: string
  readonly explanation: Explanation
  /** The model's address from outside the cluster. */
  readonly url?: string
  /** How many pods take requests: they are ready and not ending. */
  readonly replicas: number
  readonly latestCreatedRevision?: string
  readonly latestReadyRevision?: string
}

export interface Model {
  readonly name: string
  readonly spec: ModelSpec
  readonly status: ModelStatus
  /** The traffic as the cluster serves it now. */
  readonly traffic: readonly TrafficTarget[]
  /** The traffic that was asked for. */
  readonly desired: readonly DesiredTarget[]
  /** Earlier tables, the most recent last. Rollback goes back to them. */
  readonly history: TrafficHistory
  readonly generation: number
  /** RFC 3339. */
  readonly createdAt?: string
  readonly createdBy: string
  readonly updatedBy: string
  /** The ETag's content: a hash of spec and desired traffic. Status writes do not move it. */
  readonly version: string
  /** Warnings about the write that this model is the answer to. */
  readonly warnings?: readonly string[]
}

/** A revision. Its fields come from its own template, not from the model's present one. */
export interface Revision {
  readonly name: string
  /** The uid is never used again, while a name can come again after a deletion. */
  readonly uid: string
  /** The number of the template among all of the model, from 1. */
  readonly number: number
  readonly image: string
  /** The image with the digest that runs. The cluster looks it up when a tag is deployed. */
  readonly imageDigest?: string
  /** RFC 3339. */
  readonly createdAt?: string
  readonly appPath: string | null
  /** undefined: the cluster has not decided yet. */
  readonly ready: boolean | undefined
  readonly containerConcurrency: number
  /** How many rows one pod is meant to score at once. With more rows the platform adds pods. */
  readonly rowsPerPod: number
  readonly timeoutSeconds: number
  /** How many pods take requests: they are ready and not ending. */
  readonly replicas: number
  /** The URL of the revision's own service, which is reachable only inside the cluster. */
  readonly innerUrl: string
}
