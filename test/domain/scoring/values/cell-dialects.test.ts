import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ExactNumber } from '../../../../src/domain/json/json.js'
import {
  CellFault,
  cellReader,
  inferredReader,
  textOf
} from '../../../../src/domain/scoring/values/cell.js'
import { cellWriter } from '../../../../src/domain/scoring/answer/csv-bytes.js'
import type { CsvDialect } from '../../../../src/domain/scoring/tables/table.js'

type Dialect = Omit<CsvDialect, 'delimiter'>

function told (read: (text: string) => unknown, text: string): string {
  try {
    const value = read(text)
    return typeof value === 'number' || value instanceof ExactNumber
      ? textOf(value)
      : JSON.stringify(value)
  } catch (error) {
    if (error instanceof CellFault) return error.message
    throw error
  }
}

const COMMA: Dialect = { decimal: ',' }
const GERMAN: Dialect = { decimal: ',', thousands: '.' }
const ENGLISH: Dialect = { thousands: ',' }
const FRENCH: Dialect = { decimal: ',', thousands: ' ' }
const SWISS: Dialect = { thousands: '\'' }
const NOT_COMMA = 'is not a number with the decimal sign ,'
const NOT_GERMAN = 'is not a number with the decimal sign , and . between thousands'
const NOT_ENGLISH = 'is not a number with the decimal sign . and , between thousands'

const numbers: ReadonlyArray<readonly [dialect: Dialect, text: string, is: string]> = [
  [COMMA, '1,5', '1.5'],
  [COMMA, ' -5,3 ', '-5.3'],
  [COMMA, ',5', '0.5'],
  [COMMA, '5,', '5'],
  [COMMA, '1,5e-3', '0.0015'],
  [COMMA, '1,5D2', '150'],
  [COMMA, '-0', '-0'],
  [COMMA, '-0,0', '-0'],
  [COMMA, '', 'null'],
  [COMMA, '.', 'null'],
  [COMMA, '.A', 'null'],
  [COMMA, '1.5', NOT_COMMA],
  [COMMA, '1,5,0', NOT_COMMA],
  [COMMA, ',', NOT_COMMA],
  [COMMA, '1.000,5', NOT_COMMA],
  [COMMA, '9'.repeat(400), 'is larger than a double can hold'],
  [GERMAN, '1.000,5', '1000.5'],
  [GERMAN, '-12.345.678', '-12345678'],
  [GERMAN, '1000,5', '1000.5'],
  [GERMAN, '1.000', '1000'],
  [GERMAN, '.', 'null'],
  [GERMAN, '1.00', NOT_GERMAN],
  [GERMAN, '1.5', NOT_GERMAN],
  [GERMAN, '1000.000', NOT_GERMAN],
  [GERMAN, '1.000.00', NOT_GERMAN],
  [GERMAN, '1,000.5', NOT_GERMAN],
  [GERMAN, '0.123', NOT_GERMAN],
  [GERMAN, '.123', NOT_GERMAN],
  [GERMAN, '1..000', NOT_GERMAN],
  [GERMAN, '1.000,000.000', NOT_GERMAN],
  [ENGLISH, '1,000.5', '1000.5'],
  [ENGLISH, '1,000,000', '1000000'],
  [ENGLISH, '1.5', '1.5'],
  [ENGLISH, '1,00', NOT_ENGLISH],
  [ENGLISH, '1,5', NOT_ENGLISH],
  [ENGLISH, '12,34,567', NOT_ENGLISH],
  [FRENCH, '1 000,5', '1000.5'],
  [FRENCH, '1\u00a0000,5', '1000.5'],
  [FRENCH, '1\u202f000', '1000'],
  [FRENCH, '1\n000', 'is not a number with the decimal sign , and a blank between thousands'],
  [SWISS, '1\'000.50', '1000.5'],
  [{ thousands: '-' }, '1-000', '1000'],
  [{ thousands: '^' }, '1^000', '1000'],
  [{ thousands: '|' }, '1|000', '1000'],
  [{ missing: ['NA', '-999'] }, 'NA', 'null'],
  [{ missing: ['NA', '-999'] }, ' -999 ', 'null'],
  [{ missing: ['NA', '-999'] }, '-999.0', '-999'],
  [{ missing: ['NA'] }, 'na', 'is not a number'],
  [{ missing: ['NA'] }, '.B', 'null'],
  [{ missing: ['NA'] }, '', 'null'],
  [{ ...GERMAN, missing: ['NA'] }, 'NA', 'null'],
  [{}, 'NA', 'is not a number'],
  [{}, '1,000', 'is not a number']
]
for (const [dialect, text, is] of numbers) {
  t.test(`"${text.slice(0, 20)}" in a numeric column with ${JSON.stringify(dialect)} is ${is}`, async t => {
    t.equal(told(cellReader('number', dialect), text), is, text)
  })
}

