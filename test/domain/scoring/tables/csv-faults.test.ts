import t from 'tap'
import { readCsv } from '../../../../src/domain/scoring/tables/csv-rows.js'
import { all, cutInto, failsWith, never } from '../support.js'

async function read (file: string | Buffer, cut = 1 << 16): Promise<void> {
  const { rows } = await readCsv(cutInto(file, cut), { delimiter: ',' }, never())
  await all(rows)
}

const bad = Buffer.from([0x41, 0xe9, 0x42]) // AéB in Latin-1
const bytes = (...parts: ReadonlyArray<string | Buffer>) =>
  Buffer.concat(parts.map(part => Buffer.from(part)))

const cases: ReadonlyArray<{ it: string, file: string | Buffer, words: RegExp }> = [
  { it: 'an empty file', file: '', words: /: the file is empty/ },
  { it: 'a file of a byte order mark', file: '\ufeff', words: /: the file is empty/ },
  {
    it: 'a name that is there twice',
    file: 'A,B,A\n1,2,3\n',
    words: /: line 1: the column "A" is there twice/
  },
  {
    it: 'names that are equal but for blanks',
    file: 'A, A\n1,2\n',
    words: /: line 1: the column "A" is there twice/
  },
  {
    it: 'a row that is too short',
    file: 'A,B\n1,2\n3\n',
    words: /: line 3 has 1 cell, the header has 2/
  },
  {
    it: 'a row that is too long',
    file: 'A,B\n1,2\n3,4,5\n',
    words: /: line 3 has 3 cells, the header has 2/
  },
  {
    it: 'a ragged row after quoted line ends',
    file: 'A,B\n"x\ny\nz",2\n3,4,5\n',
    words: /: line 5 has 3 cells, the header has 2/
  },
  {
    it: 'a ragged row after blank lines',
    file: 'A,B\r\n\r\n1,2\r\n\r\n3\r\n',
    words: /: line 5 has 1 cell, the header has 2/
  },
  {
    it: 'a ragged row that itself holds line ends',
    file: 'A,B\n1,2\n"x\ny",2,3\n',
    words: /: line 3 has 3 cells/
  },
  {
    it: 'a quote that never ends',
    file: 'A,B\n1,2\n"x,4\n5,6\n',
    words: /line \d+: a quoted cell begins in or before this line and never ends/
  },
  {
    it: 'text after a closing quote',
    file: 'A,B\n1,2\n"x"y,4\n',
    words: /: line 3: text follows the closing quote/
  },
  {
    it: 'a quote inside an unquoted cell',
    file: 'A,B\n1,2\n3,x"y\n',
    words: /: line 3: a quote in the middle of an unquoted cell/
  },
  {
    it: 'a bad quote after quoted line ends',
    file: 'A,B\n"1\n1",2\n3,x"y\n',
    words: /: line 4: a quote in the middle/
  },
  { it: 'a header in Latin-1', file: bytes(bad, ',B\n1,2\n'), words: /: line 1 is not UTF-8 text/ },
  {
    it: 'a cell in Latin-1',
    file: bytes('A,B\n1,2\n', bad, ',2\n4,5\n'),
    words: /: line 3 is not UTF-8 text/
  },
  {
    it: 'a Latin-1 cell after CRLF lines',
    file: bytes('A,B\r\n1,2\r\n3,', bad, '\r\n'),
    words: /: line 3 is not UTF-8 text/
  },
  {
    it: 'a file that ends within a character',
    file: bytes('A,B\n1,2\n3,', Buffer.from('é').subarray(0, 1)),
    words: /: line 3 is not UTF-8 text/
  },
  {
    it: 'an overlong encoding',
    file: bytes('A,B\n1,', Buffer.from([0xc0, 0xaf]), '\n'),
    words: /: line 2 is not UTF-8 text/
  },
  {
    it: 'a surrogate',
    file: bytes('A,B\n1,', Buffer.from([0xed, 0xa0, 0x80]), '\n'),
    words: /: line 2 is not UTF-8 text/
  },
  {
    it: 'UTF-16 with a byte order mark',
    file: Buffer.from('\ufeffA,B\n1,2\n', 'utf16le'),
    words: /: the file is UTF-16, not UTF-8/
  },
  {
    it: 'big-endian UTF-16 with a byte order mark',
    file: Buffer.from('\ufeffA,B\n1,2\n', 'utf16le').swap16(),
    words: /: the file is UTF-16, not UTF-8/
  },
  {
    it: 'a row of more than a mebibyte',
    file: `A,B\n1,${'x'.repeat(1_100_000)}\n`,
    words: /: line \d+: the row is longer than 1048576 bytes/
  }
]
for (const { it, file, words } of cases) {
  t.test(`${it} is refused in words`, async t => {
    const cuts = file.length > 1_000 ? [1 << 16] : [1, 2, 7, 1 << 16]
    for (const cut of cuts) {
      await failsWith(t, async () => {
        await read(file, cut)
      }, 'csv-invalid', words)
    }
  })
}
