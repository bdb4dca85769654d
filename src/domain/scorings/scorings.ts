import { randomUUID } from 'node:crypto'
import { Scoring, type NewScoring } from './scoring.js'

/** How many ended scorings are kept. */
const KEPT_MAX = 500
const KEPT_MS = 60 * 60_000
const SAMPLE_MS = 1_000

/** Receives the rows of a model that were scored since the last call. */
export type RowsScored = (
  scored: { readonly model: string, readonly rows: number, readonly failed: number }
) => void

/**
 * The scorings of this replica that run or ended a while ago. They are kept in memory only, since a
 * scoring ends with its process.
 */
export class Scorings {
  readonly #running = new Map<string, Scoring>()
  /** Ended scorings in the order of their ends. */
  readonly #kept = new Map<string, { readonly scoring: Scoring, readonly endedAt: number }>()
  readonly #onRows: RowsScored
  readonly #now: () => number
  #clock: NodeJS.Timeout | undefined

  constructor (onRows: RowsScored = () => {}, now = Date.now) {
    this.#onRows = onRows
    this.#now = now
  }

  /**
   * Begins a scoring. It gets a new id when the given one belongs to a running scoring or to
   * another user, because callers choose ids and some send the same id with every call.
   */
  begin (given: NewScoring): Scoring {
    const known = this.get(given.id)
    const isTaken = known !== undefined && (known.isRunning || known.user !== given.user)
    const scoring = new Scoring({ ...given, ...(isTaken ? { id: randomUUID() } : {}) },
      (ended, isKept) => this.#end(ended, isKept))
    this.#kept.delete(scoring.id)
    this.#running.set(scoring.id, scoring)
    this.#clock ??= setInterval(() => this.#sample(), SAMPLE_MS).unref()
    return scoring
  }

  get (id: string): Scoring | undefined {
    this.#forgetOld()
    return this.#running.get(id) ?? this.#kept.get(id)?.scoring
  }

  /** Yields the model of each upload in progress. */
  * uploads (): Generator<string, void, undefined> {
    for (const { arrival, model } of this.#running.values()) {
      if (arrival?.hasEnded() === false) yield model
    }
  }

  /** Returns all scorings, the newest first. */
  all (): Scoring[] {
    this.#forgetOld()
    const kept = Array.from(this.#kept.values(), ({ scoring }) => scoring)
    return [...this.#running.values(), ...kept].sort((a, b) => b.startedAt - a.startedAt)
  }

  /** Reports the rows that running scorings scored since the last call. */
  tellRows (): void {
    for (const scoring of this.#running.values()) this.#tell(scoring)
  }

  #end (scoring: Scoring, isKept: boolean): void {
    this.#tell(scoring)
    this.#running.delete(scoring.id)
    if (isKept) this.#kept.set(scoring.id, { scoring, endedAt: this.#now() })
    this.#forgetOld()
  }

  #tell (scoring: Scoring): void {
    const scored = scoring.takeCounts()
    if (scored.rows > 0) this.#onRows({ model: scoring.model, ...scored })
  }

  #forgetOld (): void {
    for (const [id, { endedAt }] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && this.#now() - endedAt < KEPT_MS) return
      this.#kept.delete(id)
    }
  }

  #sample (): void {
    const nowMs = Date.now()
    for (const scoring of this.#running.values()) scoring.sample(nowMs)
    if (this.#running.size > 0) return
    clearInterval(this.#clock)
    this.#clock = undefined
  }
}
