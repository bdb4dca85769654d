// The table that every part of the benchmark scores, and the model's formula over it: each cell
// follows from its row's number, so any answer can be checked without keeping the rows.

export type Cell = number | string | null
export type Outputs = Readonly<{ SCORE: number; HALF: number; GRADE: string }>

const TEXTS = ['Mgr', 'Office', 'Other', 'ProfExe', 'Sales', 'Self']
const GRADES = ['A', 'B', 'C', 'D', 'E']
/** CHAR values of SCR models are padded to their declared length. */
const GRADE_LENGTH = 12

export interface Variable {
  readonly name: string
  readonly type: 'number' | 'string'
}

/** `columns` variables, every sixth of them text, as in common scoring tables. */
export function variables (columns: number): Variable[] {
  return Array.from({ length: columns }, (_, index) =>
    (index + 1) % 6 === 0
      ? { name: `C${index + 1}`, type: 'string' }
      : { name: `X${index + 1}`, type: 'number' }
  )
}

/**
 * The cell of a row, counted from 0. The first column is the row's number; others are missing now
 * and then. Eighths have exact sums.
 */
export function cell (row: number, column: number): Cell {
  if (column === 0) return row
  if ((column + 1) % 6 === 0) return TEXTS[(row + column) % TEXTS.length]!
  if ((row + column) % 23 === 0) return null
  return ((row * 7919 + column * 104_729) % 1_000_003) / 8
}

/** The row as a body of the model, character for character what the service sends. */
export function rowBody (row: number, columns: number): string {
  const data: Record<string, Cell> = {}
  for (const [column, { name }] of variables(columns).entries()) data[name] = cell(row, column)
  return JSON.stringify({ data })
}

export function csvHead (columns: number): string {
  return (
    variables(columns)
      .map(({ name }) => name)
      .join(',') + '\n'
  )
}

export function csvLine (row: number, columns: number): string {
  let line = String(row)
  for (let column = 1; column < columns; column++) line += `,${cell(row, column) ?? ''}`
  return line + '\n'
}

/** A weight for each number, the length of each text. */
export function score (values: Iterable<unknown>): Outputs {
  let sum = 0
  let place = 0
  for (const value of values) {
    place++
    if (typeof value === 'number') sum += place * value
    else if (typeof value === 'string') sum += value.length
  }
  return {
    SCORE: sum,
    HALF: sum / 2 - 1 / 3,
    GRADE: GRADES[Math.floor(sum) % GRADES.length]!.padStart(GRADE_LENGTH)
  }
}

export function scoreOfRow (row: number, columns: number): Outputs {
  return score(Array.from({ length: columns }, (_, column) => cell(row, column)))
}

/** What adding up the SCOREs of the rows below `rows` gives, in any order. */
export function sumOfScores (rows: number, columns: number): number {
  let sum = 0
  for (let row = 0; row < rows; row++) sum += scoreOfRow(row, columns).SCORE
  return sum
}

/** The model's description, `GET /{app}/apiMeta/api`. */
export function description (columns: number): object {
  const values = (list: readonly Variable[]) => {
    const properties = Object.fromEntries(list.map(({ name, type }) => [name, { type }]))
    return { type: 'object', properties: { data: { type: 'object', properties } } }
  }
  const outputs: Variable[] = [
    { name: 'SCORE', type: 'number' },
    { name: 'HALF', type: 'number' },
    { name: 'GRADE', type: 'string' }
  ]
  return {
    openapi: '3.0.1',
    components: { schemas: { SCRInput: values(variables(columns)), SCROutput: values(outputs) } }
  }
}
