// How a body is asked for and sent: options, encodings, chunks, and one sign that is edited.
import fc from 'fast-check'
import { often, rarely, seldom } from './columns.js'
import { ENCODINGS, UTF_8 } from './encodings.js'
import type { Sent } from './source.js'
import type { PlainDialect } from './plain/plain-csv.js'

export interface Body extends Sent {
  readonly headers: Readonly<Record<string, string>>
  readonly query: string
  readonly bytes: Buffer
  /** Shares of its length at which it is cut. */
  readonly cuts: readonly number[]
  readonly isChunked: boolean
  /** Reads a CSV that answers. */
  readonly decode: (bytes: Buffer) => string
}

/** An edit of one sign, somewhere. */
export const edits = seldom(9, fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  insert: fc.constantFrom('', '"', '\'', ',', ';', '\n', '\r\n', '\r', '\u001a', 'x', '{', '}', ']',
    ':', '\\', '0', '-', '\ufeff', '\u00a0', '\n\n', '\\ud83d', 'NaN'),
  removes: fc.constantFrom(0, 0, 1)
}))
type Edit = NonNullable<typeof edits extends fc.Arbitrary<infer E> ? E : never>

export function edited (text: string, edit: Edit | undefined): string {
  if (edit === undefined) return text
  let at = Math.floor(edit.at * text.length)
  if (/[\udc00-\udfff]/.test(text[at] ?? '')) at--
  const removes = /[\ud800-\udbff]/.test(text[at] ?? '') ? 2 * edit.removes : edit.removes
  return text.slice(0, at) + edit.insert + text.slice(at + removes)
}

export const options = fc.record({
  format: fc.constantFrom('csv' as const, 'ndjson' as const, 'json' as const),
  columns: fc.constantFrom('all' as const, 'all' as const, 'outputs' as const),
  onError: fc.constantFrom('report' as const, 'report' as const, 'report' as const,
    'report' as const, 'skip' as const, 'fail' as const)
})
export const wires = fc.record({
  as: fc.constantFrom('raw', 'raw', 'form', 'gzip', 'curl'),
  encoding: fc.constantFrom(UTF_8, UTF_8, UTF_8, ...ENCODINGS),
  byCharset: fc.boolean(),
  hasMark: rarely,
  noText: seldom(40, fc.constant(true)),
  namesDelimiter: often,
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  isChunked: fc.boolean()
})
export type Wire = typeof wires extends fc.Arbitrary<infer W> ? W : never
export type Asked = typeof options extends fc.Arbitrary<infer O> ? O : never

export function queryOf (
  asked: Asked,
  dialect: PlainDialect,
  delimiter: string | undefined,
  encoding: string | undefined
): string {
  const { decimal, thousands, quote, missing } = dialect
  return new URLSearchParams({
    ...asked,
    decimal,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(thousands === undefined ? {} : { thousands }),
    quote: quote === '' ? 'none' : quote,
    ...(missing.length === 0 ? {} : { missing: missing.join() }),
    ...(encoding === undefined ? {} : { encoding })
  }).toString()
}
