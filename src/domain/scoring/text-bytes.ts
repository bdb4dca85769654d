import { isUtf8 } from 'node:buffer'
import { DomainError } from '../errors.js'

/** csv-parse emits every row of a chunk whatever its reader does, so chunks are cut before it. */
const SLICE_BYTES = 64 * 1024
/** A byte becomes at most three in UTF-8, and two bytes at most six. */
const TRANSCODED_BYTES = SLICE_BYTES / 4
const LF = 10
const NOT_UTF8 = {
  remedy: 'a CSV in another encoding needs encoding=, e.g. encoding=windows-1252 (wlatin1 in SAS); or save the file as UTF-8 (in SAS: FILENAME … ENCODING="utf-8") and send it again'
}

/**
 * The bytes of a UTF-8 text in slices of at most 64 KiB, without its byte order mark.
 * @throws DomainError `csv-invalid` where a line is not UTF-8: read on, it would turn into replacement characters in silence
 */
export async function * utf8Slices (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let line = 1
  let rest: Buffer = Buffer.alloc(0)
  let first = true
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      let slice = chunk.subarray(at, at + SLICE_BYTES)
      if (rest.length > 0) slice = Buffer.concat([rest, slice])
      if (first && slice.length < 4) {
        rest = slice // too short to tell a byte order mark
        continue
      }
      if (first) slice = withoutMark(slice)
      first = false
      const whole = wholeCharacters(slice)
      rest = slice.subarray(whole)
      const ready = slice.subarray(0, whole)
      line = checked(ready, line)
      if (ready.length > 0) yield ready
    }
  }
  if (first) rest = withoutMark(rest)
  checked(rest, line)
  if (rest.length > 0) yield rest
}

function withoutMark (bytes: Buffer): Buffer {
  if (bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))) {
    throw new DomainError('csv-invalid', 'the file is UTF-16, not UTF-8', { remedy: 'a CSV in UTF-16 needs encoding=utf-16; or save the file as UTF-8 and send it again' })
  }
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

/** The length without a character at the end of which only the beginning is there. */
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

/** The line number after these bytes. */
function checked (bytes: Buffer, line: number): number {
  if (!isUtf8(bytes)) {
    let bad = line
    let from = 0
    // Only now it is worth finding the line.
    for (let to = bytes.indexOf(LF); to >= 0 && isUtf8(bytes.subarray(from, to)); to = bytes.indexOf(LF, from)) {
      bad++
      from = to + 1
    }
    throw new DomainError('csv-invalid', `line ${bad} is not UTF-8 text`, NOT_UTF8)
  }
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) line++
  return line
}

/** Reads text in pieces of bytes, cut anywhere. */
export interface Decoder {
  write (piece: Buffer): string
  /** What is left of a character of which only the beginning came. */
  end (): string | undefined
}

/**
 * The bytes of a text in another encoding as UTF-8, in slices of at most 64 KiB.
 * @throws DomainError `csv-invalid` where a line has what `invalid` finds: what the decoder makes of bytes that are no text
 */
export async function * transcodedSlices (
  source: AsyncIterable<Buffer>, charset: string, decoder: Decoder, invalid: RegExp
): AsyncGenerator<Buffer, void, undefined> {
  let line = 1
  const checked = (text: string): Buffer => {
    const at = text.search(invalid)
    if (at >= 0) {
      throw new DomainError('csv-invalid', `line ${line + lineEnds(text.slice(0, at))} is not ${charset} text`, {
        remedy: 'give the encoding that the file really has; windows-1252 (wlatin1) is often taken for iso-8859-1 (latin1)'
      })
    }
    line += lineEnds(text)
    return Buffer.from(text)
  }
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += TRANSCODED_BYTES) {
      const bytes = checked(decoder.write(chunk.subarray(at, at + TRANSCODED_BYTES)))
      if (bytes.length > 0) yield bytes
    }
  }
  const last = checked(decoder.end() ?? '')
  if (last.length > 0) yield last
}

function lineEnds (text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}
