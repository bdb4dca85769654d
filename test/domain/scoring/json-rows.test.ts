import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { readNdjson, tableOf } from '../../../src/domain/scoring/json-rows.js'
import { cutInto, failsWith, flat } from './support.js'

async function read (file: string | Buffer, cut = 7): Promise<unknown[]> {
  const { columns, rows } = await readNdjson(cutInto(file, cut))
  return [columns, ...(await flat(rows)).map(({ line, cells, fault }) => [line, ...cells, ...(fault === undefined ? [] : [fault])])]
}

t.test('any rows written as NDJSON and cut anywhere read back the same', async t => {
  const rows = fc.array(fc.record({ A: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)), 'é"\n': fc.string({ unit: 'grapheme' }) }), { minLength: 1, maxLength: 6 })
  await t.resolves(fc.assert(fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), fc.constantFrom('\n', '\r\n', '\n\n'), async (rows, cut, end) => {
    const file = rows.map(row => JSON.stringify(row) + end).join('')
    const table = await readNdjson(cutInto(file, cut))
    const back = (await flat(table.rows)).map(({ cells }) => Object.fromEntries(table.columns.map((name, index) => [name, cells[index]])))
    assert.deepEqual(back, rows.map(row => JSON.parse(JSON.stringify(row)) as unknown))
  }), { numRuns: 200 }))
})

t.test('values are taken as they are', async t => {
  t.same(await read('{"A":null,"B":0,"C":"","D":"00501","E":false,"F":[1]}\n'), [['A', 'B', 'C', 'D', 'E', 'F'], [1, null, 0, '', '00501', false, [1]]])
})

t.test('a member that a later row lacks is left undefined', async t => { t.same(await read('{"A":1,"B":2}\n{"B":3}'), [['A', 'B'], [1, 1, 2], [2, undefined, 3]]) })

t.test('a member that the first row lacks is a fault of its row, and the next one is read', async t => {
  t.same(await read('{"A":1}\n{"A":2,"B":3}\n{"A":4}'), [['A'], [1, 1], [2, 2, 'line 2 has "B", which the first row has not'], [3, 4]])
})

t.test('blank lines are passed over and counted', async t => { t.same(await read('\n{"A":1}\n\n  \r\n{"A":2}'), [['A'], [2, 1], [5, 2]]) })

t.test('a byte order mark is passed over', async t => { t.same(await read('\ufeff{"A":1}\n', 1), [['A'], [1, 1]]) })

t.test('names of Object\'s own members are names like others', async t => {
  t.same(await read('{"toString":1,"constructor":2}\n{"constructor":3}'), [['toString', 'constructor'], [1, 1, 2], [2, undefined, 3]])
})

const faults: ReadonlyArray<{ it: string, file: string | Buffer, words: RegExp }> = [
  { it: 'an empty file', file: '', words: /the body is empty/ },
  { it: 'a file of blank lines', file: '\n \n', words: /the body is empty/ },
  { it: 'a line that is not JSON', file: '{"A":1}\n{"A":\n', words: /: line 2 is not JSON/ },
  { it: 'NaN', file: '{"A":1}\n\n{"A":NaN}\n', words: /: line 3 is not JSON/ },
  { it: 'a list', file: '{"A":1}\n[1]\n', words: /: line 2 is not an object/ },
  { it: 'null', file: 'null\n', words: /: line 1 is not an object/ },
  { it: 'a line of more than a mebibyte', file: `{"A":1}\n{"A":"${'x'.repeat(1_200_000)}"}`, words: /: line 2 is longer than 1048576 bytes/ }
]
for (const { it, file, words } of faults) {
  t.test(`${it} is refused with the line`, async t => { await failsWith(t, async () => await read(file, 1 << 16), 'request-unreadable', words) })
}

t.test('a line that is not UTF-8 is refused with the line', async t => {
  await failsWith(t, async () => await read(Buffer.concat([Buffer.from('{"A":"x"}\n{"A":"'), Buffer.from([0xe9]), Buffer.from('"}\n')])), 'csv-invalid', /: line 2 is not UTF-8 text/)
})

t.test('the columns of an array are all members in order of first mention', async t => {
  const table = tableOf([{ B: 1 }, { A: 2, B: 3 }])
  t.same(table.columns, ['B', 'A'])
  t.same(await flat(table.rows), [{ line: 1, cells: [1, undefined] }, { line: 2, cells: [3, 2] }])
})

t.test('an item of an array that is no object is refused with its position', async t => {
  await failsWith(t, () => tableOf([{ A: 1 }, 'x']), 'request-unreadable', /: row 2 is not an object/)
})
