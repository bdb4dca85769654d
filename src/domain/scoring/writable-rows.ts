import { DomainError } from '../errors.js'
import type { AnswerOptions } from './answer-options.js'
import type { Carried } from './carried-columns.js'
import { textOf } from './cell.js'
import { specialIn } from './csv-bytes.js'
import type { ScoredRow } from './score-table.js'
import { placeOf, type CsvDialect, type Table } from './table.js'

const REMEDY = 'ask for format=json or format=ndjson, which hold any text, or send the file in UTF-8 and with quotes'

/** Why a value can't be written; undefined: it can. */
type WritingFault = (value: unknown) => string | undefined

/**
 * What a row becomes in a CSV that can't have every text, because its encoding lacks characters or it has no quotes. A row with such
 * a cell fails, and the cell and the outputs are empty: better than another text in it. Reasons are written with what there is.
 * @throws DomainError `request-invalid` when a column's name can't be written
 */
export function writableRows (
  table: Table, { columns }: Carried, outputs: readonly string[], { format, dialect }: AnswerOptions
): (row: ScoredRow) => ScoredRow {
  const faultOf = format === 'csv' ? writingFault(dialect) : undefined
  if (faultOf === undefined) return row => row
  for (const name of [...columns.map(({ name }) => name), ...outputs]) {
    const fault = faultOf(name)
    if (fault !== undefined) throw new DomainError('request-invalid', `the column name "${name}" ${fault}`, { remedy: REMEDY })
  }
  const reason = (error: DomainError): DomainError =>
    faultOf(error.message) === undefined ? error : new DomainError(error.fault, writableText(error.message, dialect, faultOf), error.details)
  return row => {
    const faults: string[] = []
    const unwritable = new Set<number>()
    for (const { index, name } of columns) {
      const fault = faultOf(row.cells[index])
      if (fault === undefined) continue
      unwritable.add(index)
      faults.push(`column ${name}: its value ${fault}`)
    }
    for (const name of row.outputs === undefined ? [] : outputs) {
      const fault = faultOf(row.outputs?.[name])
      if (fault !== undefined) faults.push(`output ${name}: "${textOf(row.outputs?.[name])}" ${fault}`)
    }
    if (faults.length === 0) return 'error' in row ? { ...row, error: reason(row.error) } : row
    const { line, revision } = row
    const cells = row.cells.map((cell, index) => unwritable.has(index) ? '' : cell)
    const message = [...('error' in row ? [row.error.message] : []), `${placeOf(table, row)}, ${faults.join('; ')}`].join('; ')
    return { line, cells, revision, error: reason(new DomainError('row-invalid', message, { remedy: REMEDY })) }
  }
}

function writingFault (dialect: CsvDialect): WritingFault | undefined {
  const { quote = '"', encoding: { holds, charset } = {} } = dialect
  if (quote !== '' && holds === undefined) return undefined
  const special = specialIn(dialect)
  return value => {
    if (typeof value === 'number') return undefined
    const text = textOf(value)
    if (quote === '' && special.test(text)) return 'would need quotes, and quote=none has none'
    return holds?.(text) === false ? `can't be written in ${charset}` : undefined
  }
}

/** Without quotes the delimiter becomes a blank, a character that the encoding lacks its number: \u{6f22}. */
function writableText (text: string, { delimiter, quote = '"' }: CsvDialect, faultOf: WritingFault): string {
  const character = (one: string): string => {
    if (faultOf(one) === undefined) return one
    if (quote === '' && one === delimiter) return delimiter === ' ' ? '_' : ' '
    return `\\u{${one.codePointAt(0)!.toString(16)}}`
  }
  return [...text.replaceAll(/\s+/g, ' ')].map(character).join('')
}
