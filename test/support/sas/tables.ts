/** A table of SAS: numbers, texts without blanks at their end, null for missing numbers. */
export interface Table {
  readonly columns: ReadonlyArray<{ readonly name: string, readonly isText: boolean }>
  readonly rows: ReadonlyArray<ReadonlyArray<string | number | null>>
}

const EMPTY: Table = { columns: [], rows: [] }

/** What PROC EXPORT writes of it: a dot for a missing number, nothing for a missing text. */
export function exported ({ columns, rows }: Table): string {
  const cell = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const lines = rows.map(row =>
    row.map((value, index) => cell(String(value ?? (columns[index]!.isText ? '' : '.'))))
  )
  return [columns.map(({ name }) => cell(name)), ...lines]
    .map(cells => `${cells.join()}\r\n`).join('')
}

/** MERGE without BY: side by side; a variable of both has the value of the latter. */
export function merged (tables: readonly Table[]): Table {
  return tables.reduce((left, right) => {
    const names = new Set(right.columns.map(({ name }) => name.toLowerCase()))
    const kept = left.columns.flatMap(({ name }, index) =>
      names.has(name.toLowerCase()) ? [] : index
    )
    const length = Math.max(left.rows.length, right.rows.length)
    const cells = ({ columns, rows }: Table, row: number) =>
      rows[row] ?? columns.map(({ isText }) => isText ? '' : null)
    return {
      columns: [...kept.map(index => left.columns[index]!), ...right.columns],
      rows: Array.from({ length }, (_, row) =>
        [...kept.map(index => cells(left, row)[index]!), ...cells(right, row)])
    }
  }, EMPTY)
}

/** A DATA step's own rows: LENGTH, then INPUT with data lines, or an assignment for each. */
export function ownRows (statements: readonly string[]): Table {
  const texts = new Set<string>()
  const lengths = statements.find(statement => /^length\b/.test(statement)) ?? ''
  let names: string[] = []
  for (const [word] of lengths.replace(/^length\b/, '').matchAll(/'(?:[^']|'')*'n|\$?[\w]+/g)) {
    if (/^\$\d+$/.test(word)) for (const name of names) texts.add(name)
    if (/^\$?\d+$/.test(word)) names = []
    else names.push(nameOf(word))
  }
  const input = statements.find(statement => /^input\b/.test(statement))
  const values = statements.flatMap(statement => {
    const [, name, value] = /^('(?:[^']|'')*'n|\w+) = (.*)$/s.exec(statement) ?? []
    return name === undefined ? [] : [[nameOf(name), literal(value!)] as const]
  })
  const columns = (input?.split(/\s+/).slice(1) ?? values.map(([name]) => name))
    .map(name => ({ name, isText: texts.has(name) }))
  if (input === undefined) return { columns, rows: [values.map(([, value]) => value)] }
  const lines = statements[statements.indexOf('datalines') + 1]!.split('\n')
  return {
    columns,
    rows: lines.map(line => line.split(',')).map(cells =>
      columns.map(({ isText }, index) => {
        const cell = (cells[index] ?? '').trim()
        if (isText) return cell
        return cell === '' || cell === '.' ? null : Number(cell)
      })
    )
  }
}

function nameOf (written: string): string {
  return written.endsWith('\'n') ? String(literal(written.slice(0, -1))) : written
}

/** A constant of a program. */
export function literal (written: string): string | number {
  const quote = written[0]!
  if (quote !== '\'' && quote !== '"') return Number(written)
  return written.slice(1, -1).replaceAll(quote + quote, quote)
}

type Scalars = Readonly<Record<string, unknown>>

/** A member of the JSON engine's library: `root`, `items`, or `items_status` within `items`. */
export function jsonTable (document: unknown, member: string): Table {
  const [, first = '', second] = /^([a-z]+)(?:_(\w+))?$/i.exec(member) ?? []
  if (first === 'root') return tableOf([document as Scalars])
  const outer = (document as Readonly<Record<string, unknown>>)[first]
  const objects = [outer ?? []].flat() as Array<Readonly<Record<string, unknown>>>
  return tableOf(second === undefined ? objects : objects.map(object => object[second] as Scalars))
}

function tableOf (objects: readonly Scalars[]): Table {
  const names = [...new Set(objects.flatMap(object => Object.keys(object)))]
    .filter(name => objects.every(object => typeof object[name] !== 'object' || object[name] === null))
  const columns = names.map(name => ({
    name,
    isText: objects.some(object => typeof object[name] === 'string')
  }))
  return {
    columns,
    rows: objects.map(object => columns.map(({ name, isText }) => {
      const value = object[name]
      if (value === undefined || value === null) return isText ? '' : null
      return typeof value === 'string' ? value : Number(value)
    }))
  }
}

/** KEEP, in the order of the LENGTH statement; a variable that no row has is missing. */
export function kept (table: Table, statements: readonly string[]): Table {
  const wanted = statements.find(statement => /^keep\b/.test(statement))?.split(/\s+/).slice(1)
  if (wanted === undefined) return table
  const columns = wanted.map(name =>
    table.columns.find(column => column.name === name) ?? { name, isText: true }
  )
  return {
    columns,
    rows: table.rows.map(row => columns.map(({ name, isText }) =>
      row[table.columns.findIndex(column => column.name === name)] ?? (isText ? '' : null)))
  }
}
