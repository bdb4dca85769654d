import { DomainError } from '../../errors.js'

const MARK = '\ufeff'

/**
 * Decodes UTF-16 from pieces of bytes that may be cut anywhere. An incomplete character at the end
 * becomes a lone surrogate.
 */
export class Utf16Decoder {
  #order: 'le' | 'be' | undefined
  #rest: Buffer = Buffer.alloc(0)

  /**
   * `order` undefined: the byte order mark decides, else the zero byte of a first ASCII character.
   */
  constructor (order: 'le' | 'be' | undefined) {
    this.#order = order
  }

  /** @throws DomainError `csv-invalid` when neither mark nor first character tells the order */
  write (piece: Buffer): string {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece
    if (bytes.length >= 2) this.#order ??= orderOf(bytes[0]!, bytes[1]!)
    const text = unitsOf(bytes, this.#order)
    const last = text.charCodeAt(text.length - 1)
    // The second half of this character is still to come.
    const whole = last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text
    this.#rest = Buffer.from(bytes.subarray(whole.length * 2))
    return whole
  }

  end (): string {
    return this.#rest.length > 0 ? '\ud800' : ''
  }
}

/** Writes UTF-16. Without a given order it is little-endian, after a byte order mark. */
export function utf16Encoder (order: 'le' | 'be' | undefined): (piece: string) => Buffer {
  let begun = order !== undefined
  return piece => {
    const bytes = Buffer.from(begun ? piece : MARK + piece, 'utf16le')
    begun = true
    return order === 'be' ? bytes.swap16() : bytes
  }
}

function unitsOf (bytes: Buffer, order: 'le' | 'be' | undefined): string {
  const length = bytes.length - (bytes.length % 2)
  return order === 'be'
    ? Buffer.from(bytes.subarray(0, length)).swap16().toString('utf16le')
    : bytes.toString('utf16le', 0, length)
}

function orderOf (first: number, second: number): 'le' | 'be' {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'le'
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'be'
  throw new DomainError(
    'csv-invalid',
    'the file has no UTF-16 byte order mark, and its first character does not tell the order',
    {
      remedy:
        'give encoding=utf-16le or encoding=utf-16be, or the encoding that the file really has'
    }
  )
}
