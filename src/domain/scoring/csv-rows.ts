import { finished } from 'node:stream/promises'
import { CsvError, parse } from 'csv-parse'
import { DomainError } from '../errors.js'
import { untilAborted } from '../until-aborted.js'
import { UTF_8 } from './encoding.js'
import type { CsvDialect, SourceRow, Table } from './table.js'

const RECORD_MAX_BYTES = 1024 * 1024
const PARSER_OPTIONS = { relax_column_count: true, record_delimiter: ['\r\n', '\n', '\r'], max_record_size: RECORD_MAX_BYTES }

/**
 * Reads a CSV with a header line. Lines may end in LF, CRLF or CR and quoted cells may hold them; blank lines of a file with more
 * than one column are passed over.
 * @throws DomainError `csv-invalid` naming the line: no header, duplicate names, a row of another length, quotes out of place, not in the encoding
 */
export async function readCsv (bytes: AsyncIterable<Buffer>, dialect: CsvDialect, signal: AbortSignal): Promise<Table> {
  const batches = recordBatches(bytes, dialect, signal)
  let first: SourceRow[] = []
  while (first.length === 0) {
    const { done, value } = await batches.next()
    if (done === true) throw new DomainError('csv-invalid', 'the file is empty: it has no header line', { remedy: 'send a CSV whose first line has the column names' })
    first = value
  }
  const columns = headerOf(first.shift()!.cells as string[])
  return { columns, rows: rowsOf(first, batches, columns.length), cellsAre: 'text', dialect }
}

/** The records of each slice of bytes. */
async function * recordBatches (
  bytes: AsyncIterable<Buffer>, { delimiter, quote = '"', encoding = UTF_8 }: CsvDialect, signal: AbortSignal
): AsyncGenerator<SourceRow[], void, undefined> {
  const slices = encoding.slices(bytes)
  const parser = parse({ ...PARSER_OPTIONS, delimiter, quote, escape: quote })
  parser.on('error', () => {}) // seen as `errored`
  const lines = new LineCount()
  // A Transform that works at once: what a write made can be read right after it. Iterating over it would cost a turn for each row.
  const readable = () => {
    const rows: SourceRow[] = []
    for (let cells: string[] | null; (cells = parser.read() as string[] | null) !== null;) rows.push({ line: lines.next(cells), cells })
    return rows
  }
  try {
    while (true) {
      const { done, value: slice } = await untilAborted(slices.next(), signal)
      if (done === true) break
      lines.hasQuotes ||= slice.includes(quote)
      parser.write(slice)
      yield readable()
      if (parser.errored !== null) throw parser.errored
    }
    const end = finished(parser, { readable: false })
    parser.end()
    await end
    yield readable()
  } catch (error) {
    throw faultOf(error, lines.surplus)
  } finally {
    parser.destroy()
    slices.return(undefined).catch(() => {}) // not awaited: a read may still be pending
  }
}

/** Where rows begin; csv-parse does not tell. */
class LineCount {
  /** Only quoted cells hold line ends. */
  hasQuotes = false
  /** Lines that csv-parse counts too many: it takes a CRLF inside quotes for two line ends. */
  surplus = 0
  #next = 1

  /** The line on which the row of these cells begins. */
  next (cells: readonly string[]): number {
    const begins = this.#next++
    if (this.hasQuotes) {
      for (const cell of cells) {
        if (!LINE_END.test(cell)) continue
        const ends = cell.split(/\r\n|\n|\r/).length - 1
        this.#next += ends
        this.surplus += cell.split('\r\n').length - 1
      }
    }
    return begins
  }
}

const LINE_END = /[\r\n]/

function headerOf (names: readonly string[]): string[] {
  const columns = names.map(name => name.trim())
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new DomainError('csv-invalid', `line 1: the column "${twice}" is there twice`, { remedy: 'give each column a name of its own' })
  }
  return columns
}

async function * rowsOf (
  first: SourceRow[], batches: AsyncGenerator<SourceRow[]>, width: number
): AsyncGenerator<readonly SourceRow[], void, undefined> {
  try {
    yield whole(first, width)
    for await (const batch of batches) yield whole(batch, width)
  } finally {
    await batches.return(undefined) // also when it ends at the first
  }
}

/** Rows of the header's width; blank lines are left out. */
function whole (rows: SourceRow[], width: number): SourceRow[] {
  const isBlank = ({ cells }: SourceRow) => cells.length === 1 && cells[0] === ''
  const odd = rows.find(row => row.cells.length !== width)
  if (odd === undefined) return rows
  const wrong = rows.find(row => row.cells.length !== width && !isBlank(row))
  if (wrong === undefined) return rows.filter(row => row.cells.length === width)
  const { line, cells } = wrong
  throw new DomainError('csv-invalid', `line ${line} has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, the header has ${width}`, {
    remedy: 'correct the line; a cell that holds the delimiter or a line end must be quoted; delimiter= names another delimiter'
  })
}

function faultOf (error: unknown, surplus: number): unknown {
  const { code, lines } = error as CsvError & { lines?: number }
  if (!(error instanceof CsvError)) return error
  const line = `line ${lines === undefined ? '?' : lines - surplus}`
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED': return new DomainError('csv-invalid', `${line}: a quoted cell begins in or before this line and never ends`, { cause: error })
    case 'CSV_INVALID_CLOSING_QUOTE': return new DomainError('csv-invalid', `${line}: text follows the closing quote of a cell`, {
      cause: error, remedy: 'write a quote inside a quoted cell twice'
    })
    case 'INVALID_OPENING_QUOTE': return new DomainError('csv-invalid', `${line}: a quote in the middle of an unquoted cell`, {
      cause: error, remedy: 'quote the whole cell and write the quote inside it twice'
    })
    case 'CSV_MAX_RECORD_SIZE': return new DomainError('csv-invalid', `${line}: the row is longer than ${RECORD_MAX_BYTES} bytes`, {
      cause: error, remedy: 'check for a quote that is never closed'
    })
    default: return new DomainError('csv-invalid', `${line}: ${(error as Error).message}`, { cause: error })
  }
}
