import { invalidFields, type FieldFault } from '../../errors.js'
import type { CsvDialect } from './table.js'

/** Whether the text is one character that is no line end, letter, digit, plus or minus. */
export function isSign (text: string): boolean {
  return text.length === 1 && !/[\r\n\da-z+-]/i.test(text)
}

/**
 * Checks a dialect whose delimiter is final, since the file's first line has been read.
 * @throws DomainError `request-invalid` naming the options that contradict each other
 */
export function settleDialect ({ delimiterGiven: _, ...dialect }: CsvDialect): CsvDialect {
  const { delimiter, decimal = '.', thousands, quote = '"' } = dialect
  const faults: FieldFault[] = []
  const refuse = (option: string, detail: string, remedy: string) => {
    faults.push({ field: `query.${option}`, detail, remedy })
  }
  if (delimiter === decimal) {
    if (decimal === ',') {
      refuse(
        'decimal',
        'the comma is also the delimiter',
        "give the file's delimiter, e.g. delimiter=%3B or delimiter=semicolon"
      )
    } else {
      refuse(
        'delimiter',
        'the point is also the decimal sign',
        "give the file's decimal sign, e.g. decimal=%2C for a comma"
      )
    }
  }
  if (quote === delimiter) {
    refuse(
      'quote',
      `"${quote}" is also the delimiter`,
      'give the character that quotes cells, or quote=none'
    )
  }
  if (quote === decimal) {
    refuse(
      'quote',
      `"${quote}" is also the decimal sign`,
      'give the character that quotes cells, or quote=none'
    )
  }
  if (thousands === decimal) {
    refuse(
      'thousands',
      `"${thousands}" is also the decimal sign`,
      `give the file's decimal sign, e.g. ${decimal === '.' ? 'decimal=%2C for a comma' : 'decimal=. for a point'}, or leave thousands out`
    )
  }
  if (thousands === quote) {
    refuse(
      'thousands',
      `"${thousands}" is also the quote`,
      'give the character that quotes cells, or quote=none'
    )
  }
  if (thousands === delimiter && quote === '') {
    refuse(
      'thousands',
      `"${thousands}" is also the delimiter, and without quotes nothing tells them apart`,
      "give the file's delimiter or its quote, or leave thousands out"
    )
  }
  if (faults.length > 0) throw invalidFields(faults)
  return dialect
}
