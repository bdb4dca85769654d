// What stands in the grammar's bodies: names of columns, numbers, texts, and the signs around them.
import fc from 'fast-check'
import type { PlainDialect } from './plain/plain-csv.js'

export function seldom<T> (
  weight: number,
  arbitrary: fc.Arbitrary<T>
): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}
export const often = fc.nat(3).map(number => number > 0)
export const rarely = fc.nat(9).map(number => number === 0)

export const dialects = fc.record({
  delimiter: fc.constantFrom(',', ',', ',', ';', '\t', '|', ' '),
  decimal: fc.constantFrom('.', '.', ','),
  thousands: seldom(4, fc.constantFrom('.', ',', '\'', ' ')),
  quote: fc.constantFrom('"', '"', '"', '"', '\'', ''),
  missing: fc.constantFrom([], [], ['NA', '-999']),
  isClash: rarely
}).map(({ isClash, ...dialect }): PlainDialect => {
  const { delimiter, decimal, thousands, quote } = dialect
  if (isClash) return dialect
  return {
    ...dialect,
    delimiter: delimiter === decimal ? ';' : delimiter,
    thousands:
      thousands === decimal || (thousands === delimiter && quote === '') || thousands === quote
        ? undefined
        : thousands
  }
})

const NASTY = ['', ' ', '  a ', '.', 'NA', 'null', '00501', '1e3', 'true', '"', '\'', '""', ',',
  ';', '\t', '|', '\n', '\r\n', '\r', 'a,b', '"x";y', '=1+1', '[1]', '__proto__', '\u001a',
  '{"a":1}']
const WIDE = ['é', 'ß', '€', '漢字', '😀', '\u2028', '\u00a0', 'a\ufeffb', '\u0000']
export const texts = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.string({ unit: fc.constantFrom('a', 'B', '0', '.', ' ', 'é', '-'), maxLength: 8 })
  },
  { weight: 2, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.constantFrom(...WIDE) }
)

const PLAIN_NUMBERS = ['0', '1', '-5', '0.5', '1e3', '-0', '0.1', '12345678901234567890',
  '9007199254740993', '1.0000000000000001', '1e400', '-1e400', '1e-400', '-0.0', '1.50', '1E5',
  '9223372036854775807', '-9223372036854775808', '9223372036854775808', '123456789012345678',
  '0.00000001', '100000000000000000000000', '5.0', '1e2', '10e-1', '0e999', '4.9e-324',
  '1.7976931348623157e308']
export const numbers = fc.oneof(
  { weight: 4, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
  { weight: 4, arbitrary: fc.integer().map(String) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String) },
  { weight: 3, arbitrary: fc.constantFrom(...PLAIN_NUMBERS) }
)
/** Of a CSV alone. */
const SPELLINGS = ['+7', '007', '.5', '5.', ' 1.5 ', '1D5', '1d-2', '-.5', '+.5e1', '00501',
  '\u00a07']
const MISSINGS = ['', '', '.', ' ', '._', '.A', '.z', 'NA', '-999', ' . ']
const NO_NUMBERS = ['abc', 'NaN', 'Infinity', '0x10', '1 2', '1,000', '1.000', '1,00', '--1', '1e',
  '.', 'A', '_', 'NULL', '1.2.3', '1e5.5', '.ab', '1\'000', '1\u202f000', '1 000', '12.345.678',
  '-1,234,567.5', '٣']
const spelled = (dialect: PlainDialect) =>
  fc.oneof(
    { weight: 20, arbitrary: numbers },
    { weight: 3, arbitrary: fc.constantFrom(...SPELLINGS) }
  ).map(text => text.replace('.', dialect.decimal))
const grouped = ({ thousands = '', decimal }: PlainDialect) =>
  fc.integer({ min: -99_999_999, max: 99_999_999 }).map(number =>
    `${number.toLocaleString('en').replaceAll(',', thousands)}${decimal}25`
  )
export const numberCells = (dialect: PlainDialect) =>
  fc.oneof(
    { weight: 16, arbitrary: spelled(dialect) },
    { weight: 3, arbitrary: fc.constantFrom(...MISSINGS) },
    { weight: dialect.thousands === undefined ? 0 : 4, arbitrary: grouped(dialect) },
    { weight: 4, arbitrary: fc.constantFrom(...NO_NUMBERS) }
  )
export const wholeCells = (dialect: PlainDialect) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
    { weight: 3, arbitrary: numberCells(dialect) }
  )

export interface Column {
  readonly name: string
  readonly role: 'number' | 'whole' | 'text'
}
const cased = (...names: readonly string[]) =>
  fc.constantFrom(names[0]!, names[0]!, names[0]!, ...names)
const extras = fc.constantFrom('note', 'o_Num', 'O_TXT', 'in_o_Num', '_error', '_ERROR', '_own',
  'constructor', '__proto__', 'toString', 'num', 'NUM', 'Txt ', 'Größe', 'a,b', 'say "x"',
  'two\nlines', ' spaced ', 'out__error', '_revision')
const extraColumns = fc.uniqueArray(extras, { maxLength: 4 })
  .map(names =>
    names.map((name): Column => ({ name, role: name.length % 2 === 0 ? 'number' : 'text' }))
  )
const ownColumns = fc.tuple(
  cased('Num', 'num', 'NUM', ' Num '),
  cased('Big', 'BIG'),
  cased('Txt', 'txt'),
  seldom(2, cased('Opt', 'OPT')),
  seldom(60, fc.constantFrom(0, 1, 2))
).map(([num, big, txt, opt, left]) =>
  [
    { name: num, role: 'number' },
    { name: big, role: 'whole' },
    { name: txt, role: 'text' },
    ...(opt === undefined ? [] : [{ name: opt, role: 'number' }])
  ].filter((_, index) => index !== left) as Column[]
)
export const columnLists = fc.tuple(ownColumns, extraColumns, fc.boolean()).chain((
  [own, more, isFree]
) =>
  fc.shuffledSubarray([...own, ...more], { minLength: isFree ? 1 : own.length + more.length }).map(
    columns => ({ columns, isFree })
  )
)

export const rowCounts = fc.oneof(
  { weight: 48, arbitrary: fc.nat(24) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 600 }) }
)
