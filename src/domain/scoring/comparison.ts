import type { ComparedRow, Sides } from './compare-table.js'
import { OutputTally, type OutputComparison } from './output-tally.js'
import type { Outputs } from './scorer.js'
import type { Signature, Variable } from './signature.js'
import { WorstRows, type WorstRow } from './worst-rows.js'

/** How two revisions agree on the rows that both of them scored. */
export interface Comparison {
  readonly rows: number
  /** Rows that both scored. */
  readonly compared: number
  /** Rows that the champion, the challenger, or at least one of them did not score. */
  readonly failed: Sides<number> & { readonly either: number }
  /** In order of first mention, the champion's first. */
  readonly outputs: readonly OutputComparison[]
  /** Rows on which they disagree, the worst first. */
  readonly worst: readonly WorstRow[]
}

/** Takes compared rows one by one, in any order, and keeps nothing of them but sums and the worst. */
export class Comparer {
  readonly #tallies = new Map<string, OutputTally>()
  readonly #inferred: boolean
  readonly #worst: WorstRows
  #rows = 0
  readonly #failed = { champion: 0, challenger: 0, either: 0 }

  constructor ({ champion, challenger }: Sides<Signature>, worstMax: number) {
    this.#inferred = champion.inferred || challenger.inferred
    this.#worst = new WorstRows(worstMax)
    for (const output of champion.outputs) this.#tally(output).onChampion = true
    for (const output of challenger.outputs) this.#tally(output).onChallenger = true
  }

  add ({ line, inputs = {}, sides: { champion, challenger } }: ComparedRow): void {
    this.#rows++
    if ('error' in champion) this.#failed.champion++
    if ('error' in challenger) this.#failed.challenger++
    if ('error' in champion || 'error' in challenger) {
      this.#failed.either++
      return
    }
    if (this.#inferred) this.#discover(champion.outputs, challenger.outputs)
    let difference = 0
    let disagreements = 0
    for (const [name, tally] of this.#tallies) {
      if (!this.#isComparable(tally, name, champion.outputs, challenger.outputs)) continue
      const found = tally.add(champion.outputs[name] ?? null, challenger.outputs[name] ?? null)
      if (found === undefined) continue
      disagreements++
      difference = Math.max(difference, found)
    }
    if (disagreements > 0) this.#worst.add({ line, inputs, champion: champion.outputs, challenger: challenger.outputs, difference }, disagreements)
  }

  result (): Comparison {
    return {
      rows: this.#rows,
      compared: this.#rows - this.#failed.either,
      failed: { ...this.#failed },
      outputs: [...this.#tallies.values()].map(tally => tally.result()),
      worst: this.#worst.rows
    }
  }

  #tally (output: Pick<Variable, 'name'> & Partial<Variable>): OutputTally {
    const tally = this.#tallies.get(output.name) ?? new OutputTally(output.name, output.type)
    this.#tallies.set(output.name, tally)
    return tally
  }

  /** A model without a signature has the outputs that it is seen to give. */
  #discover (champion: Outputs, challenger: Outputs): void {
    for (const name of Object.keys(champion)) this.#tally({ name }).onChampion = true
    for (const name of Object.keys(challenger)) this.#tally({ name }).onChallenger = true
  }

  /** What is declared and not answered is missing; what nobody declared counts where both gave it. */
  #isComparable ({ onChampion, onChallenger }: OutputTally, name: string, champion: Outputs, challenger: Outputs): boolean {
    return this.#inferred ? Object.hasOwn(champion, name) && Object.hasOwn(challenger, name) : onChampion && onChallenger
  }
}
