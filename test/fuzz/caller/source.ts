// The rows of a body, by a plain reading of its text.
import { csvRecords, withoutEnd, type PlainDialect } from './plain/plain-csv.js'
import { Members, plainJson, Refusal, type Plain } from './plain/plain-json.js'

export interface Sent {
  readonly kind: 'csv' | 'ndjson' | 'json'
  /** Without a byte order mark. */
  readonly text: string
  /** Otherwise bytes follow that are no text in its encoding. */
  readonly isText: boolean
  readonly isDescribed: boolean
  readonly format: 'csv' | 'ndjson' | 'json'
  readonly columns: 'all' | 'outputs'
  readonly onError: 'report' | 'skip' | 'fail'
  readonly dialect: PlainDialect
  readonly delimiterGiven: boolean
  /** It came as curl -d sends files. */
  readonly isFormEncoded: boolean
  /** What the encoding of a CSV that answers can hold. */
  readonly holds: (text: string) => boolean
}

export interface SourceRow {
  readonly cells: ReadonlyArray<Plain | undefined>
  readonly isStray: boolean
}
export interface Source {
  readonly form: 'rows' | 'data' | 'inputs'
  readonly columns: readonly string[]
  readonly rows: readonly SourceRow[]
  readonly fault: Refusal | undefined
  readonly dialect: PlainDialect
  readonly unnamed: number
}

export function sourceOf (sent: Sent): Source {
  const { text } = sent
  if (sent.kind === 'csv') return csvSource(sent)
  const rest = { dialect: sent.dialect, unnamed: 0 }
  if (sent.kind === 'json') {
    const { form, items } = jsonItems(plainJson(text))
    return { ...jsonRows(items.map(rowOf)), ...rest, form, fault: undefined }
  }
  const rows: Members[] = []
  let fault: Refusal | undefined
  try {
    for (const line of text.split('\n')) {
      if (line.trim() !== '') rows.push(rowOf(plainJson(line.trim())))
    }
  } catch (error) {
    if (!(error instanceof Refusal) || rows.length === 0) throw error
    fault = error
  }
  if (rows.length === 0) throw new Refusal('request-unreadable')
  return { ...jsonRows(rows), ...rest, form: 'rows', fault }
}

function rowOf (value: Plain): Members {
  if (value instanceof Members) return value
  throw new Refusal('request-unreadable')
}

function jsonItems (body: Plain): { form: Source['form'], items: Plain[] } {
  if (Array.isArray(body)) return { form: 'rows', items: body }
  if (!(body instanceof Members) || body.list.length !== 1) throw new Refusal('request-invalid')
  const [name, value] = body.list[0]!
  if (name === 'data') return { form: 'data', items: [value] }
  if (name !== 'inputs' || !Array.isArray(value)) throw new Refusal('request-invalid')
  const pairs = value.map((pair): readonly [string, Plain] => {
    const key = pair instanceof Members ? pair.of('name') : undefined
    const one = pair instanceof Members ? pair.of('value') : undefined
    if (!(pair instanceof Members) || pair.list.length !== 2) throw new Refusal('request-invalid')
    if (typeof key !== 'string' || one === undefined) throw new Refusal('request-invalid')
    return [key, one]
  })
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Refusal('request-invalid')
  return { form: 'inputs', items: [new Members(pairs)] }
}

function jsonRows (rows: readonly Members[]): Pick<Source, 'columns' | 'rows'> {
  const columns = rows[0]?.names ?? []
  return {
    columns,
    rows: rows.map(row => ({
      cells: columns.map(name => row.of(name)),
      isStray: row.names.some(name => !columns.includes(name))
    }))
  }
}

export function checkDialect (dialect: PlainDialect | undefined): void {
  if (dialect === undefined) return
  const { delimiter, decimal, quote, thousands } = dialect
  const signs = [delimiter, decimal, ...quote]
  if (
    new Set(signs).size < signs.length || thousands === decimal || thousands === quote ||
    (thousands === delimiter && quote === '')
  ) throw new Refusal('request-invalid')
}

function csvSource (sent: Sent): Source {
  const whole = withoutEnd(sent.text, sent.dialect.quote)
  const [line, quoted, plain] =
    /^(?:"sep=(\\t|[^\r\n])"|sep=(\\t|[^\r\n])) *(?:\r\n|\n|\r|$)/iu.exec(whole) ?? []
  const named = (quoted ?? plain)?.replace('\\t', '\t')
  if (named !== undefined) {
    if (named.length > 1 || /[\da-z+-]/i.test(named)) throw new Refusal('csv-invalid')
    if (sent.delimiterGiven && named !== sent.dialect.delimiter) {
      throw new Refusal('request-invalid')
    }
  }
  const dialect = named === undefined ? sent.dialect : { ...sent.dialect, delimiter: named }
  checkDialect(dialect)
  const rest = whole.slice(line?.length ?? 0)
  const { records, fault } = csvRecords(rest, dialect)
  const header = records.shift()?.map(name => name.trim())
  if (header === undefined) throw fault ?? new Refusal('csv-invalid')
  if (sent.isFormEncoded && line === undefined && !/[\r\n]/.test(rest)) {
    throw new Refusal('csv-invalid')
  }
  const columns = header.slice(0, header.findLastIndex(name => name !== '') + 1)
  if (
    columns.length === 0 || columns.indexOf('', 1) > 0 || new Set(columns).size < columns.length
  ) {
    throw new Refusal('csv-invalid')
  }
  const rows: SourceRow[] = []
  let found = fault
  for (const cells of records) {
    if (header.length > 1 && cells.length === 1 && cells[0] === '') continue
    const beyond = cells.slice(columns.length)
    if (cells.length !== header.length || beyond.some(cell => cell.trim() !== '')) {
      found = new Refusal('csv-invalid')
      break
    }
    rows.push({ cells: cells.slice(0, columns.length), isStray: false })
  }
  return {
    form: 'rows',
    columns,
    rows,
    fault: found,
    dialect,
    unnamed: header.length - columns.length
  }
}
