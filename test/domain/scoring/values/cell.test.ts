import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ExactNumber, type Json } from '../../../../src/domain/json/json.js'
import { readJson } from '../../../../src/domain/json/read-json.js'
import {
  CellFault,
  cellReader,
  checkValue,
  inferredValueOf,
  missingHint,
  numberOf,
  textOf
} from '../../../../src/domain/scoring/values/cell.js'

const textCell = cellReader('string')

/** The value as one would write it down, or the fault's words. */
function told (read: () => unknown): string {
  try {
    const value = read()
    return typeof value === 'number' || value instanceof ExactNumber
      ? textOf(value)
      : JSON.stringify(value)
  } catch (error) {
    if (error instanceof CellFault) return error.message
    throw error
  }
}

const numbers: ReadonlyArray<readonly [text: string, value: string]> = [
  ['-5.3', '-5.3'],
  ['1e-3', '0.001'],
  ['1D5', '100000'],
  ['1d-2', '0.01'],
  ['2E+3', '2000'],
  ['  7.5 ', '7.5'],
  ['\t8\t', '8'],
  ['.5', '0.5'],
  ['-.5', '-0.5'],
  ['5.', '5'],
  ['+1', '1'],
  ['00501', '501'],
  ['0', '0'],
  ['-0', '-0'],
  ['1e308', '1e+308'],
  ['1e-999', '0']
]
for (const [text, value] of numbers) {
  t.test(`"${text}" is a number`, async t => {
    t.equal(told(() => numberOf(text)), value, JSON.stringify(text))
  })
}

t.test('SAS missings of a numeric variable are null, with blanks around them or not', async t => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_']
  const missings = ['', '.', ...letters.map(letter => `.${letter}`)]
  for (const text of missings) t.equal(numberOf(text), null, JSON.stringify(text))
  for (const text of missings) t.equal(numberOf(`  ${text} `), null, JSON.stringify(`  ${text} `))
})

const refused = [
  'NaN',
  'Infinity',
  '-Infinity',
  'inf',
  '0x1',
  '0b1',
  '1,000',
  '1.000,5',
  '1_000',
  '1 2',
  '--1',
  '+-1',
  '1e',
  'e5',
  '.AB',
  '..',
  '.e1',
  '.1.2',
  '-',
  '+',
  '-.',
  '5%',
  '$5',
  'N/A',
  'null',
  '_',
  'A',
  '01JAN2020',
  '1n',
  '１'
]
for (const text of refused) {
  t.test(`"${text}" is not a number`, async t => {
    t.equal(told(() => numberOf(text)), 'is not a number', text)
  })
}

t.test('a number beyond the doubles is refused rather than made infinite', async t => {
  for (const text of ['1e999', '-1e999', '1'.repeat(310)]) { t.equal(told(() => numberOf(text)), 'is larger than a double can hold', text.slice(0, 10)) }
})

t.test('a cell of half a million digits and one letter is refused at once', async t => {
  const startedAt = performance.now()
  t.equal(told(() => numberOf('1'.repeat(500_000) + 'x')), 'is not a number')
  t.equal(inferredValueOf('1'.repeat(500_000) + 'x'), '1'.repeat(500_000) + 'x')
  t.ok(performance.now() - startedAt < 2_000,
    'the patterns read a text once, not once for each digit')
})

t.test('text stays as it is, whatever it looks like', async t => {
  for (const text of ['00501', '.', '.A', 'NaN', ' padded ', '1e5', 'null', '0']) { t.equal(textCell(text), text, text) }
})

t.test('an empty cell of a text variable is missing', async t => {
  t.equal(textCell(''), null)
})

