import type { PinnedTable, PinnedTarget, TrafficTable } from './traffic.js'

/**
 * Returns the table with a new revision at `percent`, which is taken from the others in proportion
 * to their shares. If another row has the tag, the tag moves to the new revision.
 */
export function withChallenger (
  table: PinnedTable,
  challenger: string,
  percent: number,
  tag: string | undefined
): PinnedTable {
  const others = table.map(row => (row.tag === tag && tag !== undefined ? withoutTag(row) : row))
  const row: PinnedTarget = {
    latest: false,
    revision: challenger,
    percent,
    ...(tag === undefined ? {} : { tag })
  }
  return [
    ...scaleTo(100 - percent, others).filter(row => row.percent > 0 || row.tag !== undefined),
    row
  ]
}

/** Gives all traffic to one revision. Every tag stays on its revision, the others at 0 %. */
export function withPromoted (table: PinnedTable, revision: string): PinnedTable {
  const tagged = table.filter(({ tag }) => tag !== undefined).map(row => ({ ...row, percent: 0 }))
  const [own, ...more] = tagged.filter(row => row.revision === revision)
  const others = tagged.filter(row => row.revision !== revision)
  return [{ ...(own ?? { latest: false, revision }), percent: 100 }, ...more, ...others]
}

/**
 * Scales the percents to `total` in the same proportions, by largest remainder. If remainders are
 * equal, the earlier row gets more.
 */
function scaleTo (total: number, table: PinnedTable): PinnedTable {
  const sum = table.reduce((sum, { percent }) => sum + percent, 0)
  const exact = table.map(({ percent }) => (sum === 0 ? 0 : (percent * total) / sum))
  const floors = exact.map(Math.floor)
  const left = (sum === 0 ? 0 : total) - floors.reduce((a, b) => a + b, 0)
  const byRemainder = exact
    .map((share, index) => ({ index, remainder: share - floors[index]! }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
  const favoured = new Set(byRemainder.slice(0, left).map(({ index }) => index))
  return table.map((row, index) => ({
    ...row,
    percent: floors[index]! + (favoured.has(index) ? 1 : 0)
  }))
}

function withoutTag ({ tag: _, ...row }: PinnedTarget): PinnedTarget {
  return row
}

/** Lets all traffic follow the latest revision. Tags of revisions by name stay, at 0 %. */
export function withAllOnLatest (table: TrafficTable): TrafficTable {
  const tagged = table.filter(row => !row.latest && row.tag !== undefined)
  return [{ latest: true, percent: 100 }, ...tagged.map(row => ({ ...row, percent: 0 }))]
}
