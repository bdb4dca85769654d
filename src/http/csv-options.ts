import { Type } from 'typebox'
import { invalidFields, type FieldFault } from '../domain/errors.js'
import { encodingOf, UTF_8 } from '../domain/scoring/encoding.js'
import type { CsvDialect } from '../domain/scoring/table.js'

/** How the CSV that comes is written; the one that answers it is written alike. */
export const CsvOptions = {
  delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 9, description: 'of the CSV, one character, or semicolon, tab or space; default a comma' })),
  decimal: Type.Optional(Type.Enum(['.', ','], { description: 'the decimal sign of the CSV\'s numbers, also of those in the answer; default a point' })),
  thousands: Type.Optional(Type.String({
    minLength: 1,
    maxLength: 5,
    description: 'what may stand between groups of three digits in numeric columns, e.g. a point, a comma, \' or space (any that does not break); default nothing. Numbers of the answer have none'
  })),
  quote: Type.Optional(Type.String({
    minLength: 1, maxLength: 4, description: 'around cells of the CSV that hold the delimiter or a line end; one character, default ", or none: then no cell can hold these'
  })),
  encoding: Type.Optional(Type.String({
    minLength: 1,
    maxLength: 40,
    description: 'of the CSV and of the CSV that answers it: utf-8 (default; answered without a byte order mark), utf-16 (with one; utf-16le and utf-16be without), windows-125x, iso-8859-x, latin1, shift_jis, euc-jp, gb18030, big5, euc-kr, …, ' +
      'also by SAS\'s names, e.g. wlatin1, latin9. A row whose outputs it can\'t write is a failed row'
  })),
  missing: Type.Optional(Type.String({
    maxLength: 1_000, description: 'texts that mean missing in numeric columns of the CSV, separated by commas, e.g. NA,-999; besides blank cells and SAS\'s ., ._ and .A to .Z, which always do'
  }))
}

export interface GivenCsvOptions {
  readonly delimiter?: string
  readonly decimal?: string
  readonly thousands?: string
  readonly quote?: string
  readonly encoding?: string
  readonly missing?: string
}

const NAMED: ReadonlyMap<string, string> = new Map([['tab', '\t'], ['\\t', '\t'], ['space', ' '], ['semicolon', ';']])

/** @throws DomainError `request-invalid` naming the options that can't be, or can't be together */
export function dialectOf (given: GivenCsvOptions): CsvDialect {
  const delimiter = named(given.delimiter ?? ',')
  const decimal = given.decimal ?? '.'
  const thousands = given.thousands === undefined ? undefined : named(given.thousands)
  const quote = given.quote === 'none' ? '' : given.quote ?? '"'
  const encoding = given.encoding === undefined ? UTF_8 : encodingOf(given.encoding)
  const faults: FieldFault[] = []
  const refuse = (option: keyof GivenCsvOptions, detail: string, remedy: string) => { faults.push({ field: `query.${option}`, detail, remedy }) }

  if (!isSign(delimiter)) refuse('delimiter', `"${given.delimiter!}" can't be a delimiter`, 'give one character, or semicolon, tab or space')
  if (quote !== '' && (!isSign(quote) || quote === ' ')) refuse('quote', `"${quote}" can't be a quote`, 'give one character, e.g. \', or none')
  if (thousands !== undefined && !isSign(thousands)) refuse('thousands', `"${thousands}" can't separate thousands`, 'give one character, e.g. a point, or space')
  if (encoding === undefined) {
    refuse('encoding', `"${given.encoding!}" is not known`, 'give utf-8, utf-16, windows-1252 (wlatin1), iso-8859-1 (latin1), another table of these families, shift_jis, euc-jp, gb18030, big5 or euc-kr')
  } else if (encoding.holds?.(delimiter + quote) === false) {
    refuse('encoding', `${encoding.charset} can't write the delimiter or the quote`, 'give signs that it has')
  }
  if (faults.length > 0) throw invalidFields(faults)

  if (delimiter === decimal) {
    if (decimal === ',') refuse('decimal', 'the comma is also the delimiter', 'give the file\'s delimiter, e.g. delimiter=%3B or delimiter=semicolon')
    else refuse('delimiter', 'the point is also the decimal sign', 'give the file\'s decimal sign, e.g. decimal=%2C for a comma')
  }
  if (quote === delimiter) refuse('quote', `"${quote}" is also the delimiter`, 'give the character that quotes cells, or quote=none')
  if (quote === decimal) refuse('quote', `"${quote}" is also the decimal sign`, 'give the character that quotes cells, or quote=none')
  if (thousands === decimal) {
    refuse('thousands', `"${thousands}" is also the decimal sign`, `give the file's decimal sign, e.g. ${decimal === '.' ? 'decimal=%2C for a comma' : 'decimal=. for a point'}, or leave thousands out`)
  }
  if (thousands === quote) refuse('thousands', `"${thousands}" is also the quote`, 'give the character that quotes cells, or quote=none')
  if (thousands === delimiter && quote === '') {
    refuse('thousands', `"${thousands}" is also the delimiter, and without quotes nothing tells them apart`, 'give the file\'s delimiter or its quote, or leave thousands out')
  }
  if (faults.length > 0) throw invalidFields(faults)
  const missing = (given.missing ?? '').split(',').map(text => text.trim()).filter(text => text !== '')
  return { delimiter, decimal, thousands, quote, missing, encoding: encoding! }
}

function named (text: string): string {
  return NAMED.get(text) ?? text
}

/** One character that is neither a line end nor a letter, digit or sign, as numbers have. */
function isSign (text: string): boolean {
  return text.length === 1 && !/[\r\n\da-z+-]/i.test(text)
}