const inferred: ReadonlyArray<readonly [text: string, value: string]> = [
  ['1', '1'],
  ['-5.3', '-5.3'],
  ['0', '0'],
  ['0.5', '0.5'],
  ['1e-3', '1e-3'],
  ['1E5', '1E5'],
  ['1.50', '1.50'],
  ['-0', '-0'],
  ['9007199254740993', '9007199254740993'],
  ['00501', '"00501"'],
  ['+1', '"+1"'],
  ['.5', '".5"'],
  ['5.', '"5."'],
  [' 7', '" 7"'],
  ['1D5', '"1D5"'],
  ['NaN', '"NaN"'],
  ['.', '"."'],
  ['.A', '".A"'],
  ['0x1', '"0x1"'],
  ['true', '"true"'],
  ['null', '"null"'],
  ['', 'null'],
  ['1e999', '"1e999"']
]
for (const [text, value] of inferred) {
  t.test(`without a signature "${text}" is ${value}`, async t => {
    t.equal(told(() => inferredValueOf(text)), value, text)
  })
}

const checked: ReadonlyArray<readonly [value: unknown, type: 'number' | 'string', found: string]> =
  [
    [null, 'number', 'null'],
    [undefined, 'number', 'null'],
    [0, 'number', '0'],
    [-0, 'number', '-0'],
    [5e-324, 'number', '5e-324'],
    ['1', 'number', 'is not a number (JSON null is a missing value)'],
    ['', 'number', 'is not a number (JSON null is a missing value)'],
    [true, 'number', 'is not a number (JSON null is a missing value)'],
    [[1], 'number', 'is not a number (JSON null is a missing value)'],
    [Infinity, 'number', 'is larger than a double can hold'],
    [-Infinity, 'number', 'is larger than a double can hold'],
    [null, 'string', 'null'],
    ['', 'string', '""'],
    ['00501', 'string', '"00501"'],
    ['.', 'string', '"."'],
    [501, 'string', 'is not a string (JSON null is a missing value)'],
    [new Map(), 'string', 'is not a string (JSON null is a missing value)']
  ]
for (const [value, type, found] of checked) {
  t.test(`the JSON value ${textOf(value) || String(value)} for a ${type} is never converted`, async t => {
    t.equal(told(() => checkValue(value as Json | undefined, type)), found,
      `${JSON.stringify(value)} as ${type}`)
  })
}

t.test('any double written as text reads back to the same bits', async t => {
  const doubles = fc.double({ noNaN: true, noDefaultInfinity: true })
  const extremes = [-0, 0, 5e-324, -5e-324, 2 ** -1022, Number.MAX_VALUE, -Number.MAX_VALUE,
    0.1 + 0.2, 2 ** 53].map((value): [number] => [value])
  await t.resolves(fc.assert(fc.asyncProperty(doubles, async value => {
    assert.ok(Object.is(numberOf(textOf(value)), value), textOf(value))
  }), { numRuns: 5_000, examples: extremes }))
})

