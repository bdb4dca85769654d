import iconv from 'iconv-lite'
import { MultibyteDecoder } from './multibyte-decoder.js'
import { transcodedSlices, utf8Slices, type Decoder } from './text-bytes.js'
import { Utf16Decoder, utf16Encoder } from './utf-16.js'

/** How the text of a CSV is written in bytes. */
export interface Encoding {
  /** The encoding's name as a charset of a content type. */
  readonly charset: string
  /**
   * Reads a file as UTF-8, in slices of at most 64 KiB, each of whole characters.
   * @throws DomainError `csv-invalid` naming the line that is not in this encoding
   */
  readonly slices: (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer, void, undefined>
  /** Whether the encoding can hold a text without changing it; undefined: it can hold any text. */
  readonly holds?: (text: string) => boolean
  /** Makes a writer for one text, which it gets in pieces. */
  readonly encoder: () => (piece: string) => Buffer
}

/** UTF-8 is written without a byte order mark; one in the file is skipped. */
export const UTF_8: Encoding = {
  charset: 'utf-8',
  slices: utf8Slices,
  encoder: () => piece => Buffer.from(piece)
}

/** The keys are names in lower case, without blanks, hyphens and the like. */
const UNICODE: Readonly<Record<string, Encoding>> = {
  utf8: UTF_8,
  utf16: utf16('utf-16', undefined),
  utf16le: utf16('utf-16le', 'le'),
  utf16be: utf16('utf-16be', 'be'),
  ucs2: utf16('utf-16', undefined)
}

/**
 * SAS's own names of encodings, where they differ from the usual ones (SAS NLS Reference, "Encoding
 * Values in SAS Language Elements").
 */
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

/** Registered names of charsets, where they differ from the name of iconv-lite's table. */
const CHARSETS: Readonly<Record<string, string>> = {
  ascii: 'us-ascii',
  shiftjis: 'shift_jis',
  eucjp: 'euc-jp',
  big5hkscs: 'big5-hkscs',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  tis620: 'tis-620',
  macroman: 'macintosh'
}

/**
 * ISO 8859 has control characters where Windows code pages have letters, quotes and the euro. No
 * real text has them, so they show that a Windows file was declared as ISO 8859.
 */
const NOT_IN_ISO_8859 = /[\ufffd\u0080-\u009f]/
/** The character that iconv-lite gives for bytes that its table does not have. */
const NOT_IN_TABLE = /\ufffd/
const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * Finds an encoding by name, without regard to case and hyphens: UTF-8, UTF-16, and the tables of
 * iconv-lite, also by SAS's names.
 */
export function encodingOf (name: string): Encoding | undefined {
  const plain = name.toLowerCase().replaceAll(/[^0-9a-z]/g, '')
  return Object.hasOwn(UNICODE, plain)
    ? UNICODE[plain]
    : byTable((Object.hasOwn(SAS_NAMES, plain) ? SAS_NAMES[plain]! : plain).replace(/^pcoem/, 'cp'))
}

function utf16 (charset: string, order: 'le' | 'be' | undefined): Encoding {
  return {
    charset,
    slices: source => transcodedSlices(source, charset, new Utf16Decoder(order), LONE_SURROGATE),
    encoder: () => utf16Encoder(order)
  }
}

/** Makes an encoding of one or two bytes per character (GB 18030: up to four). */
function byTable (name: string): Encoding | undefined {
  if (!iconv.encodingExists(name)) return undefined
  let table: string = name
  let entry = iconv.encodings![name]
  for (; typeof entry === 'string'; entry = iconv.encodings![table as typeof name]) table = entry
  if (entry?.type !== '_sbcs' && entry?.type !== '_dbcs') return undefined
  const charset =
    CHARSETS[table] ?? table.replace(/^iso8859/, 'iso-8859-').replace(/^windows/, 'windows-')
  const decoder = (): Decoder =>
    entry.type === '_dbcs' ? new MultibyteDecoder(name) : (iconv.getDecoder(name) as Decoder)
  const invalid = table.startsWith('iso8859') ? NOT_IN_ISO_8859 : NOT_IN_TABLE
  return {
    charset,
    slices: source => transcodedSlices(source, charset, decoder(), invalid),
    holds: text => !invalid.test(text) && iconv.decode(iconv.encode(text, name), name) === text,
    encoder: () => piece => iconv.encode(piece, name)
  }
}
