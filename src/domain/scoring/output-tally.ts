import { textOf } from './cell.js'
import type { VariableType } from './signature.js'

/** How two revisions agree on one output. */
export interface OutputComparison {
  readonly name: string
  readonly type: VariableType
  /** Rows in which both have it, missing values included. */
  readonly compared: number
  /** Of these, rows with the same value: numbers of the same bits, the same text, or missing on both sides. */
  readonly equal: number
  /** equal / compared; null when nothing was compared. */
  readonly agreement: number | null
  /** Only one of the revisions has such an output. */
  readonly onlyChampion?: true
  readonly onlyChallenger?: true
  /** Of a number: mean and largest absolute difference, in its own unit, over rows with a number on both sides; null without any. */
  readonly meanDifference?: number | null
  readonly largestDifference?: number | null
  /** Rows in which it is missing on one side only. */
  readonly missingDiffers: number
}

/**
 * By how much two values that are not equal differ, for ranking rows: numbers by their difference in absolute terms up to 1 and
 * relative to the larger one above (so probabilities and amounts compare; 0..2), a number and a missing value by 1, texts by 0.
 */
export function differenceOf (a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') {
    const scale = Math.max(1, Math.abs(a), Math.abs(b))
    return Math.abs(a / scale - b / scale)
  }
  return typeof (a ?? b) === 'number' && (a === null || b === null) ? 1 : 0
}

/** The sums over one output. */
export class OutputTally {
  onChampion = false
  onChallenger = false
  readonly #name: string
  readonly #declared: VariableType | undefined
  #sawNumber = false
  #sawText = false
  #compared = 0
  #equal = 0
  #missingDiffers = 0
  #pairs = 0
  #mean = 0
  #largest = 0

  constructor (name: string, declared: VariableType | undefined) {
    this.#name = name
    this.#declared = declared
  }

  /** Takes the values of a row, null for missing; tells how much they differ, undefined when they are equal. */
  add (a: unknown, b: unknown): number | undefined {
    this.#compared++
    for (const value of [a, b]) {
      if (typeof value === 'number') this.#sawNumber = true
      else if (value !== null) this.#sawText = true
    }
    if (typeof a === 'number' && typeof b === 'number') this.#addPair(a, b)
    if (a === b || (typeof a === 'object' && typeof b === 'object' && textOf(a) === textOf(b))) {
      this.#equal++
      return undefined
    }
    if (a === null || b === null) this.#missingDiffers++
    return differenceOf(a, b)
  }

  #addPair (a: number, b: number): void {
    // JSON has no Infinity, which two doubles far apart would give
    const difference = a === b ? 0 : Math.min(Math.abs(a - b), Number.MAX_VALUE)
    this.#pairs++
    this.#mean += (difference - this.#mean) / this.#pairs // a sum could overflow
    this.#largest = Math.max(this.#largest, difference)
  }

  result (): OutputComparison {
    const type = this.#declared ?? (this.#sawNumber && !this.#sawText ? 'number' : 'string')
    const differences = this.#pairs === 0
      ? { meanDifference: null, largestDifference: null }
      : { meanDifference: this.#mean, largestDifference: this.#largest }
    return {
      name: this.#name,
      type,
      ...(this.onChallenger ? {} : { onlyChampion: true }),
      ...(this.onChampion ? {} : { onlyChallenger: true }),
      compared: this.#compared,
      equal: this.#equal,
      agreement: this.#compared === 0 ? null : this.#equal / this.#compared,
      ...(type === 'number' ? differences : {}),
      missingDiffers: this.#missingDiffers
    }
  }
}
