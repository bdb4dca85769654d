import type { Signature } from './signature.js'

/** Where rows can be sent: one revision, or a model's URL behind which the platform chooses one. */
export interface ScoringTarget {
  readonly model: string
  /** undefined: the platform chooses behind the model's URL. */
  readonly revision: string | undefined
  /** Tells apart what may answer differently; the same for as long as what is learnt of it stays true. */
  readonly key: string
  /** Scheme and host. */
  readonly url: string
  /** Paths that the model may serve under, the likeliest first. */
  readonly appPaths: readonly string[]
  /** How long the platform lets one call last. */
  readonly timeoutSeconds: number
  /** Rows one pod takes at once; 0: no hard limit. */
  readonly containerConcurrency: number
  /** Rows that one pod is meant to work on at once: more than that, and the platform adds pods. */
  readonly rowsPerPod: number
  /** Pods that were ready when the request came in; 0: asleep. */
  readonly replicas: number
}

export type Inputs = Readonly<Record<string, unknown>>
export type Outputs = Readonly<Record<string, unknown>>

/**
 * The model servers. Both methods wake a sleeping model and wait for it.
 * They throw DomainError `model-unreachable`, `model-cut-off`, `model-overloaded`, `model-unavailable`, `model-timeout`,
 * `model-answer-invalid`, `revision-not-found` (nothing is served under this address any more), and the signal's reason when it fires.
 */
export interface Scorer {
  /** By the model's own description, learnt once a target. A model that has none is `inferred` and without variables. */
  signature (target: ScoringTarget, signal: AbortSignal): Promise<Signature>

  /**
   * Scores one row. CHAR outputs come without their blank padding.
   * @throws also `row-refused` when the model itself found the row wrong: its own words are in the message
   */
  score (target: ScoringTarget, step: string | undefined, inputs: Inputs, signal: AbortSignal): Promise<Outputs>
}
