import { writeJson, writeMembers } from '../../json/write-json.js'
import { ERROR, REVISION, type AnswerColumns } from './answer-columns.js'
import type { AnswerFormat, AnswerOptions } from './answer-options.js'
import type { Counts } from './counts.js'
import { csvLine } from './csv-bytes.js'
import type { ScoredRow } from '../score/score-table.js'

/** A column of the service's own, after the outputs. */
interface Remark {
  readonly name: string
  readonly of: (row: ScoredRow) => string | null
}

const REVISION_REMARK: Remark = { name: REVISION, of: ({ revision }) => revision ?? null }
const ERROR_REMARK: Remark = {
  name: ERROR,
  of: row => ('error' in row ? toOneLine(row.error) : null)
}

function remarksOf ({ revisionColumn = false, onError }: AnswerOptions): Remark[] {
  return [
    ...(revisionColumn ? [REVISION_REMARK] : []),
    ...(onError === 'report' ? [ERROR_REMARK] : [])
  ]
}

export interface RowWriter {
  readonly head: string
  /** Returns '' for a row that is left out. */
  row(row: ScoredRow): string
  tail(counts: Counts): string
}

type MakeWriter = (columns: AnswerColumns, options: AnswerOptions) => RowWriter

/** All formats write carried columns, outputs and remarks, in this order. */
export const WRITERS: Readonly<Record<AnswerFormat, MakeWriter>> = {
  csv ({ carried, outputs }, options) {
    const line = csvLine(options.dialect)
    const closing = remarksOf(options)
    return {
      head: line([...carried, ...outputs, ...closing].map(({ name }) => name)),
      row (row) {
        if (isLeftOut(row, options)) return ''
        const cells = carried.map(({ index }) => row.cells[index])
        for (const { output } of outputs) cells.push(row.outputs?.get(output))
        for (const { of } of closing) cells.push(of(row))
        return line(cells)
      },
      tail: () => ''
    }
  },
  ndjson (columns, options) {
    const object = objectWriter(columns, options)
    return {
      head: '',
      row: row => (isLeftOut(row, options) ? '' : object(row) + '\n'),
      tail: () => ''
    }
  },
  json (columns, options) {
    const object = objectWriter(columns, options)
    let separator = ''
    return {
      head: '{"rows":[',
      row (row) {
        if (isLeftOut(row, options)) return ''
        const text = separator + object(row)
        separator = ',\n'
        return text
      },
      tail: counts => `],"counts":${writeJson(countsObject(counts))}}\n`
    }
  }
}

function isLeftOut (row: ScoredRow, { onError }: AnswerOptions): boolean {
  return 'error' in row && onError !== 'report'
}

/** Writes a row as JSON text. Members that the input row did not have are left out. */
function objectWriter (
  { carried, outputs }: AnswerColumns,
  options: AnswerOptions
): (row: ScoredRow) => string {
  const closing = remarksOf(options)
  return row => {
    const members: Array<readonly [string, unknown]> = []
    for (const { index, name } of carried) {
      if (row.cells[index] !== undefined) members.push([name, row.cells[index]])
    }
    for (const { output, name } of outputs) members.push([name, row.outputs?.get(output)])
    for (const { name, of } of closing) members.push([name, of(row)])
    return writeMembers(members)
  }
}

export function countsObject ({ rows, failed, revisions }: Counts): {
  rows: number
  failed: number
  revisions: Record<string, number>
} {
  return { rows, failed, revisions: Object.fromEntries(revisions) }
}

function toOneLine ({ message }: Error): string {
  return message.replaceAll(/\s+/g, ' ')
}
