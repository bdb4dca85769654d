import { addAbortSignal, pipeline, type Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { DomainError } from '../errors.js'
import { UTF_8 } from './encoding.js'
import type { CsvDialect, SourceRow, Table } from './table.js'

const RECORD_MAX_BYTES = 1024 * 1024

/**
 * Reads a CSV with a header line. Lines may end in LF, CRLF or CR and quoted cells may hold them; blank lines of a file with more
 * than one column are passed over.
 * @throws DomainError `csv-invalid` naming the line: no header, duplicate names, a row of another length, quotes out of place, not in the encoding
 */
export async function readCsv (bytes: AsyncIterable<Buffer>, dialect: CsvDialect, signal: AbortSignal): Promise<Table> {
  const { delimiter, quote = '"', encoding = UTF_8 } = dialect
  const lines = new LineCount()
  const parser = parse({
    delimiter,
    quote,
    escape: quote,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: RECORD_MAX_BYTES,
    // its types let a row be nothing but the list of its cells
    on_record: (cells: string[], info) => ({ line: lines.next(cells, info.lines), cells } satisfies SourceRow) as unknown as string[]
  })
  addAbortSignal(signal, parser)
  pipeline(encoding.slices(bytes), parser, () => {}) // an error of either side reaches the reader through the parser
  const records = recordsOf(parser, lines, signal)
  const first = await records.next()
  if (first.done === true) throw new DomainError('csv-invalid', 'the file is empty: it has no header line', { remedy: 'send a CSV whose first line has the column names' })
  const columns = headerOf(first.value.cells as string[])
  return { columns, rows: rowsOf(records, columns.length), cellsAre: 'text', dialect }
}

/** Where rows begin. csv-parse tells where they end, but counts a CRLF inside quotes as two lines. */
class LineCount {
  #begins = 1
  surplus = 0

  /** The line on which the row of these cells begins; csv-parse's count is at its end. */
  next (cells: readonly string[], counted: number): number {
    const begins = this.#begins
    if (counted - this.surplus > begins) this.surplus += cells.reduce((sum, cell) => sum + cell.split('\r\n').length - 1, 0)
    this.#begins = counted - this.surplus + 1
    return begins
  }
}

async function * recordsOf (parser: Readable, lines: LineCount, signal: AbortSignal): AsyncGenerator<SourceRow, void, undefined> {
  try {
    for await (const row of parser) yield row as SourceRow
  } catch (error) {
    signal.throwIfAborted()
    throw faultOf(error, lines.surplus)
  }
}

function headerOf (names: readonly string[]): string[] {
  const columns = names.map(name => name.trim())
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new DomainError('csv-invalid', `line 1: the column "${twice}" is there twice`, { remedy: 'give each column a name of its own' })
  }
  return columns
}

async function * rowsOf (records: AsyncIterable<SourceRow>, width: number): AsyncGenerator<SourceRow, void, undefined> {
  for await (const row of records) {
    const { line, cells } = row
    if (cells.length === width) {
      yield row
    } else if (cells.length !== 1 || cells[0] !== '') {
      throw new DomainError('csv-invalid', `line ${line} has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, the header has ${width}`, {
        remedy: 'correct the line; a cell that holds the delimiter or a line end must be quoted; delimiter= names another delimiter'
      })
    }
  }
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