t.test('text stays as it is in every dialect', async t => {
  for (const text of ['00501', '1.000,5', 'NA', '.', ' x ', '01JAN2020', '2020-01-31']) {
    t.equal(cellReader('string', { ...GERMAN, missing: ['NA'] })(text), text, text)
  }
})

const inferred: ReadonlyArray<readonly [dialect: Dialect, text: string, is: string]> = [
  [COMMA, '1,5', '1.5'],
  [COMMA, '-1,5e3', '-1.5e3'],
  [COMMA, '1,50', '1.50'],
  [COMMA, '1.5', '"1.5"'],
  [COMMA, 'a,b', '"a,b"'],
  [COMMA, '1,5,2', '"1,5,2"'],
  [COMMA, '00501', '"00501"'],
  [COMMA, '', 'null'],
  [GERMAN, '1.000', '"1.000"'],
  [GERMAN, '1.000,5', '"1.000,5"'],
  [{ missing: ['NA'] }, 'NA', 'null'],
  [{ missing: ['NA'] }, '7', '7'],
  [{}, 'NA', '"NA"']
]
for (const [dialect, text, is] of inferred) {
  t.test(`without a signature "${text}" with ${JSON.stringify(dialect)} is ${is}`, async t => {
    t.equal(told(inferredReader(dialect), text), is, text)
  })
}

t.test('any double written with any decimal sign reads back to the same bits', async t => {
  const doubles = fc.double({ noNaN: true, noDefaultInfinity: true })
  const dialects = fc.constantFrom<CsvDialect>(
    { delimiter: ',' },
    { delimiter: ';', ...COMMA },
    { delimiter: '\t', ...GERMAN },
    { delimiter: ';', ...FRENCH },
    { delimiter: '|', ...SWISS }
  )
  const semicolon = { delimiter: ';', decimal: ',' }
  await t.resolves(fc.assert(fc.asyncProperty(doubles, dialects, async (value, dialect) => {
    const text = cellWriter(dialect)(value)
    assert.ok(Object.is(cellReader('number', dialect)(text), value), text)
  }), { numRuns: 3_000, examples: [[-0, semicolon], [5e-324, semicolon], [1e21, semicolon]] }))
})

t.test('a number that someone groups by threes reads as the number', async t => {
  const signs = fc.constantFrom<readonly [string, string, string]>(['.', ',', 'de-DE'], [',', '.',
    'en-US'], ['\u202f', ',', 'fr-FR'], ['\'', '.', 'de-CH'])
  const amounts = fc.integer({ min: -(10 ** 12), max: 10 ** 12 })
  await t.resolves(
    fc.assert(fc.asyncProperty(amounts, signs, async (hundredths, [thousands, decimal, locale]) => {
      const value = hundredths / 100
      const text = value.toLocaleString(locale, {
        minimumFractionDigits: 2,
        maximumFractionDigits: 2,
        signDisplay: 'negative'
      })
      assert.equal(cellReader('number', { decimal, thousands })(text),
        value === 0 ? 0 : Number(value.toFixed(2)), text)
    }), { numRuns: 1_000 })
  )
})

t.test('a datagrid is JSON text with points whatever the decimal sign', async t => {
  t.equal(cellWriter({ delimiter: ';', decimal: ',' })([{ data: [[1.5]] }]),
    '"[{""data"":[[1.5]]}]"')
  t.equal(cellWriter({ delimiter: ';', decimal: ',', quote: '\'' })([{ data: [[1.5]] }]),
    '[{"data":[[1.5]]}]')
})
