import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { csvLine } from '../../../../src/domain/scoring/answer/csv-bytes.js'
import { readCsv } from '../../../../src/domain/scoring/tables/csv-rows.js'
import { encodingOf, UTF_8 } from '../../../../src/domain/scoring/encodings/encoding.js'
import type { CsvDialect } from '../../../../src/domain/scoring/tables/table.js'
import { flat, cutInto, failsWith, never } from '../support.js'

const encoded = (name: string) => encodingOf(name) ?? UTF_8
const dialects: ReadonlyArray<{ it: string, dialect: CsvDialect, letters: string }> = [
  { it: 'quotes of one stroke', dialect: { delimiter: ',', quote: '\'' }, letters: ',;\'"\n\r aé' },
  {
    it: 'a quote that means something in patterns',
    dialect: { delimiter: '|', quote: '^' },
    letters: '|^"\n a]'
  },
  {
    it: 'German Windows',
    dialect: { delimiter: ';', decimal: ',', encoding: encoded('wlatin1') },
    letters: ';,"\n aé€'
  },
  {
    it: 'Unicode text of Excel',
    dialect: { delimiter: '\t', encoding: encoded('utf-16') },
    letters: '\t,"\r\n a漢😀'
  },
  {
    it: 'big-endian UTF-16',
    dialect: { delimiter: ',', encoding: encoded('utf-16be') },
    letters: ',"\n a漢😀'
  },
  {
    it: 'Shift JIS',
    dialect: { delimiter: ',', encoding: encoded('shift-jis') },
    letters: ',"\n\\a表ｱ'
  },
  {
    it: 'a delimiter beyond ASCII',
    dialect: { delimiter: '§', quote: '¦', encoding: encoded('latin1') },
    letters: '§¦"\n aé'
  },
  { it: 'no quotes', dialect: { delimiter: '\t', quote: '' }, letters: ',;"\' aé' }
]

for (const { it, dialect, letters } of dialects) {
  t.test(`any table written with ${it} and cut anywhere reads back the same`, async t => {
    const cell = fc.string({ unit: fc.constantFrom(...letters), maxLength: 6 })
    const name = cell.filter(name => name === name.trim() && name !== '')
    const table = fc.integer({ min: 1, max: 4 }).chain(width =>
      fc.tuple(
        fc.uniqueArray(name, { minLength: width, maxLength: width }),
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 6 })
      )
    )
    await t.resolves(
      fc.assert(
        fc.asyncProperty(table, fc.integer({ min: 1, max: 40 }), async ([header, rows], cut) => {
          const line = csvLine(dialect)
          const encode = (dialect.encoding ?? UTF_8).encoder()
          const file = Buffer.concat([header, ...rows].map(cells => encode(line(cells))))
          const back = await readCsv(cutInto(file, cut), dialect, never())
          assert.deepEqual(back.columns, header)
          assert.deepEqual((await flat(back.rows)).map(({ cells }) => cells), rows)
        }),
        { numRuns: 100 }
      )
    )
  })
}

t.test('without quotes a quote is a character like others', async t => {
  const { columns, rows } = await readCsv(cutInto('A,"B"\n5",x"y\n', 3), {
    delimiter: ',',
    quote: ''
  }, never())
  t.same([columns, ...(await flat(rows)).map(({ cells }) => cells)], [['A', '"B"'], ['5"', 'x"y']])
})

t.test('a quote of another dialect is a character like others', async t => {
  const { rows } = await readCsv(cutInto('A,B\n\'1,5\',x"y\n', 3), { delimiter: ',', quote: '\'' },
    never())
  t.same((await flat(rows)).map(({ cells }) => cells), [['1,5', 'x"y']])
})

t.test('a ragged row of a file in another encoding is told with its line', async t => {
  const file = Buffer.from('\ufeffA;B\n"x\ny";é\n漢\n', 'utf16le')
  await failsWith(t,
    async () =>
      await flat(
        (await readCsv(cutInto(file, 5), { delimiter: ';', encoding: encoded('utf-16') }, never()))
          .rows
      ), 'csv-invalid', /line 4 has 1 cell/)
})

t.test('numbers have the dialect\'s decimal sign and are quoted only where that is needed', async t => {
  t.equal(csvLine({ delimiter: ';', decimal: ',' })([1.5, -0, 1e21, null, 'a,b', 2]),
    '1,5;-0;1e+21;;a,b;2\n')
  t.equal(csvLine({ delimiter: '-', decimal: ',' })([1.5, -2]), '1,5-"-2"\n')
  t.equal(csvLine({ delimiter: ',' })([1.5, 'a,b', 'x"y']), '1.5,"a,b","x""y"\n')
})