t.test('any text and any double written by a text variable or without a signature reads back the same', async t => {
  const cells = fc.oneof(fc.string({ minLength: 1, unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(textOf))
  await t.resolves(fc.assert(fc.asyncProperty(cells, async text => {
    assert.equal(textCell(text), text)
    assert.equal(textOf(inferredValueOf(text)), text)
  }), { numRuns: 2_000 }))
})

t.test('a structured value becomes JSON text and a missing one nothing', async t => {
  t.equal(textOf([{ metadata: [{ COL_A: 'string' }] }, { data: [['x']] }]),
    '[{"metadata":[{"COL_A":"string"}]},{"data":[["x"]]}]')
  t.equal(textOf(null), '')
  t.equal(textOf(undefined), '')
  t.equal(textOf(false), 'false')
})

const whole: ReadonlyArray<readonly [text: string, value: string]> = [
  ['1', '1'],
  ['-0', '-0'],
  ['+7', '7'],
  ['007', '7'],
  ['5.0', '5'],
  ['5.', '5'],
  ['1e3', '1000'],
  ['1D3', '1000'],
  ['1.5e1', '15'],
  ['1500e-2', '15'],
  ['0e999999999999', '0'],
  [' 12 ', '12'],
  ['9007199254740991', '9007199254740991'],
  ['9007199254740993', '9007199254740993'],
  ['9007199254740993.000', '9007199254740993'],
  ['9.007199254740993e15', '9007199254740993'],
  ['9223372036854775807', '9223372036854775807'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['.', 'null'],
  ['.A', 'null'],
  ['', 'null'],
  ['  ', 'null'],
  ['1.5', 'is not a whole number'],
  ['1e-3', 'is not a whole number'],
  ['.5', 'is not a whole number'],
  ['9007199254740993.5', 'is not a whole number'],
  ['1e-99999999999999999999', 'is not a whole number'],
  ['9223372036854775808', 'is larger than a whole number of 64 bits can be'],
  ['-9223372036854775809', 'is larger than a whole number of 64 bits can be'],
  ['1e19', 'is larger than a whole number of 64 bits can be'],
  ['1e99999999999999999999', 'is larger than a whole number of 64 bits can be'],
  ['abc', 'is not a number'],
  ['0x10', 'is not a number'],
  ['Infinity', 'is not a number']
]
for (const [text, value] of whole) {
  t.test(`"${text}" in a column of whole numbers is ${value}`, async t => {
    t.equal(told(() => cellReader('number', {}, 'int64')(text)), value, text)
  })
}

t.test('whole numbers of another dialect keep their digits', async t => {
  t.equal(
    told(() =>
      cellReader('number', { decimal: ',', thousands: '.' }, 'int64')('9.007.199.254.740.993,0')
    ),
    '9007199254740993'
  )
  t.equal(told(() => cellReader('number', { missing: ['-999'] }, 'int64')('-999')), 'null')
})

t.test('any whole number of 64 bits goes as it is written, from CSV and JSON', async t => {
  await t.resolves(
    fc.assert(
      fc.asyncProperty(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), async whole => {
        assert.equal(textOf(cellReader('number', {}, 'int64')(String(whole))), String(whole))
        assert.equal(textOf(checkValue(readJson(String(whole)), 'number', 'int64')), String(whole))
      })
    )
  )
})

t.test('a JSON number of more digits than a double has is rounded as doubles are, and refused beyond them', async t => {
  t.equal(checkValue(readJson('1.0000000000000001'), 'number'), 1)
  t.equal(checkValue(readJson('9007199254740993'), 'number'), 9007199254740992)
  t.equal(told(() => checkValue(readJson('1e400'), 'number')), 'is larger than a double can hold')
  t.equal(told(() => checkValue(readJson('1.5'), 'number', 'int64')), 'is not a whole number')
})

t.test('a data grid is structured for the model, from CSV and JSON, and written as it came', async t => {
  const grid = '[{"metadata":[{"A":"decimal"}]},{"data":[[1.50],[9007199254740993]]}]'
  t.equal(textOf(cellReader('string', {}, 'json')(grid)), grid)
  t.equal(textOf(checkValue(readJson(grid), 'string', 'json')), grid)
  t.equal(cellReader('string', {}, 'json')(''), null)
  for (const text of ['x', '7', '"x"', '[1', '{"a":1,"a":2}']) {
    t.equal(told(() => cellReader('string', {}, 'json')(text)),
      'is not the JSON text of an array or an object', text)
  }
})

t.test('what other programs write for missing hints at missing=, other texts do not', async t => {
  for (
    const text of ['A', '_', 'NA', 'null', 'NULL', 'NaN', 'nan', '#N/A', 'N/A', 'None', '?', '-',
      '--', '(null)', '<NA>', '\\N', ' NA ']
  ) {
    t.equal(missingHint(text),
      `; if it stands for a missing value, give missing=${encodeURIComponent(text.trim())}`, text)
  }
  for (const text of ['x', 'abc', '1,5', '0x10', 'Infinity', '', 'AB', 'NA'.repeat(100_000)]) { t.equal(missingHint(text), '', text.slice(0, 10)) }
})
