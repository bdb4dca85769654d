import iconv, { type Encoding as TableName } from 'iconv-lite'
import type { Decoder } from './text-bytes.js'

/** In the encodings of several bytes a character these are no part of one that has more than one byte. */
const ALONE_BELOW = 0x30
/** GB 18030 has the longest characters, of four bytes. */
const PENDING_MAX = 3

/**
 * Reads an encoding of several bytes a character, in pieces cut anywhere. iconv-lite (0.7) gets whole characters only: where a piece
 * completes one that takes two units of UTF-16, it drops the end of the piece in silence.
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
    return iconv.decode(bytes.subarray(0, whole), this.#table)
  }

  end (): string {
    return this.#rest.length > 0 ? '\ufffd' : ''
  }

  /** The length without a character at the end of which only the beginning is there. */
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
