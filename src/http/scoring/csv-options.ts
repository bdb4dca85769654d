import { Type } from 'typebox'
import { invalidFields, type FieldFault } from '../../domain/errors.js'
import { isSign, settleDialect } from '../../domain/scoring/tables/dialect.js'
import { encodingOf, UTF_8 } from '../../domain/scoring/encodings/encoding.js'
import type { CsvDialect } from '../../domain/scoring/tables/table.js'

/** Options for the dialect of the CSV that comes. The answer has the same dialect. */
export const CsvOptions = {
  delimiter: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 9,
      description: 'of the CSV, one character, or semicolon, tab or space; default a comma'
    })
  ),
  decimal: Type.Optional(
    Type.Enum(['.', ','], {
      description:
        "the decimal sign of the CSV's numbers, also of those in the answer; default a point"
    })
  ),
  thousands: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 5,
      description:
        "what may stand between groups of three digits in numeric columns, e.g. a point, a comma, ' or space (any that does not break); default nothing. Numbers of the answer have none"
    })
  ),
  quote: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 4,
      description:
        'around cells of the CSV that hold the delimiter or a line end; one character, default ", or none: then no cell can hold these'
    })
  ),
  encoding: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 40,
      description:
        'of the CSV and of the CSV that answers it: utf-8 (default; answered without a byte order mark), utf-16 (with one; utf-16le and utf-16be without), windows-125x, iso-8859-x, latin1, shift_jis, euc-jp, gb18030, big5, euc-kr, …, ' +
        "also by SAS's names, e.g. wlatin1, latin9. A row whose outputs it can't write is a failed row"
    })
  ),
  missing: Type.Optional(
    Type.String({
      maxLength: 1_000,
      description:
        "texts that mean missing in numeric columns of the CSV, separated by commas, e.g. NA,-999; besides blank cells and SAS's ., ._ and .A to .Z, which always do"
    })
  )
}

export interface GivenCsvOptions {
  readonly delimiter?: string
  readonly decimal?: string
  readonly thousands?: string
  readonly quote?: string
  readonly encoding?: string
  readonly missing?: string
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['tab', '\t'],
  ['\\t', '\t'],
  ['space', ' '],
  ['semicolon', ';']
])

/** @throws DomainError `request-invalid` naming the options that can't be, or can't be together */
export function dialectOf (given: GivenCsvOptions): CsvDialect {
  return settleDialect(givenDialect(given))
}

/**
 * The dialect of a file that may name its delimiter in its first line. Whether the signs clash is
 * checked once the delimiter is known.
 * @throws DomainError `request-invalid` naming the options that can't be
 */
export function givenDialect (given: GivenCsvOptions): CsvDialect {
  const delimiter = signNamed(given.delimiter ?? ',')
  const decimal = given.decimal ?? '.'
  const thousands = given.thousands === undefined ? undefined : signNamed(given.thousands)
  const quote = given.quote === 'none' ? '' : (given.quote ?? '"')
  const encoding = given.encoding === undefined ? UTF_8 : encodingOf(given.encoding)
  const faults: FieldFault[] = []
  const refuse = (option: keyof GivenCsvOptions, detail: string, remedy: string) => {
    faults.push({ field: `query.${option}`, detail, remedy })
  }

  if (!isSign(delimiter)) {
    refuse(
      'delimiter',
      `"${given.delimiter!}" can't be a delimiter`,
      'give one character, or semicolon, tab or space'
    )
  }
  if (quote !== '' && (!isSign(quote) || quote === ' ')) {
    refuse('quote', `"${quote}" can't be a quote`, "give one character, e.g. ', or none")
  }
  if (thousands !== undefined && !isSign(thousands)) {
    refuse(
      'thousands',
      `"${thousands}" can't separate thousands`,
      'give one character, e.g. a point, or space'
    )
  }
  if (encoding === undefined) {
    refuse(
      'encoding',
      `"${given.encoding!}" is not known`,
      'give utf-8, utf-16, windows-1252 (wlatin1), iso-8859-1 (latin1), another table of these families, shift_jis, euc-jp, gb18030, big5 or euc-kr'
    )
  } else if (encoding.holds?.(delimiter + quote) === false) {
    refuse(
      'encoding',
      `${encoding.charset} can't write the delimiter or the quote`,
      'give signs that it has'
    )
  }
  if (faults.length > 0) throw invalidFields(faults)
  const missing = (given.missing ?? '')
    .split(',')
    .map(text => text.trim())
    .filter(text => text !== '')
  const dialect = { delimiter, decimal, thousands, quote, missing, encoding: encoding! }
  return given.delimiter === undefined ? dialect : settleGivenDelimiter(dialect)
}

/** The fault of a delimiter that can't be asked for. */
function settleGivenDelimiter (dialect: CsvDialect): CsvDialect {
  return { ...settleDialect(dialect), delimiterGiven: true }
}

function signNamed (text: string): string {
  return NAMED.get(text) ?? text
}
