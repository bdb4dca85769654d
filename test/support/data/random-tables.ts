import fc from 'fast-check'

/**
 * A cell of the model's number: its text, and the number that it stands for; null for missing,
 * undefined for what is none.
 */
interface NumberCell {
  readonly text: string
  readonly means: number | null | undefined
}

interface RandomRow {
  readonly n: NumberCell
  readonly t: string
  readonly extras: readonly string[]
  readonly blankLineBefore: boolean
}

/**
 * A file for a model with the inputs N (a number) and T (a text) that answers OUT_N = N and OUT_T =
 * T, and how it is written.
 */
export interface RandomTable {
  /** Columns that the model does not know. */
  readonly extras: readonly string[]
  /** N and T go before the extra column of this index; with equal ones N is first. */
  readonly nAt: number
  readonly tAt: number
  readonly nName: string
  readonly tName: string
  readonly rows: readonly RandomRow[]
  readonly delimiter: string
  readonly lineEnd: string
  readonly endsWithLineEnd: boolean
  readonly mark: boolean
  /** Each cell, by turns: quoted though it need not be. */
  readonly quotes: readonly boolean[]
}

const NASTY = [
  '',
  '"',
  '""',
  ',',
  ';',
  '|',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '\n\n',
  '"\r\n"',
  'a,b\n"c"',
  '\'',
  ' ',
  ' a ',
  '00501',
  '.',
  '-',
  'null',
  '=1+1',
  'é€\u{1F600}',
  '\u2028',
  '\uFEFF',
  '\0'
]
/** Any character of Unicode; fast-check's own `binary` unit takes seconds to be made. */
const character = fc.integer({ min: 0, max: 0x10FFFF - 0x800 }).map(code =>
  String.fromCodePoint(code < 0xD800 ? code : code + 0x800)
)
const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 8 }) },
  { weight: 4, arbitrary: fc.constantFrom(...NASTY) },
  {
    weight: 3,
    arbitrary: fc.array(character, { maxLength: 12 }).map(characters => characters.join(''))
  },
  { weight: 1, arbitrary: repeated(['long ', '","', 'é\r\n', '\u{1F600}'], 100, 1_000) }
)
const longText = repeated(['x', '"', '\n', '€'], 20_000, 60_000)

function repeated (pieces: readonly string[], min: number, max: number): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...pieces), fc.integer({ min, max })).map(([piece, times]) =>
    piece.repeat(times)
  )
}

const number = fc.double({ noNaN: true, noDefaultInfinity: true })
  .filter(value => !Object.is(value, -0)) // JSON has it as 0
  .map(value => ({ text: String(value), means: value }))
/** Numbers that are not written as JSON has them. */
const OTHERWISE: readonly NumberCell[] = [
  { text: ' 1.50 ', means: 1.5 },
  { text: '+07', means: 7 },
  { text: '1D3', means: 1000 },
  { text: '.5', means: 0.5 },
  { text: '3.', means: 3 }
]
const numberCell: fc.Arbitrary<NumberCell> = fc.oneof(
  { weight: 8, arbitrary: number },
  {
    weight: 2,
    arbitrary: fc.constantFrom('', '.', '.A', '.z', '._', ' ').map(text => ({ text, means: null }))
  },
  { weight: 2, arbitrary: fc.constantFrom(...OTHERWISE) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('abc', '0x10', 'Infinity', 'NaN', '1 2', 'a"b').map(text => ({
      text,
      means: undefined
    }))
  }
)

const columnName = fc.oneof(
  fc.string({ minLength: 1, maxLength: 6 }),
  fc.constantFrom('a,b', 'say "x"', 'two\nlines', ' spaced ', 'Größe', 'OUT_N', 'out_t', 'in_OUT_N',
    '_error', '_ERROR')
).filter(name => name.trim() !== '' && !/^[nt]$/i.test(name.trim()))

