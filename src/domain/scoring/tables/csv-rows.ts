import { finished } from 'node:stream/promises'
import { CsvError, parse, type Parser } from 'csv-parse'
import { breather } from '../../../async/breather.js'
import { DomainError } from '../../errors.js'
import { untilAborted } from '../../../async/until-aborted.js'
import { headerOf, wholeRows, type Header } from './csv-header.js'
import { UTF_8 } from '../encodings/encoding.js'
import type { Progress } from '../progress/progress.js'
import { withoutEnd } from './file-end.js'
import { afterSepLine, type Begun } from './sep-line.js'
import type { CsvDialect, SourceRow, Table } from './table.js'

const RECORD_MAX_BYTES = 1024 * 1024
const PARSER_OPTIONS = {
  relax_column_count: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  max_record_size: RECORD_MAX_BYTES
}
/**
 * The parser makes all rows of the bytes it gets before anything else in the process can run. So it
 * gets few bytes at first, and then as many as had about so many rows: a row may be one digit.
 */
const STEP = { firstBytes: 512, mostBytes: 4 * 1024, rows: 256 }

export interface CsvSource {
  /**
   * The file came in a way that may have removed its line ends. A single line is then refused,
   * instead of being read as a header without rows.
   */
  readonly mayBeStripped?: boolean
  /** Counts the bytes on their way here, and is told where in them the rows end. */
  readonly progress?: Progress
}

/**
 * Reads a CSV with a header line. Lines may end in LF, CRLF or CR, and quoted cells may hold line
 * ends. Blank lines are skipped if the file has more than one column, and always at its end. A
 * first line sep=; names the delimiter.
 * @throws DomainError `csv-invalid` naming the line: no header, duplicate names, a row of another
 *   length, quotes out of place, not in the encoding; `request-invalid` where the file's own
 *   delimiter is not the caller's
 */
export async function readCsv (
  bytes: AsyncIterable<Buffer>,
  given: CsvDialect,
  signal: AbortSignal,
  { mayBeStripped = false, progress }: CsvSource = {}
): Promise<Table> {
  const whole = withoutEnd((given.encoding ?? UTF_8).slices(bytes), given.quote ?? '"')
  const begun = await untilAborted(afterSepLine(whole, given), signal).catch(error => {
    whole.return(undefined).catch(() => {}) // not awaited: a read may still be pending
    throw error
  })
  const lines = new LineCount(begun.line)
  const batches = recordBatches(begun, lines, signal, progress)
  let first: SourceRow[] = []
  while (first.length === 0) {
    const { done, value } = await batches.next()
    if (done === true) {
      throw new DomainError('csv-invalid', 'the file is empty: it has no header line', {
        remedy: 'send a CSV whose first line has the column names'
      })
    }
    first = value
  }
  const isOneLine = !lines.hasEnd
  if (isOneLine && mayBeStripped) throw strippedFault()
  const header = headerOf(first.shift()!)
  const { columns, width } = header
  const rows = rowsOf(first, batches, header)
  return {
    columns,
    rows,
    cellsAre: 'text',
    dialect: begun.dialect,
    isOneLine,
    ...(width > columns.length ? { unnamed: width - columns.length } : {})
  }
}

function strippedFault (): DomainError {
  return new DomainError(
    'csv-invalid',
    'the file is one line, a header without rows; it came as application/x-www-form-urlencoded, and curl -d sends files so after it took their line ends away',
    {
      remedy:
        'send the file as it is: curl --data-binary @FILE; if it has no rows, end its header line with a line end'
    }
  )
}

/** Yields the records of each slice of bytes. */
async function * recordBatches (
  { dialect: { delimiter, quote = '"' }, slices }: Begun,
  lines: LineCount,
  signal: AbortSignal,
  progress: Progress | undefined
): AsyncGenerator<SourceRow[], void, undefined> {
  const parser = parse({ ...PARSER_OPTIONS, delimiter, quote, escape: quote })
  parser.on('error', () => {}) // the loop below checks `errored`
  allowAnyLength(parser)
  const breathe = breather()
  let stepBytes = STEP.firstBytes
  // The parser is a Transform that works synchronously, so rows can be read right after a write.
  // Iterating over it would cost a turn of the event loop for each row.
  const takeRows = () => {
    const rows: SourceRow[] = []
    for (let cells: string[] | null; (cells = parser.read() as string[] | null) !== null;) {
      rows.push({ line: lines.next(cells), cells })
    }
    return rows
  }
  try {
    while (true) {
      const { done, value: slice } = await untilAborted(slices.next(), signal)
      if (done === true) break
      lines.look(slice, quote)
      const advance = progress?.advance(slice.length)
      for (let at = 0; at < slice.length;) {
        await breathe()
        const step = slice.subarray(at, at + stepBytes)
        at += step.length
        parser.write(step)
        advance?.(at)
        const rows = takeRows()
        yield rows
        if (parser.errored !== null) throw parser.errored
        stepBytes = stepAfter(step.length, rows.length)
      }
    }
    const end = finished(parser, { readable: false })
    parser.end()
    await end
    yield takeRows()
  } catch (error) {
    throw faultOf(error, lines.surplus)
  } finally {
    parser.destroy()
    slices.return(undefined).catch(() => {}) // not awaited: a read may still be pending
  }
}

