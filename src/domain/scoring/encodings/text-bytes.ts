import { isUtf8 } from 'node:buffer'
import { DomainError, type Fault } from '../../errors.js'

/** Chunks are cut to this size, because csv-parse emits a chunk's rows without backpressure. */
const SLICE_BYTES = 64 * 1024
/** A byte becomes at most three bytes of UTF-8, so a slice stays within SLICE_BYTES. */
const TRANSCODED_BYTES = SLICE_BYTES / 4
const LF = 10

const GZIP_REMEDY =
  'send it with Content-Encoding: gzip, or in a form under a file name that ends in .gz'

/** The fault and its words for bytes that are not UTF-8; they differ for CSV and JSON. */
interface Utf8Faults {
  readonly fault: Fault
  readonly what: string
  readonly remedy: string
  readonly utf16Remedy: string
}
const OF_CSV: Utf8Faults = {
  fault: 'csv-invalid',
  what: 'the file',
  remedy:
    'a CSV in another encoding needs encoding=, e.g. encoding=windows-1252 (wlatin1 in SAS); or save the file as UTF-8 (in SAS: FILENAME … ENCODING="utf-8") and send it again',
  utf16Remedy:
    'a CSV in UTF-16 needs encoding=utf-16; or save the file as UTF-8 and send it again'
}
export const OF_JSON: Utf8Faults = {
  fault: 'request-unreadable',
  what: 'the body',
  remedy: 'JSON is read as UTF-8 only: write it in UTF-8',
  utf16Remedy: 'JSON is read as UTF-8 only: write it in UTF-8'
}

/**
 * Cuts a UTF-8 text into slices of at most 64 KiB, without its byte order mark.
 * @throws DomainError `csv-invalid`, or that of `faults`, when a line is not UTF-8. Decoding would
 *   silently turn its bytes into replacement characters.
 */
export async function * utf8Slices (
  source: AsyncIterable<Buffer>,
  faults: Utf8Faults = OF_CSV
): AsyncGenerator<Buffer, void, undefined> {
  let line = 1
  let rest: Buffer = Buffer.alloc(0)
  let first = true
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      let slice = chunk.subarray(at, at + SLICE_BYTES)
      if (rest.length > 0) slice = Buffer.concat([rest, slice])
      if (first && slice.length < 4) {
        rest = slice // too short to recognise a byte order mark
        continue
      }
      if (first) slice = withoutMark(slice, faults)
      first = false
      const whole = wholeCharacters(slice)
      rest = slice.subarray(whole)
      const ready = slice.subarray(0, whole)
      line = checkUtf8(ready, line, faults)
      if (ready.length > 0) yield ready
    }
  }
  if (first) rest = withoutMark(rest, faults)
  checkUtf8(rest, line, faults)
  if (rest.length > 0) yield rest
}

function withoutMark (bytes: Buffer, { fault, what, utf16Remedy }: Utf8Faults): Buffer {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new DomainError(fault, `${what} is gzip, and nothing says so`, { remedy: GZIP_REMEDY })
  }
  if (
    bytes.length >= 2 &&
    ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
  ) {
    throw new DomainError(fault, `${what} is UTF-16, not UTF-8`, { remedy: utf16Remedy })
  }
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

/** Returns the length without an incomplete character at the end. */
function wholeCharacters (bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return bytes.length
    if (byte >= 0xc0) {
      const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return needs > back ? bytes.length - back : bytes.length
    }
  }
  return bytes.length
}

/** Checks bytes that begin in `line`. Returns the line in which they end. */
function checkUtf8 (bytes: Buffer, line: number, { fault, remedy }: Utf8Faults): number {
  if (!isUtf8(bytes)) {
    let bad = line
    let from = 0
    // The faulty line is sought only now, because whole slices are faster to check.
    for (
      let to = bytes.indexOf(LF);
      to >= 0 && isUtf8(bytes.subarray(from, to));
      to = bytes.indexOf(LF, from)
    ) {
      bad++
      from = to + 1
    }
    throw new DomainError(fault, `line ${bad} is not UTF-8 text`, { remedy })
  }
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) line++
  return line
}

