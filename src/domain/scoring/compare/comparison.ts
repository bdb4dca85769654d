import type { ComparedRow, Sides } from './compare-table.js'
import { OutputTally, type OutputComparison } from './output-tally.js'
import type { Outputs } from '../scorer/scorer.js'
import type { Signature, Variable } from '../scorer/signature.js'
import { WorstRows, type WorstRow } from './worst-rows.js'

/** How two revisions agree on the rows that both of them scored. */
export interface Comparison {
  readonly rows: number
  /** How many rows both revisions scored. */
  readonly compared: number
  /** How many rows the champion, the challenger, or at least one of them did not score. */
  readonly failed: Sides<number> & { readonly either: number }
  /** In the order of their first mention, the champion's first. */
  readonly outputs: readonly OutputComparison[]
  /** Rows on which they disagree, the worst first. */
  readonly worst: readonly WorstRow[]
}

/**
 * Takes compared rows one by one, in any order. It keeps only sums and the worst rows.
 */
export class Comparer {
  /** A row counts for an output only where both sides answered it. */
  readonly #tallies = new Map<string, OutputTally>()
  /** How many outputs each side declares; 0 for a model without a signature. */
  readonly #declared: Sides<number>
  readonly #worst: WorstRows
  #rows = 0
  readonly #failed = { champion: 0, challenger: 0, either: 0 }

  constructor ({ champion, challenger }: Sides<Signature>, worstMax: number) {
    this.#declared = { champion: champion.outputs.length, challenger: challenger.outputs.length }
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
    this.#discover(champion.outputs, challenger.outputs)
    let difference = 0
    let disagreements = 0
    for (const [name, tally] of this.#tallies) {
      if (!champion.outputs.has(name) || !challenger.outputs.has(name)) continue
      const found = tally.add(champion.outputs.get(name)!, challenger.outputs.get(name)!)
      if (found === undefined) continue
      disagreements++
      difference = Math.max(difference, found)
    }
    if (disagreements > 0) {
      this.#worst.add(
        { line, inputs, champion: champion.outputs, challenger: challenger.outputs, difference },
        disagreements
      )
    }
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

  /** Adds tallies for outputs that are answered but not declared. */
  #discover (champion: Outputs, challenger: Outputs): void {
    const { champion: first, challenger: second } = this.#declared
    if (champion.size <= first && challenger.size <= second) return
    for (const name of champion.keys()) this.#tally({ name }).onChampion = true
    for (const name of challenger.keys()) this.#tally({ name }).onChallenger = true
  }
}
