import type { Inputs, Outputs } from '../scorer/scorer.js'

/** A row on which two revisions disagree. */
export interface WorstRow {
  readonly line: number
  readonly inputs: Inputs
  readonly champion: Outputs
  readonly challenger: Outputs
  /** The largest difference of its outputs, see `differenceOf`. */
  readonly difference: number
}

/**
 * How rows are ranked. A row is worse if its difference is larger, then if more of its outputs
 * disagree, then if its line is earlier.
 */
export interface Rank {
  readonly difference: number
  readonly disagreements: number
  readonly line: number
}

export function byRank (a: Rank, b: Rank): number {
  return b.difference - a.difference || b.disagreements - a.disagreements || a.line - b.line
}

/** Keeps at most `max` of the added rows, the worst ones. */
export class WorstRows {
  readonly #max: number
  /** The worst first. */
  readonly #kept: Array<{ readonly rank: Rank; readonly row: WorstRow }> = []

  constructor (max: number) {
    this.#max = max
  }

  get rows (): readonly WorstRow[] {
    return this.#kept.map(({ row }) => row)
  }

  add (row: WorstRow, disagreements: number): void {
    const rank = { difference: row.difference, disagreements, line: row.line }
    let at = this.#kept.length
    while (at > 0 && byRank(rank, this.#kept[at - 1]!.rank) < 0) at--
    if (at === this.#max) return
    this.#kept.splice(at, 0, { rank, row })
    if (this.#kept.length > this.#max) this.#kept.pop()
  }
}
