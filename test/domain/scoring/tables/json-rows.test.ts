import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ExactNumber } from '../../../../src/domain/json/json.js'
import { readJsonBody } from '../../../../src/domain/scoring/tables/json-body.js'
import { readNdjson, tableOf } from '../../../../src/domain/scoring/tables/json-rows.js'
import type { Table } from '../../../../src/domain/scoring/tables/table.js'
import { cutInto, failsWith, flat } from '../support.js'

async function read (file: string | Buffer, cut = 7): Promise<unknown[]> {
  const { columns, rows } = await readNdjson(cutInto(file, cut))
  return [columns, ...(await flat(rows)).map((
    { line, cells, fault }
  ) => [line, ...cells, ...(fault === undefined ? [] : [fault])])]
}

t.test('any rows written as NDJSON and cut anywhere read back the same', async t => {
  const rows = fc.array(
    fc.record({
      A: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)),
      'é"\n': fc.string({ unit: 'grapheme' })
    }),
    { minLength: 1, maxLength: 6 }
  )
  await t.resolves(
    fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), fc.constantFrom('\n', '\r\n', '\n\n'),
        async (rows, cut, end) => {
          const file = rows.map(row => JSON.stringify(row) + end).join('')
          const table = await readNdjson(cutInto(file, cut))
          const back = (await flat(table.rows)).map(({ cells }) =>
            Object.fromEntries(table.columns.map((name, index) => [name, cells[index]]))
          )
          assert.deepEqual(back, rows.map(row => JSON.parse(JSON.stringify(row)) as unknown))
        }),
      { numRuns: 200 }
    )
  )
})

t.test('values are taken as they are', async t => {
  t.same(await read('{"A":null,"B":0,"C":"","D":"00501","E":false,"F":[1]}\n'), [['A', 'B', 'C',
    'D', 'E', 'F'], [1, null, 0, '', '00501', false, [1]]])
})

t.test('a member that a later row lacks is left undefined', async t => {
  t.same(await read('{"A":1,"B":2}\n{"B":3}'), [['A', 'B'], [1, 1, 2], [2, undefined, 3]])
})

t.test('a member that the first row lacks is a fault of its row, and the next one is read', async t => {
  t.same(await read('{"A":1}\n{"A":2,"B":3}\n{"A":4}'), [['A'], [1, 1], [2, 2,
    'line 2 has "B", which the first row has not'], [3, 4]])
})

t.test('blank lines are passed over and counted', async t => {
  t.same(await read('\n{"A":1}\n\n  \r\n{"A":2}'), [['A'], [2, 1], [5, 2]])
})

t.test('a byte order mark is passed over', async t => {
  t.same(await read('\ufeff{"A":1}\n', 1), [['A'], [1, 1]])
})

t.test('names of Object\'s own members are names like others', async t => {
  t.same(await read('{"toString":1,"constructor":2}\n{"constructor":3}'), [['toString',
    'constructor'], [1, 1, 2], [2, undefined, 3]])
})

const faults: ReadonlyArray<{ it: string, file: string | Buffer, words: RegExp }> = [
  { it: 'an empty file', file: '', words: /the body is empty/ },
  { it: 'a file of blank lines', file: '\n \n', words: /the body is empty/ },
  { it: 'a line that is not JSON', file: '{"A":1}\n{"A":\n', words: /: line 2 is not JSON/ },
  { it: 'NaN', file: '{"A":1}\n\n{"A":NaN}\n', words: /: line 3 is not JSON/ },
  { it: 'a list', file: '{"A":1}\n[1]\n', words: /: line 2 is not an object/ },
  { it: 'null', file: 'null\n', words: /: line 1 is not an object/ },
  {
    it: 'a line of more than a mebibyte',
    file: `{"A":1}\n{"A":"${'x'.repeat(1_200_000)}"}`,
    words: /: line 2 is longer than 1048576 bytes/
  }
]
for (const { it, file, words } of faults) {
  t.test(`${it} is refused with the line`, async t => {
    await failsWith(t, async () => await read(file, 1 << 16), 'request-unreadable', words)
  })
}

t.test('a line that is not UTF-8 is refused with the line', async t => {
  await failsWith(t, async () =>
    await read(
      Buffer.concat([Buffer.from('{"A":"x"}\n{"A":"'), Buffer.from([0xe9]), Buffer.from('"}\n')])
    ), 'request-unreadable', /: line 2 is not UTF-8 text/)
})

t.test('an array and an NDJSON file of the same rows are the same table, but for what counts them', async t => {
  const rows = ['{"B":1}', '{"A":2,"B":3}', '{}', '{"b":4}', '{"B":1.50}']
  const faults = async (
    { columns, rows }: Table
  ) => [columns,
    (await flat(rows)).map(({ cells, fault }) => [cells, fault?.replace(/^(row|line) /, '')])]
  const array = await faults(readJsonBody(`[${rows.join()}]`).table)
  t.same(array, [['B'], [[[1], undefined], [[3], '2 has "A", which the first row has not'], [[
    undefined
  ], undefined], [[undefined], '4 has "b", which the first row has not'], [[
    new ExactNumber('1.50')
  ], undefined]]])
  t.same(await faults(await readNdjson(cutInto(rows.join('\n'), 5))), array)
})

t.test('an item of an array that is no object is refused with its position', async t => {
  await failsWith(t, () => tableOf([new Map([['A', 1]]), 'x']), 'request-unreadable',
    /: row 2 is not an object/)
})

const untakeable: ReadonlyArray<{ it: string, row: string, words: RegExp }> = [
  {
    it: 'a name that is there twice',
    row: '{"A":1,"A":2}',
    words: /the name "A" is there twice in one object/
  },
  {
    it: 'a name that is there twice deep within',
    row: '{"A":[{"x":1,"\\u0078":2}]}',
    words: /the name "x" is there twice in one object/
  },
  {
    it: 'a value nested too deep',
    row: `{"A":${'['.repeat(200)}${']'.repeat(200)}}`,
    words: /nested more than 100 levels deep/
  },
  { it: 'half a character', row: '{"A":"\\ud83d"}', words: /has half a character/ },
  { it: 'half a character in a name', row: '{"\\udc00":1}', words: /has half a character/ }
]
for (const { it, row, words } of untakeable) {
  t.test(`${it} is refused with the place`, async t => {
    await failsWith(t, async () => await read(`{"A":1}\n${row}\n`), 'request-invalid',
      new RegExp(`: line 2 can't be taken: .*${words.source}`))
    await failsWith(t, () => readJsonBody(`[{"A":1},${row}]`), 'request-invalid',
      new RegExp(`: the body can't be taken: .*${words.source}`))
  })
}

t.test('more columns than a file may have are refused before a row is read', async t => {
  const wide = (columns: number) =>
    `{${Array.from({ length: columns }, (_, at) => `"c${at}":1`).join()}}`
  t.equal(readJsonBody(`[${wide(10_000)}]`).table.columns.length, 10_000)
  await failsWith(t, () => readJsonBody(`[${wide(10_001)}]`), 'request-invalid',
    /row 1 has 10001 columns, a file may have 10000/)
  await failsWith(t, async () => await readNdjson(cutInto(wide(10_001), 1 << 16)),
    'request-invalid', /line 1 has 10001 columns, a file may have 10000/)
})
