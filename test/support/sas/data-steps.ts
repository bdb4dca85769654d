import { SasAborted } from './macros.js'
import { kept, literal, merged, ownRows, type Table } from './tables.js'

/** What a DATA step reads and writes. */
export interface Workspace {
  readonly tables: Map<string, Table>
  table(name: string): Table
  textOf(fileref: string): string
  write(fileref: string, text: string): void
  log(line: string): void
  setVariable(name: string, value: string): void
}

/**
 * Runs one of the DATA steps that examples/sas has: its kind is told by its statements. There is no
 * interpreter for others: they end the test.
 */
export function runDataStep (work: Workspace, [head = '', ...statements]: readonly string[]): void {
  const out = /^data (\S+)/.exec(head)![1]!.toLowerCase()
  const first = (pattern: RegExp) =>
    statements.map(statement => pattern.exec(statement)).find(found => found !== null)
  if (out !== '_null_') {
    work.tables.set(out, madeTable(work, statements))
    return
  }

  const file = first(/^file (\w+)/)
  if (file !== undefined) return writeLines(work, file![1]!, statements)
  const infile = first(/^infile (\w+)/)
  if (infile !== undefined) {
    const lines = work.textOf(infile![1]!).split(/\r?\n/)
    if (statements.includes('put _infile_')) {
      if (lines.at(-1) === '') lines.pop()
      for (const line of lines) work.log(line)
      return
    }
    return readHeaders(work, lines, statements)
  }
  if (statements.some(statement => statement.includes('rows_sent ne rows_read'))) {
    return compareCounts(work, statements)
  }
  if (statements.some(statement => statement.startsWith('if scr_last'))) {
    return countFailed(work, statements)
  }
  const root = first(/^set (\w+\.root)$/)
  if (root === undefined) throw new Error(`not known: ${[head, ...statements].join('; ')}`)
  const { columns, rows } = work.table(root![1]!)
  const values = Object.fromEntries(columns.map(({ name }, index) => [name, rows[0]![index]!]))
  for (const statement of statements) putLine(work, statement, values)
}

function madeTable (work: Workspace, statements: readonly string[]): Table {
  if (statements.includes('stop')) return kept({ columns: [], rows: [] }, statements)
  const from = statements.map(statement => /^(?:set|merge) ([\w. ]+)$/.exec(statement)?.[1])
    .find(names => names !== undefined)
  if (from === undefined) return ownRows(statements)
  return kept(merged(from.split(/\s+/).map(name => work.table(name))), statements)
}

/** PUT of constants: one after the other, a line a statement. */
function writeLines (work: Workspace, fileref: string, statements: readonly string[]): void {
  const lines = statements.flatMap(statement => {
    if (!statement.startsWith('put')) return []
    return [Array.from(statement.matchAll(/'(?:[^']|'')*'/g), ([text]) => literal(text)).join('')]
  })
  work.write(fileref, lines.map(line => `${line}\n`).join(''))
}

/** Headers whose values go into macro variables by CALL SYMPUTX. */
function readHeaders (
  work: Workspace,
  lines: readonly string[],
  statements: readonly string[]
): void {
  const wanted = statements.flatMap(statement => {
    const [, name, variable] =
      /^if lowcase\(scan\(scr_line, 1, ':'\)\) = '([^']+)' then call symputx\('(\w+)', scan\(scr_line, 2, ' '\), 'L'\)$/
        .exec(statement) ?? []
    return name === undefined ? [] : [{ name, variable: variable! }]
  })
  if (wanted.length === 0) throw new Error(`not known: ${statements.join('; ')}`)
  for (const line of lines) {
    const found = wanted.find(({ name }) => line.split(':', 1)[0]!.toLowerCase() === name)
    if (found !== undefined) work.setVariable(found.variable, line.split(' ')[1]!)
  }
}

function compareCounts (work: Workspace, statements: readonly string[]): void {
  const [sent = 0, read = 0] = statements.flatMap(statement => {
    const [, name] = /^set (\S+) nobs=/.exec(statement) ?? []
    return name === undefined ? [] : [work.table(name).rows.length]
  })
  if (sent === read) return
  work.log(`ERROR: ${sent} rows were sent and ${read} read.`)
  throw new SasAborted('cancel')
}

/** Rows, and those with something in _error. */
function countFailed (work: Workspace, statements: readonly string[]): void {
  const [, name = ''] = /^set (\S+) end=scr_last$/.exec(
    statements.find(statement => statement.startsWith('set')) ?? '') ?? []
  const { columns, rows } = work.table(name)
  const at = columns.findIndex(column => column.name === '_error')
  const failed = rows.filter(row => row[at] !== '').length
  for (const statement of statements) {
    const put = failed > 0 ? statement.replace(/^if scr_failed then /, '') : statement
    putLine(work, put, { scr_rows: rows.length, scr_failed: failed })
  }
}

/** List output: constants as they are, a blank after each variable. */
function putLine (
  work: Workspace,
  statement: string,
  values: Readonly<Record<string, unknown>>
): void {
  if (!statement.startsWith('put ')) return
  const words = statement.slice(4).matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+/g)
  work.log(Array.from(words, ([word]) =>
    /^\w/.test(word) ? `${String(values[word])} ` : literal(word)).join('').trim())
}