/** Mostly small, now and then wide, long, or with a cell of many kilobytes. */
export const randomTable: fc.Arbitrary<RandomTable> = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: 30, max: 120 }) }
).chain(width => {
  const row = (cell: fc.Arbitrary<string>, t = cell) =>
    fc.record({
      n: numberCell,
      t,
      extras: fc.array(cell, { minLength: width, maxLength: width }),
      blankLineBefore: fc.boolean().map(flag => flag && width > 2)
    })
  const rows = fc.oneof(
    { weight: 40, arbitrary: fc.array(row(text), { maxLength: width > 10 ? 3 : 6 }) },
    {
      weight: 1,
      arbitrary: fc.array(row(fc.string({ maxLength: 5 })), {
        minLength: 20,
        maxLength: width > 10 ? 20 : 60
      })
    },
    { weight: 1, arbitrary: fc.array(row(text, longText), { minLength: 1, maxLength: 2 }) }
  )
  return fc.record({
    extras: fc.uniqueArray(columnName, {
      minLength: width,
      maxLength: width,
      selector: name => name.trim()
    }),
    nAt: fc.nat({ max: width }),
    tAt: fc.nat({ max: width }),
    nName: fc.constantFrom('N', 'n'),
    tName: fc.constantFrom('T', 't', ' T '),
    rows,
    delimiter: fc.constantFrom(',', ',', ',', ';', '\t', '|'),
    lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
    endsWithLineEnd: fc.boolean(),
    mark: fc.boolean(),
    quotes: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 })
  })
})

/** The bytes of the file. */
export function fileOf (table: RandomTable): Buffer {
  return Buffer.from((table.mark ? '\uFEFF' : '') + recordsOf(table).join(''))
}

/** The answer to it, by nothing but arrays and strings. */
export function answerTo (table: RandomTable): string {
  const { delimiter, rows } = table
  const records = recordsOf(table)
  const header = inOrder(table, table.nName, table.tName, table.extras).map(name => name.trim())
  const own = ['out_n', 'out_t', '_error']
  const taken = new Set([...own, ...header.map(name => name.toLowerCase())])
  const carried = header.map(name => {
    if (!own.includes(name.toLowerCase())) return name
    let renamed = `in_${name}`
    while (taken.has(renamed.toLowerCase())) renamed = `in_${renamed}`
    taken.add(renamed.toLowerCase())
    return renamed
  })
  const lines = rows.map(({ n, t, extras, blankLineBefore }, index) => {
    const cells = inOrder(table, n.text, t, extras)
    if (n.means === undefined) {
      const before = records.slice(0, index + 1).join('') + (blankLineBefore ? table.lineEnd : '')
      const line = 1 + (before.match(/\r\n|\n|\r/g) ?? []).length
      return [...cells, '', '',
        `line ${line}, column ${table.nName}: "${n.text}" is not a number${
          n.text === 'NaN' ? '; if it stands for a missing value, give missing=NaN' : ''
        }`]
    }
    return [...cells, n.means === null ? '' : String(n.means), t.replaceAll(/^ +| +$/g, ''), '']
  })
  return [[...carried, 'OUT_N', 'OUT_T', '_error'], ...lines].map(cells =>
    cells.map(cell => cellOf(cell, delimiter, false)).join(delimiter) + '\n'
  ).join('')
}

/** The header and each row as they are written, line ends included. */
function recordsOf (table: RandomTable): string[] {
  const { delimiter, lineEnd, quotes, rows } = table
  let written = 0
  const record = (cells: readonly string[]) =>
    cells.map(cell => cellOf(cell, delimiter, quotes[written++ % quotes.length]!)).join(delimiter)
  const records = [
    record(inOrder(table, table.nName, table.tName, table.extras)),
    ...rows.map(({ n, t, extras, blankLineBefore }) =>
      (blankLineBefore ? lineEnd : '') + record(inOrder(table, n.text, t, extras))
    )
  ]
  return records.map((record, index) =>
    index < records.length - 1 || table.endsWithLineEnd ? record + lineEnd : record
  )
}

function cellOf (cell: string, delimiter: string, quoted: boolean): string {
  return quoted || /["\r\n]/.test(cell) || cell.includes(delimiter)
    ? `"${cell.replaceAll('"', '""')}"`
    : cell
}

function inOrder (
  { nAt, tAt }: RandomTable,
  n: string,
  t: string,
  extras: readonly string[]
): string[] {
  const at = Math.min(nAt, extras.length)
  const cells = [...extras.slice(0, at), n, ...extras.slice(at)]
  return cells.toSpliced(tAt < nAt ? tAt : tAt + 1, 0, t)
}
