import { DomainError } from '../errors.js'
import { csvLine } from './csv-bytes.js'
import type { ScoredRow } from './score-table.js'
import type { Signature } from './signature.js'
import type { CsvDialect, Table } from './table.js'

export type AnswerFormat = 'csv' | 'json' | 'ndjson'
export type OnError = 'report' | 'fail' | 'skip'

export interface AnswerOptions {
  readonly format: AnswerFormat
  readonly dialect: CsvDialect
  /** Input columns carried into the answer, before the outputs. */
  readonly columns: 'all' | 'outputs' | readonly string[]
  readonly onError: OnError
}

/** What became of the rows, so far. Changes while the answer is made. */
export interface Counts {
  rows: number
  failed: number
  /** Rows by the revision that scored them. */
  readonly revisions: Map<string, number>
}

/** Rows that may wait for the first success, which names the outputs of a model without a signature. */
const UNNAMED_MAX = 1_000
const ERROR = '_error'
/** Answers are handed over in pieces of about this length: a write a row would cost more than the row. */
const PIECE_CHARS = 16 * 1024
/** … or after this time: proxies and PROC HTTP give up on an answer that stands still. */
const PIECE_MS = 1_000

/** The input columns that are carried, under their names in the answer. */
export interface Carried {
  readonly columns: ReadonlyArray<{ readonly index: number, readonly name: string }>
  readonly renamed: ReadonlyArray<readonly [from: string, to: string]>
}

/**
 * Which input columns are carried. One that an output also has, without regard to case, is carried as `in_NAME`.
 * @throws DomainError `request-invalid` when `chosen` names one that is not there, or one twice
 */
export function carriedColumns (table: Pick<Table, 'columns'>, outputs: readonly string[], chosen: AnswerOptions['columns']): Carried {
  const indexes = chosen === 'all' ? [...table.columns.keys()] : chosen === 'outputs' ? [] : chosen.map(name => indexOf(table.columns, name))
  const twice = indexes.find((index, at) => indexes.indexOf(index) !== at)
  if (twice !== undefined) throw new DomainError('request-invalid', `columns: "${table.columns[twice]}" is named twice`, { remedy: 'name each column once' })
  const taken = new Set([...outputs, ERROR].map(name => name.toLowerCase()))
  const kept = new Set(indexes.map(index => table.columns[index]!.toLowerCase()))
  const renamed: Array<readonly [string, string]> = []
  const columns = indexes.map(index => {
    const given = table.columns[index]!
    if (!taken.has(given.toLowerCase())) return { index, name: given }
    let name = `in_${given}`
    while (taken.has(name.toLowerCase()) || kept.has(name.toLowerCase())) name = `in_${name}`
    taken.add(name.toLowerCase())
    renamed.push([given, name])
    return { index, name }
  })
  return { columns, renamed }
}

function indexOf (columns: readonly string[], name: string): number {
  const exact = columns.indexOf(name)
  const index = exact >= 0 ? exact : columns.findIndex(column => column.toLowerCase() === name.toLowerCase())
  if (index < 0) throw new DomainError('request-invalid', `columns: the data has no column "${name}"; it has ${columns.join(', ')}`, { remedy: 'name columns of the data, or use columns=all or columns=outputs' })
  return index
}

/** Turns scored rows into the answer's text and keeps `counts`. With onError=fail the first failed row ends it. */
export async function * answerText (
  rows: AsyncGenerator<ScoredRow>, table: Table, signature: Signature, options: AnswerOptions, counts: Counts, onCarried: (carried: Carried) => void
): AsyncGenerator<string, void, undefined> {
  try {
    const held: ScoredRow[] = []
    const outputs = signature.inferred ? await outputsOfFirst(rows, held) : signature.outputs.map(({ name }) => name)
    const carried = carriedColumns(table, outputs, options.columns)
    onCarried(carried)
    const writer = WRITERS[options.format](carried, outputs, options)
    let piece = writer.head
    let handedOverAt = performance.now()
    for await (const scored of following(held, rows)) {
      const row = signature.inferred ? withoutStrayOutputs(scored, outputs) : scored
      counts.rows++
      if ('error' in row) {
        counts.failed++
        if (options.onError === 'fail') throw row.error
      } else if (row.revision !== undefined) {
        counts.revisions.set(row.revision, (counts.revisions.get(row.revision) ?? 0) + 1)
      }
      piece += writer.row(row)
      if (piece.length >= PIECE_CHARS || performance.now() - handedOverAt >= PIECE_MS) {
        yield piece
        piece = ''
        handedOverAt = performance.now()
      }
    }
    yield piece + writer.tail(counts)
  } finally {
    await rows.return(undefined) // also when it ends before they were read
  }
}

