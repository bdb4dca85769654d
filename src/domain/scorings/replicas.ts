import type { ScoringState } from './scoring.js'

/** Selects scorings. An undefined field selects all. */
export interface ScoringFilter {
  readonly model?: string | undefined
  readonly state?: ScoringState | undefined
}

/** A scoring as its replica reports it to this caller. */
export type ToldScoring = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly state: ScoringState
  readonly startedAt: string
}

/**
 * Another replica of this service, called on behalf of a caller. The replica decides what the
 * caller may see.
 * @throws (all methods) DomainError `replica-unreachable`, or the replica's own refusal
 */
export interface Replica {
  scorings (filter: ScoringFilter, signal: AbortSignal): Promise<readonly ToldScoring[]>
  /** Returns undefined when the replica has no such scoring, or the caller may not see it. */
  scoring (id: string, signal: AbortSignal): Promise<ToldScoring | undefined>
  stop (id: string, signal: AbortSignal): Promise<ToldScoring | undefined>
}

export interface Replicas {
  /**
   * Returns the present replicas, which may include this one. `authorization` is the caller's
   * header.
   * @throws DomainError `replica-unreachable` when they can't be looked up
   */
  others (authorization: string | undefined): Promise<readonly Replica[]>
}
