import iconv from 'iconv-lite'
import { MultibyteDecoder } from './multibyte-decoder.js'
import { transcodedSlices, utf8Slices, type Decoder } from './text-bytes.js'
import { Utf16Decoder, utf16Encoder } from './utf-16.js'

/** How the text of a CSV is written in bytes. */
export interface Encoding {
  /** As the charset of a content type names it. */
  readonly charset: string
  /**
   * The text of a file as UTF-8, in slices of at most 64 KiB, each of whole characters.
   * @throws DomainError `csv-invalid` naming the line that is not in this encoding
   */
  readonly slices: (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer, void, undefined>
  /** Whether it can write a text so that it reads back the same; undefined: any text. */
  readonly holds?: (text: string) => boolean
  /** A writer of one text, given in pieces. */
  readonly encoder: () => (piece: string) => Buffer
}

/** Written without a byte order mark; one that comes is passed over. */
export const UTF_8: Encoding = { charset: 'utf-8', slices: utf8Slices, encoder: () => piece => Buffer.from(piece) }

/** Without blanks, hyphens and the like, in lower case. */
const UNICODE: Readonly<Record<string, Encoding>> = {
  utf8: UTF_8,
  utf16: utf16('utf-16', undefined),
  utf16le: utf16('utf-16le', 'le'),
  utf16be: utf16('utf-16be', 'be'),
  ucs2: utf16('utf-16', undefined)
}

/** SAS's names, where they are not those that everybody has (SAS NLS Reference, "Encoding Values in SAS Language Elements"). */
const SAS_NAMES: Readonly<Record<string, string>> = {
  wlatin1: 'windows1252',
  wlatin2: 'windows1250',
  wcyrillic: 'windows1251',
  wgreek: 'windows1253',
  wturkish: 'windows1254',
  whebrew: 'windows1255',
  warabic: 'windows1256',
  wbaltic: 'windows1257',
  wvietnamese: 'windows1258'
}

/** Charsets whose registered name is not the table's own. */
const CHARSETS: Readonly<Record<string, string>> = {
  ascii: 'us-ascii', shiftjis: 'shift_jis', eucjp: 'euc-jp', big5hkscs: 'big5-hkscs', koi8r: 'koi8-r', koi8u: 'koi8-u', tis620: 'tis-620', macroman: 'macintosh'
}

/** ISO 8859 has control characters where Windows has letters, quotes and the euro: no text has them, a file under the wrong name does. */
const NOT_IN_ISO_8859 = /[\ufffd\u0080-\u009f]/
/** What a table without an entry gives. */
const NOT_IN_TABLE = /\ufffd/
const LONE_SURROGATE = /\p{Surrogate}/u

/** By its name, whatever its case and hyphens: one of UTF-8, UTF-16, and the tables of iconv-lite; also SAS's names. */
export function encodingOf (name: string): Encoding | undefined {
  const plain = name.toLowerCase().replaceAll(/[^0-9a-z]/g, '')
  return Object.hasOwn(UNICODE, plain) ? UNICODE[plain] : byTable((Object.hasOwn(SAS_NAMES, plain) ? SAS_NAMES[plain]! : plain).replace(/^pcoem/, 'cp'))
}

function utf16 (charset: string, order: 'le' | 'be' | undefined): Encoding {
  return {
    charset,
    slices: source => transcodedSlices(source, charset, new Utf16Decoder(order), LONE_SURROGATE),
    encoder: () => utf16Encoder(order)
  }
}

/** An encoding of one or two bytes a character (GB 18030: of up to four). */
function byTable (name: string): Encoding | undefined {
  if (!iconv.encodingExists(name)) return undefined
  let table: string = name
  let entry = iconv.encodings![name]
  for (; typeof entry === 'string'; entry = iconv.encodings![table as typeof name]) table = entry
  if (entry?.type !== '_sbcs' && entry?.type !== '_dbcs') return undefined
  const charset = CHARSETS[table] ?? table.replace(/^iso8859/, 'iso-8859-').replace(/^windows/, 'windows-')
  const decoder = (): Decoder => entry.type === '_dbcs' ? new MultibyteDecoder(name) : iconv.getDecoder(name) as Decoder
  const invalid = table.startsWith('iso8859') ? NOT_IN_ISO_8859 : NOT_IN_TABLE
  return {
    charset,
    slices: source => transcodedSlices(source, charset, decoder(), invalid),
    holds: text => !invalid.test(text) && iconv.decode(iconv.encode(text, name), name) === text,
    encoder: () => piece => iconv.encode(piece, name)
  }
}
