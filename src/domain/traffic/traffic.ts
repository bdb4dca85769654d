/** One row of a traffic table. `percent` is 0..100. */
export interface TrafficTarget {
  readonly revision: string
  /** The row follows the latest ready revision. */
  readonly latest: boolean
  readonly percent: number
  readonly tag?: string
  /** The tag's own URL, from the cluster. */
  readonly url?: string
}

/** A row as it was asked for. A latest row names no revision. */
export type DesiredTarget =
  | { readonly latest: true; readonly percent: number; readonly tag?: string }
  | {
    readonly latest: false
    readonly revision: string
    readonly percent: number
    readonly tag?: string
  }

/** A traffic table as asked for. Accepted tables total 100, and a tag is on one row only. */
export type TrafficTable = readonly DesiredTarget[]

/** One row of a table in which no row follows the latest revision. Rollback needs such tables. */
export interface PinnedTarget {
  readonly latest: false
  readonly revision: string
  readonly percent: number
  readonly tag?: string
}
export type PinnedTable = readonly PinnedTarget[]

/** The fields of a revision that matter to traffic tables. */
export interface Routable {
  readonly name: string
  /** undefined: the cluster has not decided yet, and the old routing stays until it has. */
  readonly ready: boolean | undefined
}

/**
 * Returns the table with all rows by the names of revisions; a latest row gets `latestReady`. Rows
 * of 0 % without a tag mean nothing and are left out. Returns undefined if a row follows the latest
 * revision and no revision was ever ready.
 */
export function pinTable (
  table: TrafficTable,
  latestReady: string | undefined
): PinnedTable | undefined {
  const rows: PinnedTarget[] = []
  for (const row of table) {
    if (row.percent === 0 && row.tag === undefined) continue
    const revision = row.latest ? latestReady : row.revision
    if (revision === undefined) return undefined
    rows.push({
      latest: false,
      revision,
      percent: row.percent,
      ...(row.tag === undefined ? {} : { tag: row.tag })
    })
  }
  return rows
}

/**
 * Finds revisions that failed before they ever served. While a table names one of them, the cluster
 * keeps the table before in force. A revision that already serves may be not ready for a while and
 * still goes on serving, so it does not count.
 */
export function findFailedUnserved (
  traffic: readonly TrafficTarget[],
  revisions: readonly Routable[]
): string[] {
  return revisions.flatMap(({ name, ready }) =>
    ready === false && !traffic.some(({ revision }) => revision === name) ? [name] : []
  )
}

/** The revisions that a table names, each once. */
export function revisionsIn (table: ReadonlyArray<DesiredTarget | TrafficTarget>): string[] {
  return [...new Set(table.flatMap(row => ('revision' in row ? [row.revision] : [])))]
}

/** Whether two tables mean the same. The order of rows has no meaning. */
export function isSameTable (a: TrafficTable, b: TrafficTable): boolean {
  const text = (table: TrafficTable) =>
    table
      .filter(({ percent, tag }) => percent > 0 || tag !== undefined)
      .map(row => `${row.latest ? '@latest' : row.revision}=${row.percent}:${row.tag ?? ''}`)
      .sort()
      .join(' ')
  return text(a) === text(b)
}

/** The tags that a revision has in a table. */
export function tagsOf (
  table: ReadonlyArray<{ readonly revision?: string; readonly tag?: string }>,
  revision: string
): string[] {
  return table.flatMap(row => (row.revision === revision ? (row.tag ?? []) : []))
}
