import { isSameTable, revisionsIn, type PinnedTable } from './traffic.js'

/** Earlier tables, the most recent last. Rollback goes back to them. */
export type TrafficHistory = readonly PinnedTable[]

const TABLES_MAX = 10

/**
 * Adds a table that a change replaces. The same table is not added twice in a row. If there are
 * more than ten, the oldest is forgotten.
 */
export function rememberTable (
  history: TrafficHistory,
  table: PinnedTable | undefined
): TrafficHistory {
  const last = history.at(-1)
  if (
    table === undefined ||
    table.length === 0 ||
    (last !== undefined && isSameTable(last, table))
  ) {
    return history
  }
  return [...history, table].slice(-TABLES_MAX)
}

/** Drops tables that rollback can't use once the revision is deleted. */
export function forgetRevision (history: TrafficHistory, revision: string): TrafficHistory {
  return history.filter(table => !revisionsIn(table).includes(revision))
}

/** Writes the history for the ksvc, as JSON: a list of tables of `{revision, percent, tag?}`. */
export function writeHistory (history: TrafficHistory): string {
  return JSON.stringify(history.map(table => table.map(({ latest: _, ...row }) => row)))
}

/** Reads what `writeHistory` wrote. A text that someone else has broken counts as no history. */
export function readHistory (text: string | undefined): TrafficHistory {
  try {
    const tables: unknown = JSON.parse(text ?? '[]')
    if (!Array.isArray(tables)) return []
    return tables.map(table => (table as unknown[]).map(readRow))
  } catch {
    return []
  }
}

function readRow (row: unknown): PinnedTable[number] {
  const { revision, percent, tag } = row as Readonly<Record<string, unknown>>
  if (
    typeof revision !== 'string' ||
    typeof percent !== 'number' ||
    (tag !== undefined && typeof tag !== 'string')
  ) {
    throw new Error('not a traffic table')
  }
  return { latest: false, revision, percent, ...(tag === undefined ? {} : { tag }) }
}
