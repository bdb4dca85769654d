import type { Json, JsonObject } from '../../json/json.js'
import type { Signature } from './signature.js'

/** Where rows can be sent: to one revision, or to a model's URL, where the platform chooses one. */
export interface ScoringTarget {
  readonly model: string
  /** undefined: the target is the model's URL, where the platform chooses the revision. */
  readonly revision: string | undefined
  /**
   * Names what answers. Two targets that may answer differently have different keys. What is learnt
   * of a target holds for as long as its key stays the same.
   */
  readonly key: string
  /** Scheme and host of the address. */
  readonly url: string
  /** Paths under which the model may serve, the likeliest first. */
  readonly appPaths: readonly string[]
  /** The platform ends a call that takes longer. */
  readonly timeoutSeconds: number
  /** How many rows one pod takes at once; 0: no hard limit. */
  readonly containerConcurrency: number
  /** How many rows one pod is meant to work on at once. With more rows the platform adds pods. */
  readonly rowsPerPod: number
  /** How many pods were ready when the request came in; 0: the revision sleeps. */
  readonly replicas: number
}

export type Inputs = Readonly<Record<string, unknown>>
/** Output values by name; a missing value is null. */
export type Outputs = ReadonlyMap<string, Json>

/**
 * The model servers. Both methods wake a sleeping model and wait for it. They throw DomainError
 * `model-unreachable`, `model-cut-off`, `model-overloaded`, `model-unavailable`, `model-timeout`,
 * `model-answer-invalid`, `revision-not-found` (the address serves nothing any more), and the
 * signal's reason when it fires.
 */
export interface Scorer {
  /**
   * Returns the signature of a step from the model's own description, which is read once per
   * target. `step` undefined is the default step. If the model has no description, the signature is
   * `inferred` and has no variables.
   * @throws also `signature-invalid` for a description by which no row can be scored
   */
  signature(
    target: ScoringTarget,
    step: string | undefined,
    signal: AbortSignal
  ): Promise<Signature>

  /**
   * Scores one row. Returns the outputs as the model answered them; `outputsReader` checks them.
   * @throws also `row-refused` when the model itself found the row wrong, with the model's words in
   *   the message; `row-answer-invalid` when the answer can't be used; `row-answer-unreadable` when
   *   it is not JSON
   */
  score(
    target: ScoringTarget,
    step: string | undefined,
    inputs: Inputs,
    signal: AbortSignal
  ): Promise<JsonObject>
}
