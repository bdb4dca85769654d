import { breather } from '../../../async/breather.js'
import { DomainError } from '../../errors.js'
import { isJsonObject, type Json, type JsonObject } from '../../json/json.js'
import { readWithPlace } from '../../json/read-with-place.js'
import { checkColumns, shortName } from './columns.js'
import { jsonLines, type JsonLine } from './json-lines.js'
import type { SourceRow, Table } from './table.js'
import { OF_JSON, utf8Slices } from '../encodings/text-bytes.js'

const WHOLE_LINES =
  'send one JSON object a line; curl needs --data-binary for it, since -d takes the line ends away'
/** So many rows, or cells of rows, are read without a pause. */
const BATCH_ROWS = 500
const BATCH_CELLS = 20_000

/** Makes a table of a JSON array. The columns are the members of its first row, as in NDJSON. */
export function tableOf (items: readonly Json[]): Table {
  const rows = items.map((item, index) => rowObject(item, `row ${index + 1}`))
  const { columns, rowAt } = rowReader(rows[0] ?? new Map(), 'row 1', 'row')
  const batchRows = batchOf(columns)
  return {
    columns,
    cellsAre: 'values',
    counted: 'row',
    size: rows.length,
    rows: (async function * () {
      const breathe = breather()
      for (let from = 0; from < rows.length; from += batchRows) {
        await breathe()
        yield rows.slice(from, from + batchRows).map((row, index) => rowAt(row, from + index + 1))
      }
    })()
  }
}

/**
 * Reads the rows of an NDJSON file. The columns are the members of the first row. A later row with
 * other members has a fault, because the answer has no column for them.
 */
export async function readNdjson (bytes: AsyncIterable<Buffer>): Promise<Table> {
  const lines = jsonLines(utf8Slices(bytes, OF_JSON), BATCH_ROWS)
  const { done, value: first } = await lines.next()
  if (done === true) {
    throw new DomainError('request-unreadable', 'the body is empty: there is no row', {
      remedy: 'send one JSON object a line'
    })
  }
  const head = parseLine(first[0]!)
  const { columns, rowAt } = rowReader(head, `line ${first[0]!.line}`, 'line')
  return {
    columns,
    cellsAre: 'values',
    rows: (async function * () {
      yield [rowAt(head, first[0]!.line)]
      yield * rowsOf(first.slice(1), rowAt, batchOf(columns))
      for await (const batch of lines) yield * rowsOf(batch, rowAt, batchOf(columns))
    })()
  }
}

type RowAt = (row: JsonObject, line: number) => SourceRow

/** @throws DomainError `request-invalid` for more columns than a file may have */
function rowReader (
  head: JsonObject,
  place: string,
  counted: 'line' | 'row'
): { columns: readonly string[]; rowAt: RowAt } {
  const columns = [...head.keys()]
  checkColumns(columns, place, 'request-invalid')
  const known = new Set(columns)
  const rowAt: RowAt = (row, line) => {
    const cells = columns.map(name => row.get(name))
    for (const name of row.keys()) {
      if (!known.has(name)) {
        return {
          line,
          cells,
          fault: `${counted} ${line} has "${shortName(name)}", which the first row has not`
        }
      }
    }
    return { line, cells }
  }
  return { columns, rowAt }
}

function batchOf ({ length }: readonly string[]): number {
  return Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH_CELLS / Math.max(1, length))))
}

/** Reads lines into batches of rows. The rows before a faulty line come first, then its fault. */
function * rowsOf (
  lines: readonly JsonLine[],
  rowAt: RowAt,
  batchRows: number
): Generator<readonly SourceRow[], void, undefined> {
  let batch: SourceRow[] = []
  for (const line of lines) {
    let row: JsonObject
    try {
      row = parseLine(line)
    } catch (error) {
      yield batch
      throw error
    }
    batch.push(rowAt(row, line.line))
    if (batch.length < batchRows) continue
    yield batch
    batch = []
  }
  yield batch
}

function parseLine ({ line, text }: JsonLine): JsonObject {
  return rowObject(readWithPlace(text, `line ${line}`, WHOLE_LINES), `line ${line}`)
}

function rowObject (value: Json, where: string): JsonObject {
  if (isJsonObject(value)) return value
  throw new DomainError(
    'request-unreadable',
    `${where} is not an object of column names and values`,
    { remedy: 'send each row as {"NAME": value, …}' }
  )
}
