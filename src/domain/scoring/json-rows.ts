import { DomainError } from '../errors.js'
import type { SourceRow, Table } from './table.js'
import { utf8Slices } from './text-bytes.js'

const LINE_MAX_BYTES = 1024 * 1024
const LF = 10

export type JsonRow = Readonly<Record<string, unknown>>

/** The rows of a JSON array. Columns are all the members that any of them has, in order of first mention. */
export function tableOf (items: readonly unknown[]): Table {
  const rows = items.map((item, index) => rowObject(item, `row ${index + 1}`))
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))]
  return {
    columns,
    cellsAre: 'values',
    counted: 'row',
    rows: (async function * () {
      for (const [index, row] of rows.entries()) yield [{ line: index + 1, cells: columns.map(name => own(row, name)) }]
    })()
  }
}

/** The rows of an NDJSON file. Columns are the members of its first row; a later row with others can't be carried: a fault of that row. */
export async function readNdjson (bytes: AsyncIterable<Buffer>): Promise<Table> {
  const lines = linesOf(utf8Slices(bytes))
  const first = await lines.next()
  if (first.done === true) throw new DomainError('request-unreadable', 'the body is empty: there is no row', { remedy: 'send one JSON object a line' })
  const head = parsed(first.value)
  const columns = Object.keys(head)
  const known = new Set(columns)
  const sourceRow = (row: JsonRow, line: number): SourceRow => {
    const cells = columns.map(name => own(row, name))
    const stray = Object.keys(row).find(name => !known.has(name))
    return stray === undefined ? { line, cells } : { line, cells, fault: `line ${line} has "${stray}", which the first row has not` }
  }
  return {
    columns,
    cellsAre: 'values',
    rows: (async function * () {
      yield [sourceRow(head, first.value.line)]
      for await (const next of lines) yield [sourceRow(parsed(next), next.line)]
    })()
  }
}

interface Line { readonly line: number, readonly text: string }

function parsed ({ line, text }: Line): JsonRow {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new DomainError('request-unreadable', `line ${line} is not JSON: ${(error as Error).message}`, { cause: error, remedy: 'send one JSON object a line' })
  }
  return rowObject(value, `line ${line}`)
}

function rowObject (value: unknown, where: string): JsonRow {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRow
  throw new DomainError('request-unreadable', `${where} is not an object of column names and values`, { remedy: 'send each row as {"NAME": value, …}' })
}

/** A member of the row itself, never of Object's prototype. */
function own (row: JsonRow, name: string): unknown {
  return Object.hasOwn(row, name) ? row[name] : undefined
}

/** The lines that are not blank. */
async function * linesOf (slices: AsyncIterable<Buffer>): AsyncGenerator<Line, void, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  let line = 0
  for await (const slice of slices) {
    let bytes = rest.length > 0 ? Buffer.concat([rest, slice]) : slice
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF)) {
      line++
      const text = bytes.toString('utf8', 0, end).trim()
      if (text !== '') yield { line, text }
      bytes = bytes.subarray(end + 1)
    }
    if (bytes.length > LINE_MAX_BYTES) throw new DomainError('request-unreadable', `line ${line + 1} is longer than ${LINE_MAX_BYTES} bytes`)
    rest = bytes
  }
  const text = rest.toString('utf8').trim()
  if (text !== '') yield { line: line + 1, text }
}
