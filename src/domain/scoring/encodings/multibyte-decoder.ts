import iconv, { type Encoding as TableName } from 'iconv-lite'
import type { Decoder } from './text-bytes.js'

/**
 * In the encodings of several bytes per character, a byte below this is always a character by
 * itself.
 */
const ALONE_BELOW = 0x30
/** The longest characters, those of GB 18030, have four bytes; so at most three bytes wait. */
const PENDING_MAX = 3

/**
 * Reads an encoding of several bytes per character, in pieces that may be cut anywhere. iconv-lite
 * (0.7) gets whole characters only: if a piece completes a character of two UTF-16 units, its own
 * streaming decoder silently drops the end of the piece.
 */
export class MultibyteDecoder implements Decoder {
  readonly #table: TableName
  #rest: Buffer = Buffer.alloc(0)

  constructor (table: TableName) {
    this.#table = table
  }

  write (piece: Buffer): string {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece
    const whole = this.#wholeCharacters(bytes)
    this.#rest = Buffer.from(bytes.subarray(whole))
    // stripBOM: false, because the caller removes the only byte order mark, that of the whole text
    return iconv.decode(bytes.subarray(0, whole), this.#table, { stripBOM: false })
  }

  end (): string {
    return this.#rest.length > 0 ? '\ufffd' : ''
  }

  /** Returns the length without an incomplete character at the end. */
  #wholeCharacters (bytes: Buffer): number {
    let begin = bytes.length
    while (begin > 0 && bytes[begin - 1]! >= ALONE_BELOW) begin--
    for (let end = bytes.length; end >= begin && end >= bytes.length - PENDING_MAX; end--) {
      const decoder = iconv.getDecoder(this.#table)
      decoder.write(bytes.subarray(begin, end))
      if ((decoder.end() ?? '') === '') return end
    }
    return bytes.length
  }
}
