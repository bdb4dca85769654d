import { textOf } from './cell.js'
import type { CsvDialect } from './table.js'

type Written = Pick<CsvDialect, 'delimiter' | 'decimal' | 'quote'>

/** Writes one cell of a CSV; it is quoted only where it must be. */
export function cellWriter (dialect: Written): (value: unknown) => string {
  const { delimiter, decimal = '.', quote = '"' } = dialect
  const special = specialIn(dialect)
  const twice = quote + quote
  const numberText = decimal === '.' ? textOf : (value: number) => textOf(value).replace('.', decimal)
  const numbersArePlain = ![...delimiter, ...quote].some(character => `0123456789+-e${decimal}`.includes(character))
  return value => {
    if (typeof value === 'number' && numbersArePlain) return numberText(value)
    const text = typeof value === 'number' ? numberText(value) : textOf(value)
    return quote !== '' && special.test(text) ? quote + text.replaceAll(quote, twice) + quote : text
  }
}

/** Finds what a cell can't have unless it is quoted. */
export function specialIn ({ delimiter, quote = '"' }: Written): RegExp {
  return new RegExp(`[\\r\\n${(delimiter + quote).replaceAll(/[\\\]^-]/g, '\\$&')}]`)
}

/** Writes one line of a CSV, its LF included. */
export function csvLine (dialect: Written): (cells: readonly unknown[]) => string {
  const { delimiter, quote = '"' } = dialect
  const cell = cellWriter(dialect)
  // A lone empty cell would be a blank line, which readers pass over.
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
