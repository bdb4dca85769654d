import { columnFinder } from '../tables/columns.js'
import type { Signature } from '../scorer/signature.js'

/** A column that matches no input, and the input that its name probably means. */
export interface NearName {
  readonly column: string
  readonly input: string
}

/** At most so many near names are listed; nobody would read more. */
const TOLD_MAX = 10
/**
 * Only so many inputs are considered. Only so many columns, with names up to this length, are
 * compared letter by letter.
 */
const INPUTS_MAX = 1_000
const COLUMNS_MAX = 1_000
const NAME_MAX_CHARS = 64
/** Shorter names are not compared letter by letter, since almost any two would be near. */
const NAME_MIN_CHARS = 3

/**
 * Finds columns whose name is nearly that of an input without a column. The names differ only in
 * case, blanks, dots, hyphens and underscores, or in one letter. Such columns are not sent to the
 * model, which the caller may not have meant.
 */
export function nearNames (
  columns: readonly string[],
  { inputs, inferred }: Signature
): NearName[] {
  if (inferred) return []
  const finder = columnFinder(columns)
  const isBound = ({ name }: { name: string }) => finder.alike(name).length > 0
  const left = inputs
    .filter(input => !isBound(input))
    .slice(0, INPUTS_MAX)
    .map(({ name }) => name)
  if (left.length === 0) return []
  const taken = new Set(inputs.map(({ name }) => name.toLowerCase()))
  const unused = columns.filter(column => !taken.has(column.toLowerCase()))
  const byPlain = new Map(left.map(name => [plain(name), name]))
  const byPart = partsOf(left)
  const found: NearName[] = []
  for (const [index, column] of unused.entries()) {
    if (found.length === TOLD_MAX) break
    const input =
      byPlain.get(plain(column)) ??
      (index < COLUMNS_MAX ? oneLetterFrom(column, byPart) : undefined)
    if (input !== undefined) found.push({ column, input })
  }
  return found
}

/** Returns the name in lower case without blanks, dots, hyphens and underscores. */
function plain (name: string): string {
  return name.toLowerCase().replaceAll(/[\s_.-]/g, '')
}

/** Indexes names by their plain form, and by each form that lacks one letter of it. */
function partsOf (names: readonly string[]): Map<string, string[]> {
  const byPart = new Map<string, string[]>()
  for (const name of names) {
    for (const part of parts(name)) {
      const known = byPart.get(part)
      if (known === undefined) byPart.set(part, [name])
      else if (known.length < TOLD_MAX) known.push(name)
    }
  }
  return byPart
}

function parts (name: string): Set<string> {
  const text = plain(name)
  const found = new Set<string>()
  if (text.length < NAME_MIN_CHARS || text.length > NAME_MAX_CHARS) return found
  found.add(text)
  for (let at = 0; at < text.length; at++) found.add(text.slice(0, at) + text.slice(at + 1))
  return found
}

function oneLetterFrom (
  column: string,
  byPart: ReadonlyMap<string, readonly string[]>
): string | undefined {
  for (const part of parts(column)) {
    const input = byPart.get(part)?.find(name => differInOneLetter(plain(column), plain(name)))
    if (input !== undefined) return input
  }
  return undefined
}

/**
 * Whether two names differ by one letter more, less or other, or by two neighbours that changed
 * places. A difference in a digit does not count: VALUE1 and VALUE2 are meant to be two names.
 */
function differInOneLetter (a: string, b: string): boolean {
  if (a.length > b.length) return differInOneLetter(b, a)
  if (a.length < NAME_MIN_CHARS) return false
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  if (a.length < b.length) return !isDigit(b[at]!) && a.slice(at) === b.slice(at + 1)
  if (a.slice(at + 1) === b.slice(at + 1)) return !(isDigit(a[at]!) && isDigit(b[at]!))
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2)
}

function isDigit (character: string): boolean {
  return character >= '0' && character <= '9'
}
