import { DomainError, type Fault } from '../../errors.js'

/** A CSV, an NDJSON file or an array of rows may have so many columns. */
export const COLUMNS_MAX = 10_000
const NAME_MAX_CHARS = 1_000
/** A message shows so many characters of a name, and so many names and characters of a list. */
const SHOWN_CHARS = 60
const LISTED = 50
const LISTED_CHARS = 1_000

/** Folds the case of a name: SAS takes names that differ by case only for the same. */
export function foldName (name: string): string {
  return name.toLowerCase()
}

/** @throws DomainError `fault` for more columns, or longer names, than a file may have */
export function checkColumns (names: readonly string[], place: string, fault: Fault): void {
  if (names.length > COLUMNS_MAX) {
    throw new DomainError(
      fault,
      `${place} has ${names.length} columns, a file may have ${COLUMNS_MAX}`,
      { remedy: 'send the columns that the model needs, and few others; check the delimiter' }
    )
  }
  const long = names.findIndex(name => name.length > NAME_MAX_CHARS)
  if (long < 0) return
  throw new DomainError(
    fault,
    `${place}: the name of column ${long + 1} has ${names[long]!.length} characters, it may have ${NAME_MAX_CHARS}`,
    {
      remedy:
        'give the columns shorter names; check that the first row has the names, and is quoted well'
    }
  )
}

/** Finds columns by name. It is made once and serves many look-ups. */
export interface ColumnFinder {
  /** The column of exactly this name. */
  exact(name: string): number | undefined
  /** All columns of this name without regard to case, in their order. */
  alike(name: string): readonly number[]
}

export function columnFinder (columns: readonly string[]): ColumnFinder {
  const byName = new Map<string, number>()
  const byFold = new Map<string, number[]>()
  for (const [index, column] of columns.entries()) {
    if (!byName.has(column)) byName.set(column, index)
    const fold = foldName(column)
    const alike = byFold.get(fold)
    if (alike === undefined) byFold.set(fold, [index])
    else alike.push(index)
  }
  return { exact: name => byName.get(name), alike: name => byFold.get(foldName(name)) ?? [] }
}

/** Shortens a name for a message. */
export function shortName (name: string): string {
  return name.length > SHOWN_CHARS ? `${name.slice(0, SHOWN_CHARS - 1)}…`.toWellFormed() : name
}

/** Lists names in a message: the first ones, and how many more there are. */
export function listNames (names: readonly string[]): string {
  const shown: string[] = []
  let chars = 0
  for (const name of names) {
    chars += shortName(name).length
    if (shown.length === LISTED || chars > LISTED_CHARS) break
    shown.push(shortName(name))
  }
  const more = names.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
