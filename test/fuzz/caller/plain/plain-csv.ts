// A reader of CSV, a character at a time. It shares nothing with the service's.
import { Refusal } from './plain-json.js'

export interface PlainDialect {
  readonly delimiter: string
  readonly decimal: string
  readonly thousands: string | undefined
  /** '': none. */
  readonly quote: string
  readonly missing: readonly string[]
}

/** The records before the text stops making sense, and whether it does. */
export interface Records {
  readonly records: string[][]
  readonly fault: Refusal | undefined
}

/** The text without what only marks its end: blank lines and DOS's Ctrl-Z. */
export function withoutEnd (text: string, quote: string): string {
  const body = text.replace(/[\r\n\cZ]*$/, '')
  const run = text.slice(body.length)
  if (quote === '') return body + /^[\r\n]*/.exec(run)![0]
  return body + /^(?:\r\n|\n|\r|)/.exec(run)![0]
}

export function csvRecords (text: string, { delimiter, quote }: PlainDialect): Records {
  const records: string[][] = []
  const refused = (): Records => ({ records, fault: new Refusal('csv-invalid') })
  const isLineEnd = (at: number) => text[at] === '\n' || text[at] === '\r'
  for (let at = 0; at < text.length;) {
    const cells: string[] = []
    for (;;) {
      let cell = ''
      if (quote !== '' && text[at] === quote) {
        for (at++; ; at++) {
          if (at >= text.length) return refused()
          if (text[at] !== quote) cell += text[at]
          else if (text[at + 1] === quote) cell += text[at++]
          else break
        }
        at++
        if (at < text.length && text[at] !== delimiter && !isLineEnd(at)) return refused()
      } else {
        for (; at < text.length && text[at] !== delimiter && !isLineEnd(at); at++) {
          if (text[at] === quote) return refused()
          cell += text[at]
        }
      }
      cells.push(cell)
      if (text[at] !== delimiter) break
      at++
    }
    records.push(cells)
    at += text.startsWith('\r\n', at) ? 2 : 1
  }
  return { records, fault: undefined }
}

/** Whether a cell can't be written without quotes. */
export function needsQuotes (text: string, { delimiter, quote }: PlainDialect): boolean {
  return [delimiter, '\r', '\n', ...quote].some(sign => text.includes(sign))
}
