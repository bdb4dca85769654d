// Whether an answer is the one expected.
import type { Answer } from '../../support/caller.js'
import type { Body } from './wires.js'
import { csvText, type ExpectedRow, type ExpectedTable, type Refused } from './expected.js'
import { csvRecords, type PlainDialect } from './plain/plain-csv.js'
import { jsonText, Members, plainJson, type Plain } from './plain/plain-json.js'

/** What is wrong with it; undefined: nothing. */
export function faultOf (
  { status, headers, bytes, body, whole }: Pick<
    Answer,
    'status' | 'headers' | 'bytes' | 'body' | 'whole'
  >,
  sent: Body,
  expected: ExpectedTable | Refused
): string | undefined {
  if (!whole) return 'the answer is not whole'
  if ('refusals' in expected) return refusalFault(status, body, [...expected.refusals])
  if (status !== 200) return `it is refused: ${status} ${body.slice(0, 400)}`
  return headersFault(headers, expected) ?? rowsFault(bytes, sent, expected)
}

const STATUSES: Readonly<Record<string, number>> = {
  'request-unreadable': 400,
  'request-invalid': 422,
  'csv-invalid': 422,
  'columns-missing': 422,
  'row-invalid': 422,
  'row-answer-invalid': 502
}

function refusalFault (status: number, body: string, types: readonly string[]): string | undefined {
  if (status < 400) return `it is not refused as ${types.join(' or ')}: ${body.slice(0, 300)}`
  const { type, detail, remedy } = JSON.parse(body) as Record<'type' | 'detail' | 'remedy', string>
  if (!types.some(one => type === `/problems/${one}` && status === STATUSES[one])) {
    return `it is refused as ${status} ${type} (${detail}), not as ${types.join(' or ')}`
  }
  return detail === '' || remedy === '' ? 'its refusal does not say what to do' : undefined
}

function headersFault (
  headers: Answer['headers'],
  { rows, unnamed, isRenamed }: ExpectedTable
): string | undefined {
  const failed = rows.filter(({ failure }) => failure !== undefined).length
  const told = [headers['scoring-rows'], headers['scoring-failed'], headers['scoring-unnamed'],
    headers['scoring-renamed'] !== undefined]
  const meant = [String(rows.length), String(failed), unnamed === 0 ? undefined : String(unnamed),
    isRenamed]
  return told.join() === meant.join()
    ? undefined
    : `its headers tell ${told.join()}, not ${meant.join()}`
}

type Row = readonly Plain[]

function rowsFault (bytes: Buffer, sent: Body, expected: ExpectedTable): string | undefined {
  const { format, onError } = sent
  const isReported = onError === 'report'
  const kept = expected.rows.filter(({ failure }) => failure === undefined || isReported)
  if (expected.form !== 'rows' && format === 'json') {
    const row = kept[0]!
    const meant = expected.form === 'data'
      ? new Members([['data', new Members(row.cells)]])
      : new Members([['outputs', row.cells.map(([name, value]) =>
        new Members([['name', name], ['value', value]])
      )]])
    return bytes.toString() === jsonText(meant)
      ? undefined
      : `it is ${bytes.toString()}, not ${jsonText(meant)}`
  }
  if (format === 'csv') return csvFault(bytes, sent, expected, kept)
  const rows = jsonRows(bytes.toString(), format)
  if (rows.length !== kept.length) return `${rows.length} rows came back of ${kept.length}`
  for (const [index, { cells, failure }] of kept.entries()) {
    const found = rows[index]!
    const error = isReported ? found.list.at(-1) : undefined
    if (isReported && error?.[0] !== '_error') return `row ${index + 1} has no _error`
    const members = jsonText(new Members(isReported ? found.list.slice(0, -1) : found.list))
    const meant = jsonText(new Members(cells))
    const fault = members === meant
      ? errorFault(error?.[1] ?? null, failure)
      : `is ${members}, not ${meant}`
    if (fault !== undefined) {
      return `row ${index + 1} ${fault} (_error ${JSON.stringify(error?.[1])})`
    }
  }
  return undefined
}

function errorFault (error: Plain, failure: ExpectedRow['failure']): string | undefined {
  const isTold = typeof error === 'string' && error !== ''
  if (isTold === (failure !== undefined)) return undefined
  return isTold ? 'failed' : 'did not fail'
}

function jsonRows (text: string, format: 'json' | 'ndjson'): Members[] {
  if (format === 'ndjson') {
    return text.split('\n').slice(0, -1).map(line => plainJson(line) as Members)
  }
  return (plainJson(text) as Members).of('rows') as Members[]
}

function csvFault (
  bytes: Buffer,
  sent: Body,
  { columns, dialect }: ExpectedTable,
  kept: readonly ExpectedRow[]
): string | undefined {
  const isReported = sent.onError === 'report'
  const closing = isReported ? ['_error'] : []
  const { records, fault } = csvRecords(sent.decode(bytes), dialect)
  const [head = [], ...rows] = records.map(cells =>
    cells.length === 1 && columns.length + closing.length === 0 ? [] : cells
  )
  if (fault !== undefined) return 'it is no CSV'
  const wanted = [...columns, ...closing]
  if (head.join('\n') !== wanted.join('\n')) {
    return `its header is ${JSON.stringify(head)}, not ${JSON.stringify(wanted)}`
  }
  if (rows.length !== kept.length) return `${rows.length} rows came back of ${kept.length}`
  for (const [index, row] of kept.entries()) {
    const cells: Row = rows[index]!
    const meant = texts(row, columns, dialect)
    const found = isReported ? cells.slice(0, -1) : cells
    const error = isReported ? cells.at(-1)! : null
    const fault = JSON.stringify(found) === JSON.stringify(meant)
      ? isReported ? errorFault(error, row.failure) : undefined
      : `is ${JSON.stringify(found)}, not ${JSON.stringify(meant)}`
    if (fault !== undefined) return `row ${index + 1} ${fault} (_error ${JSON.stringify(error)})`
  }
  return undefined
}

function texts (
  { cells }: ExpectedRow,
  columns: readonly string[],
  dialect: PlainDialect
): string[] {
  if (cells.length !== columns.length) throw new Error('a row of a CSV has a cell for each column')
  return cells.map(([, value]) => csvText(value, dialect))
}
