// What the answer to a body has to be: a table with each row's values or its failure, or a refusal.
import { needsQuotes, type PlainDialect } from './plain/plain-csv.js'
import { Digits, jsonText, Members, Refusal, type Plain } from './plain/plain-json.js'
import { checkDialect, sourceOf, type Sent, type Source, type SourceRow } from './source.js'
import { meaningOfCell, meaningOfValue, type Kind } from './plain/plain-values.js'

/** The inputs of the described model; of the other one nothing is known. */
export const DESCRIBED: ReadonlyArray<readonly [name: string, kind: Kind, isRequired: boolean]> = [
  ['Num', 'double', true],
  ['Big', 'whole', true],
  ['Txt', 'text', true],
  ['Opt', 'double', false]
]

/** Cells of the answer in their order, without those that the row has not (JSON). */
export interface ExpectedRow {
  readonly cells: ReadonlyArray<readonly [name: string, value: Plain]>
  /** undefined: the row is scored. */
  readonly failure: 'row-invalid' | 'row-answer-invalid' | undefined
}

export interface ExpectedTable {
  readonly form: 'rows' | 'data' | 'inputs'
  readonly dialect: PlainDialect
  readonly columns: readonly string[]
  readonly rows: readonly ExpectedRow[]
  readonly unnamed: number
  readonly isRenamed: boolean
}

/** More than one where two faults may be seen in either order. */
export interface Refused {
  readonly refusals: ReadonlySet<string>
}

export function expectedOf (sent: Sent): ExpectedTable | Refused {
  if (!sent.isText) {
    const expected = expectedOf({ ...sent, isText: true })
    const others = 'refusals' in expected ? [...expected.refusals] : []
    return { refusals: new Set([NOT_TEXT[sent.kind], ...others]) }
  }
  try {
    checkDialect(sent.kind === 'csv' && !sent.delimiterGiven ? undefined : sent.dialect)
    return tableOf(sent, sourceOf(sent))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { refusals: new Set([error.type]) }
  }
}

const NOT_TEXT = {
  csv: 'csv-invalid',
  ndjson: 'request-unreadable',
  json: 'request-unreadable'
} as const

interface Bound {
  readonly name: string
  readonly kind: Kind
  readonly at: number
}

function boundTo ({ isDescribed }: Sent, { columns }: Source): Bound[] {
  if (!isDescribed) return columns.map((name, at) => ({ name, kind: 'any', at }))
  const bound: Bound[] = []
  let isMissing = false
  for (const [name, kind, isRequired] of DESCRIBED) {
    const alike = [...columns.keys()].filter(at =>
      columns[at]!.toLowerCase() === name.toLowerCase()
    )
    const exact = columns.indexOf(name)
    if (exact < 0 && alike.length > 1) throw new Refusal('csv-invalid')
    const at = exact < 0 ? alike[0] : exact
    if (at !== undefined) bound.push({ name, kind, at })
    else isMissing ||= isRequired
  }
  if (isMissing) throw new Refusal('columns-missing')
  return bound
}

/**
 * What the model of the test answers to these inputs; names that begin so are given back as they
 * are.
 */
export function echoed (inputs: Members): Members {
  return new Members(inputs.list.map(([name, value]) => [outputOf(name), value]))
}

export function outputOf (name: string): string {
  return name.startsWith('_') ? name : `o_${name}`
}