/** How many bytes have about as many rows as one step may have. */
function stepAfter (bytes: number, rows: number): number {
  return Math.min(STEP.mostBytes, Math.ceil((bytes * STEP.rows) / Math.max(1, rows)))
}

/**
 * Makes the parser expect of each record the length that it has. csv-parse (7.0) otherwise makes an
 * error for each record of another length, even where these are allowed. Each such error holds all
 * errors before it, and a MiB of blank lines took minutes.
 */
function allowAnyLength (parser: Parser): void {
  const { state } = parser as unknown as { state: { record: readonly string[] } }
  Object.defineProperty(state, 'expectedRecordLength', {
    get: () => state.record.length,
    set: () => {}
  })
}

/** Counts the lines on which rows begin, which csv-parse does not report. */
class LineCount {
  /** Whether a quote was seen: only quoted cells can hold line ends. */
  hasQuotes = false
  /**
   * How many more lines csv-parse counts than the file has: it takes a CRLF inside quotes for two
   * line ends. A sep= line counts as -1, since csv-parse does not see it.
   */
  surplus: number
  hasEnd = false
  #next: number

  /** `first`: the number of the line on which reading begins. */
  constructor (first: number) {
    this.#next = first
    this.hasEnd = first > 1
    this.surplus = 1 - first
  }

  /** Looks for quotes and line ends; call it with bytes before `next` is called for their rows. */
  look (bytes: Buffer, quote: string): void {
    this.hasQuotes ||= quote !== '' && bytes.includes(quote)
    this.hasEnd ||= bytes.includes('\n') || bytes.includes('\r')
  }

  /** Returns the line on which the row of these cells begins. */
  next (cells: readonly string[]): number {
    const begins = this.#next++
    if (this.hasQuotes) {
      for (const cell of cells) {
        if (!LINE_END.test(cell)) continue
        for (let at = 0; at < cell.length; at++) {
          const code = cell.charCodeAt(at)
          if (code === LF && cell.charCodeAt(at - 1) === CR) this.surplus++
          else if (code === LF || code === CR) this.#next++
        }
      }
    }
    return begins
  }
}

const LINE_END = /[\r\n]/
const [LF, CR] = [10, 13]

async function * rowsOf (
  first: SourceRow[],
  batches: AsyncGenerator<SourceRow[]>,
  header: Header
): AsyncGenerator<readonly SourceRow[], void, undefined> {
  try {
    yield wholeRows(first, header)
    for await (const batch of batches) yield wholeRows(batch, header)
  } finally {
    await batches.return(undefined) // for a reader that leaves at the first batch
  }
}

function faultOf (error: unknown, surplus: number): unknown {
  const { code, lines } = error as CsvError & { lines?: number }
  if (!(error instanceof CsvError)) return error
  const line = `line ${lines === undefined ? '?' : lines - surplus}`
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new DomainError(
        'csv-invalid',
        `${line}: a quoted cell begins in or before this line and never ends`,
        { cause: error }
      )
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new DomainError('csv-invalid', `${line}: text follows the closing quote of a cell`, {
        cause: error,
        remedy: 'write a quote inside a quoted cell twice'
      })
    case 'INVALID_OPENING_QUOTE':
      return new DomainError('csv-invalid', `${line}: a quote in the middle of an unquoted cell`, {
        cause: error,
        remedy: 'quote the whole cell and write the quote inside it twice'
      })
    case 'CSV_MAX_RECORD_SIZE':
      return new DomainError(
        'csv-invalid',
        `${line}: the row is longer than ${RECORD_MAX_BYTES} bytes`,
        { cause: error, remedy: 'check for a quote that is never closed' }
      )
    default:
      return new DomainError('csv-invalid', `${line}: ${(error as Error).message}`, {
        cause: error
      })
  }
}
