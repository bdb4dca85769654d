// How the grammar's bodies are written.
import { needsQuotes, type PlainDialect } from './plain/plain-csv.js'

/** A cell; `isQuoted`: also where it need not be. Without quotes it loses what would need them. */
export function csvText (text: string, dialect: PlainDialect, isQuoted: boolean): string {
  const { delimiter, quote } = dialect
  if (quote === '') return text.replaceAll(/[\r\n]/g, '').replaceAll(delimiter, '')
  if (!isQuoted && !needsQuotes(text, dialect)) return text
  return quote + text.replaceAll(quote, quote + quote) + quote
}

interface JsonRows {
  readonly kind: 'ndjson' | 'json'
  readonly form: string
  /** Names and values as JSON text. */
  readonly members: ReadonlyArray<ReadonlyArray<readonly [name: string, value: string]>>
  /** By turns: a blank before and after a sign. */
  readonly looks: readonly boolean[]
  readonly lineEnd: string
  readonly hasEnd: boolean
}

export function jsonRowsText ({ kind, form, members, looks, lineEnd, hasEnd }: JsonRows): string {
  let index = 0
  const sign = (text: string) => looks[index++ % looks.length] === true ? ` ${text}\t` : text
  const object = (list: ReadonlyArray<readonly [string, string]>) =>
    `{${list.map(([name, value]) => name + sign(':') + value).join(sign(','))}}`
  const rows = members.map(object)
  if (kind === 'ndjson') return rows.join(lineEnd) + (hasEnd ? lineEnd : '')
  if (form === 'rows') return `[${rows.join(sign(','))}]`
  if (form === 'data') return `{"data"${sign(':')}${rows[0] ?? '1'}}`
  if (form === 'other') return `{"data":{}${sign(',')}"inputs":[]}`
  const pairs = (members[0] ?? []).map(([name, value]) =>
    object([['"name"', name], ['"value"', value]])
  )
  return `{"inputs":[${pairs.join(sign(','))}]}`
}
