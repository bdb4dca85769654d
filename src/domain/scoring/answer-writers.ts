import type { AnswerFormat, AnswerOptions, Counts } from './answer-options.js'
import type { Carried } from './carried-columns.js'
import { csvLine } from './csv-bytes.js'
import type { ScoredRow } from './score-table.js'

export const ERROR = '_error'
export const REVISION = '_revision'

/** A column after the outputs, about the row as such. */
interface Remark { readonly name: string, readonly of: (row: ScoredRow) => string | null }

const REVISION_REMARK: Remark = { name: REVISION, of: ({ revision }) => revision ?? null }
const ERROR_REMARK: Remark = { name: ERROR, of: row => 'error' in row ? oneLine(row.error) : null }

function remarks ({ revisionColumn = false, onError }: AnswerOptions): Remark[] {
  return [...(revisionColumn ? [REVISION_REMARK] : []), ...(onError === 'report' ? [ERROR_REMARK] : [])]
}

export interface RowWriter {
  readonly head: string
  /** '' for a row that is left out. */
  row (row: ScoredRow): string
  tail (counts: Counts): string
}

type MakeWriter = (carried: Carried, outputs: readonly string[], options: AnswerOptions) => RowWriter

/** Carried columns, outputs, remarks: the same in all formats. */
export const WRITERS: Readonly<Record<AnswerFormat, MakeWriter>> = {
  csv ({ columns }, outputs, options) {
    const line = csvLine(options.dialect)
    const closing = remarks(options)
    return {
      head: line([...columns.map(({ name }) => name), ...outputs, ...closing.map(({ name }) => name)]),
      row (row) {
        if (isLeftOut(row, options)) return ''
        const cells = columns.map(({ index }) => row.cells[index])
        for (const name of outputs) cells.push(row.outputs?.[name])
        for (const { of } of closing) cells.push(of(row))
        return line(cells)
      },
      tail: () => ''
    }
  },
  ndjson (carried, outputs, options) {
    const object = rowObject(carried, outputs, options)
    return { head: '', row: row => isLeftOut(row, options) ? '' : JSON.stringify(object(row)) + '\n', tail: () => '' }
  },
  json (carried, outputs, options) {
    const object = rowObject(carried, outputs, options)
    let separator = ''
    return {
      head: '{"rows":[',
      row (row) {
        if (isLeftOut(row, options)) return ''
        const text = separator + JSON.stringify(object(row))
        separator = ',\n'
        return text
      },
      tail: counts => `],"counts":${JSON.stringify(countsObject(counts))}}\n`
    }
  }
}

function isLeftOut (row: ScoredRow, { onError }: AnswerOptions): boolean {
  return 'error' in row && onError !== 'report'
}

function rowObject ({ columns }: Carried, outputs: readonly string[], options: AnswerOptions): (row: ScoredRow) => Record<string, unknown> {
  const closing = remarks(options)
  return row => {
    const members: Array<[string, unknown]> = columns.map(({ index, name }) => [name, row.cells[index]])
    for (const name of outputs) members.push([name, row.outputs?.[name] ?? null])
    for (const { name, of } of closing) members.push([name, of(row)])
    return Object.fromEntries(members)
  }
}

export function countsObject ({ rows, failed, revisions }: Counts): { rows: number, failed: number, revisions: Record<string, number> } {
  return { rows, failed, revisions: Object.fromEntries(revisions) }
}

function oneLine ({ message }: Error): string {
  return message.replaceAll(/\s+/g, ' ')
}
