import { deferred } from '../../async/deferred.js'
import { DomainError, isFault } from '../errors.js'
import { Progress } from '../scoring/progress/progress.js'
import { Rate } from './rate.js'

export type ScoringKind = 'score' | 'compare'
export const SCORING_STATES = ['running', 'finished', 'failed', 'stopped'] as const
export type ScoringState = (typeof SCORING_STATES)[number]

/** What identifies a scoring. It is known before the file arrives. */
export interface NewScoring {
  readonly id: string
  readonly kind: ScoringKind
  readonly model: string
  readonly user: string
}

/** A file that is being uploaded. */
export interface Arrival {
  /** Returns the number of bytes that have arrived. */
  size (): number
  /** Returns the size of the whole file in bytes, or undefined while it is unknown. */
  wholeSize (): number | undefined
  /** Returns whether the whole file has arrived. */
  hasEnded (): boolean
}

/** The progress of a scoring at one moment. */
export interface ScoringReport extends NewScoring {
  readonly state: ScoringState
  readonly bytesRead: number
  readonly rowsRead: number
  readonly rowsScored: number
  readonly rowsFailed: number
  readonly revisions: ReadonlyMap<string, number>
  /** The rate of the last seconds, or of the whole scoring once it has ended. */
  readonly rowsPerSecond: number
  /** The share of the file that is scored, 0 to 1. Absent while the length is unknown. */
  readonly share?: number
  /** Milliseconds since 1970. All times here have this unit. */
  readonly startedAt: number
  readonly expectedEnd?: number
  readonly endedAt?: number
  /** The reason why the scoring did not finish. */
  readonly error?: unknown
}

/** The scoring of one file, from its first byte to the last row of its answer. */
export class Scoring implements NewScoring {
  readonly id: string
  readonly kind: ScoringKind
  readonly model: string
  readonly user: string
  readonly startedAt = Date.now()
  readonly progress = new Progress()
  /** Set when the first byte arrives. */
  arrival: Arrival | undefined
  readonly #stop = new AbortController()
  readonly #rate = new Rate(this.startedAt)
  readonly #ended = deferred()
  readonly #onEnd: (scoring: Scoring, isKept: boolean) => void
  #end: ScoringReport | undefined
  #told = { rows: 0, failed: 0 }

  constructor (
    { id, kind, model, user }: NewScoring,
    onEnd: (scoring: Scoring, isKept: boolean) => void
  ) {
    this.id = id
    this.kind = kind
    this.model = model
    this.user = user
    this.#onEnd = onEnd
  }

  /** Fires with DomainError `scoring-stopped` when somebody stops the scoring. */
  get stopped (): AbortSignal {
    return this.#stop.signal
  }

  get ended (): Promise<void> {
    return this.#ended.promise
  }

  get isRunning (): boolean {
    return this.#end === undefined
  }

  /** Stops the scoring, unless it has ended. */
  stop (by: string): void {
    if (!this.isRunning) return
    const error = new DomainError('scoring-stopped', `the scoring ${this.id} was stopped by ${by}`)
    this.#close('stopped', error, true)
    this.#stop.abort(error)
  }

  /** Ends the scoring when all rows are answered. A scoring of a single row is not kept. */
  finish (isOneRow = false): void {
    this.#close('finished', undefined, !isOneRow)
  }

  /** Ends the scoring with an error. One that was refused for lack of a place is not kept. */
  fail (error: unknown): void {
    this.#close('failed', error, !isFault(error, 'service-busy'))
  }

  /** Notes the rows scored by now. The caller does so about once a second. */
  sample (nowMs: number): void {
    this.#rate.sample(nowMs, this.progress.counts.rows)
  }

  /** Returns the rows scored and failed since the last call. */
  takeCounts (): { readonly rows: number, readonly failed: number } {
    const { rows, failed } = this.progress.counts
    const before = this.#told
    this.#told = { rows, failed }
    return { rows: rows - before.rows, failed: failed - before.failed }
  }

  report (nowMs = Date.now()): ScoringReport {
    if (this.#end !== undefined) return this.#end
    const { rows } = this.progress.counts
    const facts = this.#facts()
    const { share = 0 } = facts
    const rowsPerSecond = this.#rate.perSecond(nowMs, rows)
    const msLeft = ((rows / share - rows) * 1000) / rowsPerSecond
    return {
      ...facts,
      state: 'running',
      rowsPerSecond,
      ...(share > 0 && rowsPerSecond > 0 ? { expectedEnd: nowMs + msLeft } : {})
    }
  }

  #facts (): Omit<ScoringReport, 'state' | 'rowsPerSecond'> {
    const { id, kind, model, user, startedAt } = this
    const { rowsRead, counts: { rows, failed, revisions } } = this.progress
    const share = this.#share()
    return {
      id,
      kind,
      model,
      user,
      startedAt,
      bytesRead: this.arrival?.size() ?? 0,
      rowsRead,
      rowsScored: rows - failed,
      rowsFailed: failed,
      revisions,
      ...(share === undefined ? {} : { share })
    }
  }

  /**
   * Computes the share from rows, because bytes are read ahead of them. The number of rows in the
   * file is estimated from the bytes that the rows read so far took.
   */
  #share (): number | undefined {
    const { rowsRead, rowsInAll, counts: { rows } } = this.progress
    const bytes = this.arrival?.wholeSize()
    const all = rowsInAll ??
      (bytes === undefined || rowsRead === 0 ? undefined : rowsRead / this.progress.shareOf(bytes))
    if (all === undefined) return undefined
    return all === 0 ? 1 : Math.min(1, rows / all)
  }

  #close (state: Exclude<ScoringState, 'running'>, error: unknown, isKept: boolean): void {
    if (this.#end !== undefined) return
    const endedAt = Date.now()
    this.#end = {
      ...this.#facts(),
      state,
      rowsPerSecond: (this.progress.counts.rows * 1000) / Math.max(1, endedAt - this.startedAt),
      endedAt,
      ...(error === undefined ? {} : { error })
    }
    this.arrival = undefined // releases the request
    this.#onEnd(this, isKept)
    this.#ended.resolve()
  }
}
