import { textOf } from './cell.js'
import type { CsvDialect } from './table.js'

/** Writes one line of a CSV, its LF included; a cell is quoted only where it must be. */
export function csvLine ({ delimiter }: CsvDialect): (cells: readonly unknown[]) => string {
  const special = new RegExp(`["\\r\\n${delimiter.replace(/[\\\]^-]/g, '\\$&')}]`)
  return cells => {
    let line = ''
    for (let index = 0; index < cells.length; index++) {
      const text = textOf(cells[index])
      if (index > 0) line += delimiter
      line += special.test(text) ? `"${text.replaceAll('"', '""')}"` : text
    }
    // A lone empty cell would be a blank line, which readers pass over.
    return line === '' ? '""\n' : line + '\n'
  }
}
