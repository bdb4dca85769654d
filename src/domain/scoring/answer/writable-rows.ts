import { DomainError } from '../../errors.js'
import { ExactNumber } from '../../json/json.js'
import type { AnswerColumns } from './answer-columns.js'
import type { AnswerOptions } from './answer-options.js'
import { textOf } from '../values/cell.js'
import { hasSpecial } from './csv-bytes.js'
import type { ScoredRow } from '../score/score-table.js'
import { placeOf, type CsvDialect, type Table } from '../tables/table.js'

const REMEDY =
  'ask for format=json or format=ndjson, which hold any text, or send the file in UTF-8 and with quotes'

/** Says why a value can't be written; undefined if it can. */
type WritingFault = (value: unknown) => string | undefined

/**
 * Makes rows writable in a CSV that can't hold every text, because its encoding lacks characters or
 * it has no quotes. A row with such a text fails. Its cell and the outputs are left empty, so that
 * no changed text is taken for the real one. Error texts are adapted to the characters that the CSV
 * can hold.
 * @throws DomainError `request-invalid` when a column's name can't be written
 */
export function writableRows (
  table: Table,
  { carried, outputs }: AnswerColumns,
  { format, dialect }: Pick<AnswerOptions, 'format' | 'dialect'>
): (row: ScoredRow) => ScoredRow {
  const faultOf = format === 'csv' ? writingFault(dialect) : undefined
  if (faultOf === undefined) return row => row
  for (const { name } of [...carried, ...outputs]) {
    const fault = faultOf(name)
    if (fault !== undefined) {
      throw new DomainError('request-invalid', `the column name "${name}" ${fault}`, {
        remedy: REMEDY
      })
    }
  }
  const toWritableReason = (error: DomainError): DomainError =>
    faultOf(error.message) === undefined
      ? error
      : new DomainError(error.fault, writableText(error.message, dialect, faultOf), error.details)
  return row => {
    const faults: string[] = []
    const unwritable = new Set<number>()
    for (const { index, name } of carried) {
      const fault = faultOf(row.cells[index])
      if (fault === undefined) continue
      unwritable.add(index)
      faults.push(`column ${name}: its value ${fault}`)
    }
    for (const { output } of row.outputs === undefined ? [] : outputs) {
      const value = row.outputs?.get(output)
      const fault = faultOf(value)
      if (fault !== undefined) faults.push(`output ${output}: "${textOf(value)}" ${fault}`)
    }
    if (faults.length === 0) return 'error' in row ? { ...row, error: toWritableReason(row.error) } : row
    const { line, revision } = row
    const cells = row.cells.map((cell, index) => (unwritable.has(index) ? '' : cell))
    const message = [
      ...('error' in row ? [row.error.message] : []),
      `${placeOf(table, row)}, ${faults.join('; ')}`
    ].join('; ')
    return {
      line,
      cells,
      revision,
      error: toWritableReason(new DomainError('row-invalid', message, { remedy: REMEDY }))
    }
  }
}

function writingFault (dialect: CsvDialect): WritingFault | undefined {
  const { quote = '"', encoding: { holds, charset } = {} } = dialect
  if (quote !== '' && holds === undefined) return undefined
  const special = hasSpecial(dialect)
  return value => {
    if (typeof value === 'number' || value instanceof ExactNumber) return undefined
    const text = textOf(value)
    if (quote === '' && special.test(text)) return 'would need quotes, and quote=none has none'
    return holds?.(text) === false ? `can't be written in ${charset}` : undefined
  }
}

/**
 * Adapts a text to the CSV. Without quotes a delimiter becomes a blank. A character that the
 * encoding lacks becomes its number: \u{6f22}.
 */
function writableText (
  text: string,
  { delimiter, quote = '"' }: CsvDialect,
  faultOf: WritingFault
): string {
  const replaceUnwritable = (one: string): string => {
    if (faultOf(one) === undefined) return one
    if (quote === '' && one === delimiter) return delimiter === ' ' ? '_' : ' '
    return `\\u{${one.codePointAt(0)!.toString(16)}}`
  }
  return [...text.replaceAll(/\s+/g, ' ')].map(replaceUnwritable).join('')
}