/** Takes rows into `held` up to the first that was scored: its outputs are the answer's columns. */
async function outputsOfFirst (rows: AsyncGenerator<ScoredRow>, held: ScoredRow[]): Promise<readonly string[]> {
  while (held.length < UNNAMED_MAX) {
    const { value: row } = await rows.next()
    if (row === undefined) return []
    held.push(row)
    if ('outputs' in row) return Object.keys(row.outputs)
  }
  const last = held.at(-1)!
  throw new DomainError('model-answer-invalid', `none of the first ${UNNAMED_MAX} rows could be scored${'error' in last ? `; ${last.error.message}` : ''}`)
}

async function * following (held: readonly ScoredRow[], rows: AsyncIterable<ScoredRow>): AsyncGenerator<ScoredRow, void, undefined> {
  yield * held
  yield * rows
}

/** An output that the first answer did not have has no column: better a failed row than a dropped value. */
function withoutStrayOutputs (row: ScoredRow, outputs: readonly string[]): ScoredRow {
  const stray = 'outputs' in row ? Object.keys(row.outputs).find(name => !outputs.includes(name)) : undefined
  if (stray === undefined) return row
  const { line, cells } = row
  return { line, cells, error: new DomainError('row-refused', `line ${line}: the model answered "${stray}", which its first answer did not have`) }
}

interface RowWriter {
  readonly head: string
  /** '' for a row that is left out. */
  row (row: ScoredRow): string
  tail (counts: Counts): string
}

type MakeWriter = (carried: Carried, outputs: readonly string[], options: AnswerOptions) => RowWriter

const WRITERS: Readonly<Record<AnswerFormat, MakeWriter>> = {
  csv ({ columns }, outputs, { dialect, onError }) {
    const line = csvLine(dialect)
    const reporting = onError === 'report'
    return {
      head: line([...columns.map(({ name }) => name), ...outputs, ...(reporting ? [ERROR] : [])]),
      row (row) {
        const failed = 'error' in row
        if (failed && !reporting) return ''
        const cells = columns.map(({ index }) => row.cells[index])
        for (const name of outputs) cells.push(failed ? null : row.outputs[name])
        if (reporting) cells.push(failed ? oneLine(row.error) : null)
        return line(cells)
      },
      tail: () => ''
    }
  },
  ndjson (carried, outputs, options) {
    const object = rowObject(carried, outputs, options)
    return {
      head: '',
      row (row) {
        const members = object(row)
        return members === undefined ? '' : JSON.stringify(members) + '\n'
      },
      tail: () => ''
    }
  },
  json (carried, outputs, options) {
    const object = rowObject(carried, outputs, options)
    let separator = ''
    return {
      head: '{"rows":[',
      row (row) {
        const members = object(row)
        if (members === undefined) return ''
        const text = separator + JSON.stringify(members)
        separator = ',\n'
        return text
      },
      tail: counts => `],"counts":${JSON.stringify(countsObject(counts))}}\n`
    }
  }
}

function rowObject (
  { columns }: Carried, outputs: readonly string[], { onError }: AnswerOptions
): (row: ScoredRow) => Record<string, unknown> | undefined {
  const reporting = onError === 'report'
  return row => {
    const failed = 'error' in row
    if (failed && !reporting) return undefined
    const members: Array<[string, unknown]> = columns.map(({ index, name }) => [name, row.cells[index]])
    for (const name of outputs) members.push([name, failed ? null : row.outputs[name] ?? null])
    if (reporting) members.push([ERROR, failed ? oneLine(row.error) : null])
    return Object.fromEntries(members)
  }
}

export function countsObject ({ rows, failed, revisions }: Counts): { rows: number, failed: number, revisions: Record<string, number> } {
  return { rows, failed, revisions: Object.fromEntries(revisions) }
}

function oneLine ({ message }: Error): string {
  return message.replaceAll(/\s+/g, ' ')
}
