import type { FieldFault } from '../errors.js'

/** One row of a traffic table. `percent` is 0..100. */
export interface TrafficTarget {
  readonly revision: string
  /** The row follows the latest ready revision. */
  readonly latest: boolean
  readonly percent: number
  readonly tag?: string
  /** The tag's own URL, as the cluster tells it. */
  readonly url?: string
}

/** A row as it was asked for: a latest row names no revision. */
export type DesiredTarget =
  | { readonly latest: true, readonly percent: number, readonly tag?: string }
  | { readonly latest: false, readonly revision: string, readonly percent: number, readonly tag?: string }

/** A traffic table as asked for. Accepted tables total 100, and a tag is on one row only. */
export type Table = readonly DesiredTarget[]

/** One row of a table in which nothing follows the latest revision: what rollback goes back to. */
export interface PinnedTarget { readonly latest: false, readonly revision: string, readonly percent: number, readonly tag?: string }
export type PinnedTable = readonly PinnedTarget[]

/** A revision as far as tables care. */
export interface Routable {
  readonly name: string
  /** undefined: not decided yet; the old routing stays until it is. */
  readonly ready: boolean | undefined
}

/** The host of a tag, `{tag}-{model}`, is one DNS label. */
const HOST_LABEL_MAX = 63

/** What a caller can't have: see `Table`; and rows that name revisions which don't exist, belong to another model or failed. */
export function tableFaults (table: Table, model: string, revisions: readonly Routable[]): FieldFault[] {
  const faults: FieldFault[] = []
  const fault = (field: string, detail: string, remedy: string) => { faults.push({ field, detail, remedy }) }
  const total = table.reduce((sum, { percent }) => sum + percent, 0)
  if (total !== 100) fault('percent', `the table totals ${total}, not 100`, 'let the percents of all rows total 100')
  const tags = new Set<string>()
  for (const [index, row] of table.entries()) {
    const { tag } = row
    if (tag !== undefined && tags.has(tag)) fault(`${index}.tag`, `"${tag}" is on more than one row`, 'give each tag to one row')
    if (tag !== undefined) tags.add(tag)
    faults.push(...tagFaults(tag, model).map(found => ({ ...found, field: `${index}.${found.field}` })))
    if (row.latest) continue
    const revision = revisions.find(({ name }) => name === row.revision)
    if (revision === undefined) {
      fault(`${index}.revision`, `${model} has no revision "${row.revision}"`, `name one of ${revisions.map(({ name }) => name).join(', ')}`)
    } else if (revision.ready === false) {
      fault(`${index}.revision`, `the revision ${row.revision} failed and can't serve`, `GET /models/${model}/revisions/${row.revision} explains why`)
    }
  }
  return faults
}

export function tagFaults (tag: string | undefined, model: string): FieldFault[] {
  if (tag === undefined) return []
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(tag)) {
    return [{ field: 'tag', detail: `"${tag}" is not a tag: lower-case letters, digits and hyphens, a letter first, no hyphen last`, remedy: 'use a tag such as challenger' }]
  }
  const length = tag.length + 1 + model.length
  return length <= HOST_LABEL_MAX
    ? []
    : [{ field: 'tag', detail: `"${tag}" is too long: its host ${tag}-${model} would have ${length} characters`, remedy: `use at most ${HOST_LABEL_MAX - 1 - model.length} characters` }]
}

/**
 * What the table means while `latestReady` is the latest ready revision: the same rows, all by name. Rows of 0 % without a tag say
 * nothing and are left out. undefined: a row follows the latest, and none was ever ready.
 */
export function pinnedTable (table: Table, latestReady: string | undefined): PinnedTable | undefined {
  const rows: PinnedTarget[] = []
  for (const row of table) {
    if (row.percent === 0 && row.tag === undefined) continue
    const revision = row.latest ? latestReady : row.revision
    if (revision === undefined) return undefined
    rows.push({ latest: false, revision, percent: row.percent, ...(row.tag === undefined ? {} : { tag: row.tag }) })
  }
  return rows
}

/**
 * Revisions that failed before they ever served: while a table names one, the cluster leaves the table before in force. One that
 * serves can be told not ready for a while and goes on serving.
 */
export function failedUnserved (traffic: readonly TrafficTarget[], revisions: readonly Routable[]): string[] {
  return revisions.flatMap(({ name, ready }) => ready === false && !traffic.some(({ revision }) => revision === name) ? [name] : [])
}

/**
 * The table with a new revision at `percent`, taken from the others in proportion to their shares. A row that has its tag loses it:
 * the tag moves to the new revision.
 */
export function withChallenger (table: PinnedTable, challenger: string, percent: number, tag: string | undefined): PinnedTable {
  const others = table.map(row => row.tag === tag && tag !== undefined ? withoutTag(row) : row)
  const row: PinnedTarget = { latest: false, revision: challenger, percent, ...(tag === undefined ? {} : { tag }) }
  return [...scaledTo(100 - percent, others).filter(row => row.percent > 0 || row.tag !== undefined), row]
}

/** All traffic to one revision; every tag stays where it is, at 0 %. */
export function promoted (table: PinnedTable, revision: string): PinnedTable {
  const tagged = table.filter(({ tag }) => tag !== undefined).map(row => ({ ...row, percent: 0 }))
  const [own, ...more] = tagged.filter(row => row.revision === revision)
  const others = tagged.filter(row => row.revision !== revision)
  return [{ ...(own ?? { latest: false, revision }), percent: 100 }, ...more, ...others]
}

/** Percents of the same proportions that total `total`, by largest remainder; equal remainders go to the earlier row. */
function scaledTo (total: number, table: PinnedTable): PinnedTable {
  const sum = table.reduce((sum, { percent }) => sum + percent, 0)
  const exact = table.map(({ percent }) => sum === 0 ? 0 : percent * total / sum)
  const floors = exact.map(Math.floor)
  const left = (sum === 0 ? 0 : total) - floors.reduce((a, b) => a + b, 0)
  const byRemainder = exact
    .map((share, index) => ({ index, remainder: share - floors[index]! }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
  const favoured = new Set(byRemainder.slice(0, left).map(({ index }) => index))
  return table.map((row, index) => ({ ...row, percent: floors[index]! + (favoured.has(index) ? 1 : 0) }))
}

function withoutTag ({ tag: _, ...row }: PinnedTarget): PinnedTarget {
  return row
}

/** The revisions that a table names, each once. */
export function revisionsIn (table: ReadonlyArray<DesiredTarget | TrafficTarget>): string[] {
  return [...new Set(table.flatMap(row => 'revision' in row ? [row.revision] : []))]
}

/** Two tables that mean the same; the order of rows means nothing. */
export function isSameTable (a: Table, b: Table): boolean {
  const text = (table: Table) => table
    .filter(({ percent, tag }) => percent > 0 || tag !== undefined)
    .map(row => `${row.latest ? '@latest' : row.revision}=${row.percent}:${row.tag ?? ''}`)
    .sort().join(' ')
  return text(a) === text(b)
}
