import t from 'tap'
import { encodingOf } from '../../../src/domain/scoring/encodings/encoding.js'
import { Progress } from '../../../src/domain/scoring/progress/progress.js'
import { readBody, type Body } from '../../../src/domain/scoring/tables/read-body.js'
import { cutInto, never } from './support.js'

// How many rows a file has is told, before it is read, by where its rows end: nearly, after a tenth
// of them.

const ROWS = 100_000
const line = (row: number) => `${String(row).padStart(8, '0')},abcdefgh\n`
const csv = 'ID,TEXT\n' + Array.from({ length: ROWS }, (_, row) => line(row)).join('')
const ndjson = Array.from({ length: ROWS }, (_, row) => `{"ID":${row + 1_000_000}}\n`).join('')

const files: ReadonlyArray<readonly [string, Body['kind'], Buffer, string?]> = [
  ['a CSV', 'csv', Buffer.from(csv)],
  ['a CSV in UTF-16', 'csv', Buffer.from(csv, 'utf16le'), 'utf-16le'],
  ['a CSV in Latin-1', 'csv', Buffer.from(csv, 'latin1'), 'latin1'],
  ['NDJSON', 'ndjson', Buffer.from(ndjson)]
]

for (const [name, kind, file, encoding] of files) {
  t.test(`${name} of ${ROWS} rows is known to have so many after a tenth of them`, async t => {
    const progress = new Progress()
    const bytes = cutInto(file, 64 * 1024)
    const dialect = {
      delimiter: ',',
      ...(encoding === undefined ? {} : { encoding: encodingOf(encoding)! })
    }
    const { table } = await readBody({ kind, bytes }, dialect, progress, never())
    let expected = 0
    for await (const batch of table.rows) {
      if (batch.length === 0 || progress.rowsRead < ROWS / 10) continue
      expected = progress.rowsRead / progress.shareOf(file.length)
      break
    }
    t.ok(Math.abs(expected - ROWS) < ROWS / 10, `${expected}`)
  })
}

t.test('at the end it is known exactly', async t => {
  const progress = new Progress()
  const body = { kind: 'csv', bytes: cutInto('A\n1\n2\n\n', 3) } as const
  const { table } = await readBody(body, { delimiter: ',' }, progress, never())
  t.equal(progress.rowsInAll, undefined)
  let rows = 0
  for await (const batch of table.rows) rows += batch.length
  t.same([progress.rowsInAll, progress.rowsRead], [rows, rows])
})
