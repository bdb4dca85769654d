import { isSameTable, revisionsIn, type PinnedTable } from './traffic.js'

/** Earlier tables, the most recent last: what rollback goes back to. */
export type TrafficHistory = readonly PinnedTable[]

const TABLES_MAX = 10

/** The history once `table` is left behind; a table is not remembered twice in a row, and the oldest is forgotten when there are many. */
export function remembered (history: TrafficHistory, table: PinnedTable | undefined): TrafficHistory {
  const last = history.at(-1)
  if (table === undefined || table.length === 0 || (last !== undefined && isSameTable(last, table))) return history
  return [...history, table].slice(-TABLES_MAX)
}

/** The history without what can't be gone back to once a revision is deleted. */
export function forgotten (history: TrafficHistory, revision: string): TrafficHistory {
  return history.filter(table => !revisionsIn(table).includes(revision))
}

/** As kept on the ksvc: JSON, a list of tables with rows `{revision, percent, tag?}`. */
export function historyText (history: TrafficHistory): string {
  return JSON.stringify(history.map(table => table.map(({ latest: _, ...row }) => row)))
}

/** Reads it back. What somebody else broke counts as no history. */
export function historyIn (text: string | undefined): TrafficHistory {
  try {
    const tables: unknown = JSON.parse(text ?? '[]')
    if (!Array.isArray(tables)) return []
    return tables.map(table => (table as unknown[]).map(rowIn))
  } catch {
    return []
  }
}

function rowIn (row: unknown): PinnedTable[number] {
  const { revision, percent, tag } = row as Readonly<Record<string, unknown>>
  if (typeof revision !== 'string' || typeof percent !== 'number' || (tag !== undefined && typeof tag !== 'string')) throw new Error('not a traffic table')
  return { latest: false, revision, percent, ...(tag === undefined ? {} : { tag }) }
}
