import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { csvLine } from '../../../../src/domain/scoring/answer/csv-bytes.js'
import { readCsv } from '../../../../src/domain/scoring/tables/csv-rows.js'
import { cutInto, flat, never } from '../support.js'

/** A file as its lines say it: columns, then `line:cells`. */
async function read (
  file: string | Buffer,
  { delimiter = ',', cut = 1 << 16 } = {}
): Promise<string[]> {
  const { columns, rows } = await readCsv(cutInto(file, cut), { delimiter }, never())
  return [columns.join('|'),
    ...(await flat(rows)).map(({ line, cells }) => `${line}:${cells.join('|')}`)]
}

const special = fc.constantFrom(',', ';', '\t', '"', '\n', '\r', ' ', 'a', 'é', '漢', '😀')
const anyCell = fc.oneof({ weight: 3, arbitrary: fc.string({ unit: 'grapheme' }) },
  fc.string({ unit: special }))
const table = fc.integer({ min: 1, max: 5 }).chain(width =>
  fc.tuple(
    fc.uniqueArray(
      anyCell.filter(name => name === name.trim() && name !== '' && !name.startsWith('\ufeff')),
      { minLength: width, maxLength: width }
    ),
    fc.array(fc.array(anyCell, { minLength: width, maxLength: width }), { maxLength: 8 })
  )
)

t.test('any table written as CSV and cut anywhere reads back the same', async t => {
  const delimiters = fc.constantFrom(',', ';', '\t', '|', '^', ']', '\\', '-')
  const cuts = fc.integer({ min: 1, max: 64 })
  await t.resolves(
    fc.assert(
      fc.asyncProperty(table, delimiters, cuts, fc.boolean(),
        async ([header, rows], delimiter, cut, mark) => {
          const line = csvLine({ delimiter })
          const file = (mark ? '\ufeff' : '') + [header, ...rows].map(line).join('')
          const back = await readCsv(cutInto(file, cut), { delimiter }, never())
          assert.deepEqual(back.columns, header)
          assert.deepEqual((await flat(back.rows)).map(({ cells }) => cells), rows)
        }),
      { numRuns: 400 }
    )
  )
})

t.test('the line of a row is where it begins, whatever line ends the cells before it hold', async t => {
  const cells = fc.string({ unit: fc.constantFrom('\n', '\r\n', '"', ',', 'x') })
  const rows = fc.array(fc.tuple(cells, cells), { maxLength: 6 })
  await t.resolves(
    fc.assert(
      fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n'), fc.integer({ min: 1, max: 9 }),
        async (rows, end, cut) => {
          const quoted = rows.map(row =>
            row.map(cell => `"${cell.replaceAll('"', '""')}"`).join(',') + end
          )
          const begins: number[] = []
          let line = 2
          for (const text of quoted) {
            begins.push(line)
            line += text.split('\n').length - 1
          }
          const back = await readCsv(cutInto(`A,B${end}${quoted.join('')}`, cut), {
            delimiter: ','
          }, never())
          assert.deepEqual((await flat(back.rows)).map(({ line }) => line), begins)
        }),
      { numRuns: 200 }
    )
  )
})

const cases: ReadonlyArray<
  { it: string, file: string | Buffer, gives: readonly string[], delimiter?: string }
> = [
  {
    it: 'a byte order mark is not part of the first name',
    file: '\ufeffA,B\n1,2\n',
    gives: ['A|B', '2:1|2']
  },
  {
    it: 'a byte order mark before a quoted name is not part of it',
    file: '\ufeff"A",B\n1,2\n',
    gives: ['A|B', '2:1|2']
  },
  { it: 'lines may end in CRLF', file: 'A,B\r\n1,2\r\n3,4\r\n', gives: ['A|B', '2:1|2', '3:3|4'] },
  { it: 'lines may end in CR', file: 'A,B\r1,2\r3,4\r', gives: ['A|B', '2:1|2', '3:3|4'] },
  {
    it: 'line ends may be mixed',
    file: 'A,B\r\n1,2\n3,4\r5,6\n',
    gives: ['A|B', '2:1|2', '3:3|4', '4:5|6']
  },
  { it: 'the last line needs no end', file: 'A,B\n1,2\n3,4', gives: ['A|B', '2:1|2', '3:3|4'] },
  {
    it: 'a last line of empty cells needs no end',
    file: 'A,B\n1,2\n,',
    gives: ['A|B', '2:1|2', '3:|']
  },
  {
    it: 'quoted cells may hold line ends, delimiters and quotes',
    file: 'A,B\n"x\ny","1,2"\n"say ""hi""",""\n',
    gives: ['A|B', '2:x\ny|1,2', '4:say "hi"|']
  },
  {
    it: 'a quoted CR alone counts as it does elsewhere',
    file: 'A,B\r"x\ry",1\rz,2\r',
    gives: ['A|B', '2:x\ry|1', '4:z|2']
  },
  {
    it: 'blank lines are passed over and counted',
    file: 'A,B\n\n1,2\n\n\n3,4\n\n',
    gives: ['A|B', '3:1|2', '6:3|4']
  },
  {
    it: 'blank CRLF lines are passed over and counted',
    file: 'A,B\r\n\r\n1,2\r\n',
    gives: ['A|B', '3:1|2']
  },
  {
    it: 'a file of one column may have empty cells',
    file: 'A\n1\n""\n\n2\n',
    gives: ['A', '2:1', '3:', '4:', '5:2']
  },
  {
    it: 'blanks around a name are not part of it, those around a cell are',
    file: ' A , B\n 1 , 2\n',
    gives: ['A|B', '2: 1 | 2']
  },
  { it: 'a header alone is a table without rows', file: 'A,B\n', gives: ['A|B'] },
  { it: 'a header without a line end is a table without rows', file: 'A,B', gives: ['A|B'] },
  { it: 'a header of three bytes is read', file: 'A,B', gives: ['A|B'] },
  { it: 'a header of one byte is read', file: 'A', gives: ['A'] },
  { it: 'semicolons may delimit', file: 'A;B\n1,5;2\n', gives: ['A|B', '2:1,5|2'], delimiter: ';' },
  { it: 'tabs may delimit', file: 'A\tB\n1\t2,3\n', gives: ['A|B', '2:1|2,3'], delimiter: '\t' },
  { it: 'a name may hold a line end', file: '"A\nB",C\n1,2\n', gives: ['A\nB|C', '3:1|2'] },
  {
    it: 'characters of two to four bytes are read whole',
    file: 'É,漢\n😀,ß\n',
    gives: ['É|漢', '2:😀|ß']
  }
]
for (const { it, file, gives, delimiter = ',' } of cases) {
  t.test(it, async t => {
    for (const cut of [1, 2, 3, 5, 1 << 16]) {
      t.same(await read(file, { delimiter, cut }), gives,
        `${JSON.stringify(String(file))} in pieces of ${cut}`)
    }
  })
}
