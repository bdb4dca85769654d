// How the grammar's texts become bytes, and those of an answer texts again.

export interface Encoding {
  readonly name: string
  readonly encode: (text: string) => Buffer
  readonly decode: (bytes: Buffer) => string
  readonly holds: (text: string) => boolean
  /** Bytes that are no text in it. */
  readonly noText: Buffer
  readonly hasMark: boolean
}

/** What the grammar writes of each table: windows-1252 has more above ASCII than the euro sign. */
const LETTERS = /^[\p{ASCII}\u00a0-\u00ff]*$/u
const EURO_LETTERS = /^[\p{ASCII}\u00a0-\u00ff€]*$/u
const utf8 = (bytes: Buffer) => bytes.toString()
const utf16 = (bytes: Buffer) => bytes.toString('utf16le')
const latin = (bytes: Buffer) => bytes.toString('latin1')
const turned = (bytes: Buffer) => Buffer.from(bytes).swap16()
export const UTF_8: Encoding = {
  name: 'utf-8',
  encode: text => Buffer.from(text),
  decode: utf8,
  holds: () => true,
  noText: Buffer.from([0xff]),
  hasMark: true
}
export const ENCODINGS: readonly Encoding[] = [
  UTF_8,
  {
    name: 'iso-8859-1',
    encode: text => Buffer.from(text, 'latin1'),
    decode: latin,
    holds: text => LETTERS.test(text),
    noText: Buffer.from([0x80]),
    hasMark: false
  },
  {
    name: 'windows-1252',
    encode: text => Buffer.from(text.replaceAll('€', '\u0080'), 'latin1'),
    decode: bytes => latin(bytes).replaceAll('\u0080', '€'),
    holds: text => EURO_LETTERS.test(text),
    noText: Buffer.from([0x81]),
    hasMark: false
  },
  {
    name: 'utf-16',
    encode: text => Buffer.from('\ufeff' + text, 'utf16le'),
    decode: bytes => utf16(bytes).replace(/^\ufeff/, ''),
    holds: () => true,
    noText: Buffer.from('\ud800x', 'utf16le'),
    hasMark: false
  },
  {
    name: 'utf-16le',
    encode: text => Buffer.from(text, 'utf16le'),
    decode: utf16,
    holds: () => true,
    noText: Buffer.from([0x41]),
    hasMark: true
  },
  {
    name: 'utf-16be',
    encode: text => turned(Buffer.from(text, 'utf16le')),
    decode: bytes => utf16(turned(bytes)),
    holds: () => true,
    noText: Buffer.from([0x41]),
    hasMark: true
  }
]
