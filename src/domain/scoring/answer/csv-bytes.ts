import { ExactNumber } from '../../json/json.js'
import { textOf } from '../values/cell.js'
import type { CsvDialect } from '../tables/table.js'

type Written = Pick<CsvDialect, 'delimiter' | 'decimal' | 'quote'>

/** Makes a writer for one cell of a CSV, which quotes a cell only if it must. */
export function cellWriter (dialect: Written): (value: unknown) => string {
  const { delimiter, decimal = '.', quote = '"' } = dialect
  const special = hasSpecial(dialect)
  const twice = quote + quote
  const numberText =
    decimal === '.' ? textOf : (value: number | ExactNumber) => textOf(value).replace('.', decimal)
  const numbersArePlain = ![...delimiter, ...quote].some(character =>
    `0123456789+-eE${decimal}`.includes(character)
  )
  return value => {
    const isNumber = typeof value === 'number' || value instanceof ExactNumber
    if (isNumber && numbersArePlain) return numberText(value)
    const text = isNumber ? numberText(value) : textOf(value)
    return quote !== '' && special.test(text) ? quote + text.replaceAll(quote, twice) + quote : text
  }
}

/** Makes a pattern of the characters that only a quoted cell may have. */
export function hasSpecial ({ delimiter, quote = '"' }: Written): RegExp {
  return new RegExp(`[\\r\\n${(delimiter + quote).replaceAll(/[\\\]^-]/g, '\\$&')}]`)
}

/** Makes a writer for one line of a CSV with its LF. */
export function csvLine (dialect: Written): (cells: readonly unknown[]) => string {
  const { delimiter, quote = '"' } = dialect
  const cell = cellWriter(dialect)
  // A single empty cell would make a blank line, which readers skip.
  const blank = `${quote}${quote}\n`
  return cells => {
    let line = ''
    for (let index = 0; index < cells.length; index++) {
      if (index > 0) line += delimiter
      line += cell(cells[index])
    }
    return line === '' ? blank : line + '\n'
  }
}