function tableOf (sent: Sent, source: Source): ExpectedTable | Refused {
  const bound = boundTo(sent, source)
  const scored = source.rows.map(row => scoredRow(sent, source, bound, row))
  const first = scored.find(outputs => outputs instanceof Members)
  const names = sent.isDescribed
    ? DESCRIBED.map(([name]) => outputOf(name))
    : first instanceof Members
      ? first.names
      : []
  const outcomes = scored.map(outputs =>
    outputs instanceof Members && !sent.isDescribed && outputs.names.join('\n') !== names.join('\n')
      ? 'row-answer-invalid' as const
      : outputs
  )
  const isSingle = source.form !== 'rows' && sent.format === 'json'
  const shape = answerNames(source.columns, names, isSingle ? 'outputs' : sent.columns)
  const isCsv = sent.format === 'csv'
  const canWrite = (value: Plain | undefined) => !isCsv || isWritable(sent, source.dialect, value)
  const rows = source.rows.map(({ cells }, index) => {
    const outcome = outcomes[index]!
    const isLost = shape.carried.some(({ at }) => !canWrite(cells[at])) ||
      (outcome instanceof Members && names.some(name => !canWrite(outcome.of(name))))
    const failure = outcome instanceof Members
      ? isLost ? 'row-invalid' as const : undefined
      : outcome
    const carried = shape.carried.flatMap(({ name, at }): Array<readonly [string, Plain]> => {
      const value = cells[at]
      if (value === undefined && !isCsv) return []
      return [[name, value === undefined || !canWrite(value) ? '' : value]]
    })
    const outputs = shape.outputs.map((
      name,
      at
    ): readonly [string, Plain] => [name,
      failure === undefined && outcome instanceof Members ? outcome.of(names[at]!)! : null]
    )
    return { cells: [...carried, ...outputs], failure }
  })
  const columns = [...shape.carried.map(({ name }) => name), ...shape.outputs]
  const failures = new Set(rows.flatMap(({ failure }) => failure ?? []))
  const refusals = new Set<string>(source.fault === undefined ? [] : [source.fault.type])
  if (isCsv && !columns.every(canWrite)) refusals.add('request-invalid')
  if (isSingle || sent.onError === 'fail' || refusals.size > 0) {
    if (sent.onError === 'fail' || isSingle) {
      for (const failure of failures) { refusals.add(failure) }
    }
  }
  if (isSingle && rows.length === 0) refusals.add('request-unreadable')
  if (refusals.size > 0) return { refusals }
  const { form, dialect, unnamed } = source
  return { form, dialect, columns, unnamed, rows, isRenamed: shape.isRenamed }
}

function scoredRow (
  sent: Sent,
  { dialect }: Source,
  bound: readonly Bound[],
  { cells, isStray }: SourceRow
): Members | NonNullable<ExpectedRow['failure']> {
  if (isStray) return 'row-invalid'
  const inputs: Array<readonly [string, Plain]> = []
  for (const { name, kind, at } of bound) {
    const cell = cells[at]
    const value = sent.kind === 'csv'
      ? meaningOfCell(cell as string, kind, dialect)
      : meaningOfValue(cell, kind)
    if (value === undefined && kind !== 'any') return 'row-invalid'
    if (value !== undefined) inputs.push([name, value])
  }
  if (inputs.length === 0 && !sent.isDescribed) return 'row-answer-invalid'
  const outputs = echoed(new Members(inputs)).list.map(([name, value]) =>
    [name, typeof value === 'string' ? value.replace(/^ +/, '').replace(/ +$/, '') : value] as const
  )
  const lacking = sent.isDescribed
    ? DESCRIBED.filter(([name]) => !inputs.some(([known]) => known === name))
    : []
  return new Members([...outputs, ...lacking.map(([name]) => [outputOf(name), null] as const)])
}

function isWritable (
  { holds }: Sent,
  dialect: PlainDialect,
  value: Plain | undefined
): boolean {
  if (value === undefined || value === null || value instanceof Digits) return true
  const text = csvText(value, dialect)
  return holds(text) && (dialect.quote !== '' || !needsQuotes(text, dialect))
}

/** A value as the text of a cell. */
export function csvText (value: Plain, { decimal }: PlainDialect): string {
  if (value === null) return ''
  if (typeof value === 'string') return value
  return value instanceof Digits ? value.text.replace('.', decimal) : jsonText(value)
}

/**
 * Outputs that are named like the service's own column, and carried columns like either, are
 * renamed.
 */
function answerNames (
  columns: readonly string[],
  outputs: readonly string[],
  chosen: 'all' | 'outputs'
): { carried: Array<{ name: string, at: number }>, outputs: string[], isRenamed: boolean } {
  const low = (name: string) => name.toLowerCase()
  const taken = new Set(['_error', ...outputs.map(low)])
  const renamed = (name: string, prefix: string, others: ReadonlySet<string>): string => {
    let free = prefix + name
    while (taken.has(low(free)) || others.has(low(free))) free = prefix + free
    taken.add(low(free))
    return free
  }
  const named = outputs.map(name =>
    low(name) === '_error' ? renamed(name, 'out_', new Set()) : name
  )
  const given = chosen === 'all' ? columns : []
  const all = new Set(given.map(low))
  const own = new Set(['_error', ...named.map(low)])
  const carried = given.map((name, at) => ({
    at,
    name: own.has(low(name)) ? renamed(name, 'in_', all) : name
  }))
  return {
    carried,
    outputs: named,
    isRenamed: named.some((name, at) => name !== outputs[at]) ||
      carried.some(({ name, at }) => name !== columns[at])
  }
}
