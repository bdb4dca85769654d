import { DomainError, invalidFields } from '../../errors.js'
import { isSign, settleDialect } from './dialect.js'
import type { CsvDialect } from './table.js'

/** A sep= line is sought in so many bytes at the beginning of the file. */
const PEEKED_BYTES = 32
/** A first line of Excel's own that names the delimiter: sep=; */
const SEP_LINE = /^(?:"sep=(?<quoted>\\t|[^\r\n])"|sep=(?<plain>\\t|[^\r\n])) *(?:\r\n|\n|\r|$)/iu

export interface Begun {
  /** The line of the header: 1, or 2 after a line that names the delimiter. */
  readonly line: number
  readonly dialect: CsvDialect
  /** The bytes from the header line on. */
  readonly slices: AsyncGenerator<Buffer, void, undefined>
}

/**
 * Reads the beginning of a CSV in UTF-8 and takes the delimiter from a first line sep=; if there is
 * one.
 * @throws DomainError `request-invalid` when the caller named another delimiter, or signs that
 *   contradict it; `csv-invalid` when sep= names no possible delimiter
 */
export async function afterSepLine (
  slices: AsyncGenerator<Buffer, void, undefined>,
  given: CsvDialect
): Promise<Begun> {
  let first = Buffer.alloc(0)
  while (mayBeSepLine(first)) {
    const { done, value } = await slices.next()
    if (done === true) break
    first = first.length === 0 ? (value as Buffer<ArrayBuffer>) : Buffer.concat([first, value])
  }
  const found = SEP_LINE.exec(first.toString('utf8', 0, PEEKED_BYTES))
  const named = found?.groups?.['quoted'] ?? found?.groups?.['plain']
  if (found === null || named === undefined) {
    return { line: 1, dialect: settleDialect(given), slices: readBegunThen(first, slices) }
  }
  const delimiter = named === '\\t' ? '\t' : named
  if (!isSign(delimiter)) {
    throw new DomainError(
      'csv-invalid',
      `line 1: sep= names "${delimiter}", which can't be a delimiter`,
      { remedy: 'name one character, or leave the line out' }
    )
  }
  if (given.delimiterGiven === true && given.delimiter !== delimiter) {
    throw invalidFields([
      {
        field: 'query.delimiter',
        detail: `is "${given.delimiter}", but the file's first line says sep=${named}`,
        remedy: 'leave delimiter out, or take the line sep= out of the file'
      }
    ])
  }
  const rest = first.subarray(Buffer.byteLength(found[0]))
  return {
    line: 2,
    dialect: settleDialect({ ...given, delimiter }),
    slices: readBegunThen(rest, slices)
  }
}

const BEGINNINGS = ['sep=', '"sep=']

/**
 * Whether more bytes may still complete a sep= line. Other beginnings are decided at once, so that
 * a short header does not wait for its rows.
 */
function mayBeSepLine (bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, PEEKED_BYTES).toLowerCase()
  if (text.length === PEEKED_BYTES || /\n|\r./s.test(text)) return false
  return BEGINNINGS.some(beginning => text.startsWith(beginning) || beginning.startsWith(text))
}

async function * readBegunThen (
  first: Buffer,
  slices: AsyncGenerator<Buffer, void, undefined>
): AsyncGenerator<Buffer, void, undefined> {
  try {
    if (first.length > 0) yield first
    yield * slices
  } finally {
    slices.return(undefined).catch(() => {}) // not awaited: a read may still be pending
  }
}
