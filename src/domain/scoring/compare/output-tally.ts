import { ExactNumber, type Json } from '../../json/json.js'
import { writeJson } from '../../json/write-json.js'
import type { VariableType } from '../scorer/signature.js'

/** How two revisions agree on one output. */
export interface OutputComparison {
  readonly name: string
  readonly type: VariableType
  /** How many rows have the output on both sides; it may be a missing value. */
  readonly compared: number
  /**
   * How many of these rows have the same value: the same number, the same text, or missing on both
   * sides.
   */
  readonly equal: number
  /** equal / compared; null when nothing was compared. */
  readonly agreement: number | null
  /** Only one of the revisions has such an output. */
  readonly onlyChampion?: true
  readonly onlyChallenger?: true
  /**
   * For a number: the mean and the largest absolute difference, in its own unit, over rows with a
   * number on both sides; null if there is no such row.
   */
  readonly meanDifference?: number | null
  readonly largestDifference?: number | null
  /** How many rows have a missing value on one side only. */
  readonly missingDiffers: number
}

/**
 * Says how much two unequal values differ, for ranking rows. Numbers up to 1 differ by their
 * absolute difference, greater ones by the difference relative to the larger one, so probabilities
 * and amounts can be compared (0..2). A number and a missing value differ by 1, texts by 0.
 */
export function differenceOf (a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') {
    const scale = Math.max(1, Math.abs(a), Math.abs(b))
    return Math.abs(a / scale - b / scale)
  }
  return typeof (a ?? b) === 'number' && (a === null || b === null) ? 1 : 0
}

/** Sums up the rows for one output. */
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

  /**
   * Adds the values of a row; null is missing. Returns how much they differ, undefined if they are
   * equal.
   */
  add (a: Json, b: Json): number | undefined {
    this.#compared++
    for (const value of [a, b]) {
      if (typeof value === 'number' || value instanceof ExactNumber) this.#sawNumber = true
      else if (value !== null) this.#sawText = true
    }
    const [first, second] = [a, b].map(value =>
      value instanceof ExactNumber ? Number(value.text) : value
    )
    if (typeof first === 'number' && typeof second === 'number') this.#addPair(first, second)
    if (isEqual(a, b)) {
      this.#equal++
      return undefined
    }
    if (a === null || b === null) this.#missingDiffers++
    return differenceOf(first, second)
  }

  #addPair (a: number, b: number): void {
    // The difference of two doubles far apart may be Infinity, which JSON can't hold.
    const difference = a === b ? 0 : Math.min(Math.abs(a - b), Number.MAX_VALUE)
    this.#pairs++
    this.#mean += (difference - this.#mean) / this.#pairs // a plain sum could overflow
    this.#largest = Math.max(this.#largest, difference)
  }

  result (): OutputComparison {
    const type = this.#declared ?? (this.#sawNumber && !this.#sawText ? 'number' : 'string')
    const differences =
      this.#pairs === 0
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

/** Whether two values are equal. Numbers that kept their digits are compared by these. */
function isEqual (a: Json, b: Json): boolean {
  if (a === b) return true
  if (a instanceof ExactNumber || b instanceof ExactNumber) return isSameNumber(a, b)
  return typeof a === 'object' && typeof b === 'object' && writeJson(a) === writeJson(b)
}

function isSameNumber (a: Json, b: Json): boolean {
  const [first, second] = [a, b].map(value =>
    value instanceof ExactNumber
      ? value.text
      : typeof value === 'number'
        ? String(value)
        : undefined
  )
  if (first === undefined || second === undefined) return false
  // Different whole numbers beyond 2^53 may have the same double.
  return (
    first === second ||
    (Number(first) === Number(second) &&
      (Number.isSafeInteger(Number(first)) || !Number.isInteger(Number(first))))
  )
}