/** Decodes text from pieces of bytes that may be cut anywhere. */
export interface Decoder {
  write(piece: Buffer): string
  /** Returns what the decoder makes of an incomplete character at the end, if there is one. */
  end(): string | undefined
}

const MARK = '\ufeff'
const MARK_BYTES = 4
const MARKS: ReadonlyArray<{
  readonly charset: string
  readonly bytes: readonly number[]
  readonly family: RegExp
}> = [
  { charset: 'utf-8', bytes: [0xef, 0xbb, 0xbf], family: /^utf-8$/ },
  { charset: 'utf-32', bytes: [0xff, 0xfe, 0, 0], family: /^$/ },
  { charset: 'utf-32', bytes: [0, 0, 0xfe, 0xff], family: /^$/ },
  { charset: 'utf-16', bytes: [0xff, 0xfe], family: /^utf-16(le)?$/ },
  { charset: 'utf-16', bytes: [0xfe, 0xff], family: /^utf-16(be)?$/ }
]

/**
 * Passes the bytes on and checks their byte order mark: one of another encoding proves that the
 * file is not in this one.
 * @throws DomainError `csv-invalid`
 */
async function * withoutOtherMark (
  source: AsyncIterable<Buffer>,
  charset: string
): AsyncGenerator<Buffer, void, undefined> {
  let begin: Buffer | undefined = Buffer.alloc(0)
  const check = (bytes: Buffer) => {
    const mark = MARKS.find(mark => mark.bytes.every((byte, index) => bytes[index] === byte))
    // The bytes of a UTF-16 mark may also be the letters ÿþ of another encoding. They are taken for
    // a mark only if a zero byte follows, as UTF-16 has beside each ASCII letter.
    if (
      mark === undefined ||
      mark.family.test(charset) ||
      (mark.charset === 'utf-16' && bytes[2] !== 0 && bytes[3] !== 0)
    ) { return }
    throw new DomainError(
      'csv-invalid',
      `the file begins with the byte order mark of ${mark.charset}, it is not ${charset}`,
      {
        remedy:
          mark.charset === 'utf-8'
            ? 'leave encoding out, and charset= of the Content-Type, or save the file in the encoding that they name'
            : 'give encoding=utf-16, or save the file as UTF-8 and send it again'
      }
    )
  }
  for await (const chunk of source) {
    if (begin === undefined) {
      yield chunk
      continue
    }
    begin = Buffer.concat([begin, chunk])
    if (begin.length < MARK_BYTES) continue
    check(begin)
    yield begin
    begin = undefined
  }
  if (begin === undefined) return
  check(begin)
  yield begin
}

/**
 * Transcodes a text of another encoding to UTF-8, in slices of at most 64 KiB, without its byte
 * order mark. `invalid` matches what the decoder makes of bytes that are no text.
 * @throws DomainError `csv-invalid` naming a line in which `invalid` matches, or when the byte
 *   order mark is that of another encoding
 */
export async function * transcodedSlices (
  source: AsyncIterable<Buffer>,
  charset: string,
  decoder: Decoder,
  invalid: RegExp
): AsyncGenerator<Buffer, void, undefined> {
  let line = 1
  let isFirst = true
  const encodeChecked = (decoded: string): Buffer => {
    const text = isFirst && decoded.startsWith(MARK) ? decoded.slice(1) : decoded
    isFirst &&= decoded === ''
    const at = text.search(invalid)
    if (at >= 0) {
      throw new DomainError(
        'csv-invalid',
        `line ${line + countLineEnds(text.slice(0, at))} is not ${charset} text`,
        {
          remedy:
            'give the encoding that the file really has; windows-1252 (wlatin1) is often taken for iso-8859-1 (latin1)'
        }
      )
    }
    line += countLineEnds(text)
    return Buffer.from(text)
  }
  for await (const chunk of withoutOtherMark(source, charset)) {
    for (let at = 0; at < chunk.length; at += TRANSCODED_BYTES) {
      const bytes = encodeChecked(decoder.write(chunk.subarray(at, at + TRANSCODED_BYTES)))
      if (bytes.length > 0) yield bytes
    }
  }
  const last = encodeChecked(decoder.end() ?? '')
  if (last.length > 0) yield last
}

function countLineEnds (text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}
