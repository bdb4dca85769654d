/** Of several rounds: the one in the middle, and how far the others lie from it. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spread (values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: percentile(sorted, 50), min: sorted[0]!, max: sorted.at(-1)! }
}

/** The nearest rank of sorted values, the mean of the middle two where there is no middle. */
export function percentile (sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((sorted.length * percent) / 100))
  return percent === 50 && sorted.length % 2 === 0
    ? (sorted[rank - 1]! + sorted[rank]!) / 2
    : sorted[rank - 1]!
}
