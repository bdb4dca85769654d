import t from 'tap'
import { DomainError } from '../../../../src/domain/errors.js'
import type { AnswerFormat } from '../../../../src/domain/scoring/answer/answer-options.js'
import { answerColumns } from '../../../../src/domain/scoring/answer/answer-columns.js'
import type { JsonObject } from '../../../../src/domain/json/json.js'
import { readJson } from '../../../../src/domain/json/read-json.js'
import { encodingOf } from '../../../../src/domain/scoring/encodings/encoding.js'
import type { ScoredRow } from '../../../../src/domain/scoring/score/score-table.js'
import type { CsvDialect, Table } from '../../../../src/domain/scoring/tables/table.js'
import { writableRows } from '../../../../src/domain/scoring/answer/writable-rows.js'
import { failsWith } from '../support.js'

const LATIN1: CsvDialect = { delimiter: ',', encoding: encodingOf('latin1')! }
const UNQUOTED: CsvDialect = { delimiter: ',', quote: '' }

interface Given {
  readonly format?: AnswerFormat
  readonly chosen?: 'all' | 'outputs'
  readonly columns?: readonly string[]
  readonly outputs?: readonly string[]
  readonly counted?: 'row'
}

function written (
  row: ScoredRow,
  dialect: CsvDialect,
  { format = 'csv', chosen = 'all', columns = ['A', 'B'], outputs = ['P', 'C'], counted }: Given =
  {}
): ScoredRow {
  const table: Table = {
    columns,
    cellsAre: 'text',
    rows: (async function * () {})(),
    ...(counted === undefined ? {} : { counted })
  }
  return writableRows(table, answerColumns(table, outputs, { columns: chosen }), {
    format,
    dialect
  })(row)
}

const scored = (cells: readonly unknown[], outputs: Record<string, unknown>): ScoredRow => ({
  line: 3,
  cells,
  outputs: readJson(JSON.stringify(outputs)) as JsonObject,
  revision: 'm-1'
})
const failed = (message: string): ScoredRow => ({
  line: 3,
  cells: ['1', 'x'],
  error: new DomainError('row-refused', message)
})
const told = (row: ScoredRow) =>
  'error' in row ? [row.error.fault, row.error.message, row.cells, row.outputs, row.revision] : row

t.test('a row that can be written is the same row', async t => {
  for (const dialect of [LATIN1, UNQUOTED, { delimiter: ',' }]) {
    const row = scored(['1', 'é'], { P: 0.5, C: 'ß"' })
    t.equal(written(row, dialect), row)
  }
})

t.test('a row with an output that the encoding lacks fails, and names it', async t => {
  t.same(told(written(scored(['1', 'é'], { P: 0.5, C: '5€' }), LATIN1)), ['row-invalid',
    'line 3, output C: "5\\u{20ac}" can\'t be written in iso-8859-1', ['1', 'é'], undefined, 'm-1'])
})

t.test('a structured output counts as the JSON text that would be written', async t => {
  t.match(told(written(scored(['1', 'x'], { P: [{ data: ['漢'] }], C: '' }), LATIN1)), [
    'row-invalid',
    /output P: .*\\u\{6f22\}.*can't be written/
  ])
})

t.test('a carried value that the encoding lacks is left out and named, one that is not carried does not matter', async t => {
  t.same(told(written(scored(['1', '漢'], { P: 0.5, C: 'x' }), LATIN1, { counted: 'row' })), [
    'row-invalid',
    'row 3, column B: its value can\'t be written in iso-8859-1',
    ['1', ''],
    undefined,
    'm-1'
  ])
  const row = scored(['1', '漢'], { P: 0.5, C: 'x' })
  t.equal(written(row, LATIN1, { chosen: 'outputs' }), row)
})

t.test('without quotes a value that would need them fails its row', async t => {
  for (const value of ['a,b', 'a\nb', 'a\rb']) {
    t.match(told(written(scored(['1', 'x'], { P: 1.5, C: value }), UNQUOTED)), ['row-invalid',
      /^line 3 {2}output C: "a.b" would need quotes {2}and quote=none has none$/],
    JSON.stringify(value))
  }
})

t.test('a reason is written with what there is', async t => {
  t.match(told(written(failed('line 3: "a, b…漢"'), LATIN1)), ['row-refused',
    'line 3: "a, b\\u{2026}\\u{6f22}"'])
  t.match(told(written(failed('line 3, column A'), UNQUOTED)), ['row-refused', 'line 3  column A'])
  t.match(told(written(failed('line 3, column A'), { delimiter: ' ', quote: '' })), ['row-refused',
    'line_3,_column_A'])
})

t.test('a name that can\'t be written is refused', async t => {
  await failsWith(t, () => written(scored([], {}), LATIN1, { outputs: ['漢'] }), 'request-invalid',
    /the column name "漢" can't be written in iso-8859-1/)
  await failsWith(t, () => written(scored([], {}), UNQUOTED, { columns: ['a,b'] }),
    'request-invalid', /the column name "a,b" would need quotes/)
})

t.test('JSON and NDJSON hold any text', async t => {
  const row = scored(['1', '漢'], { P: 0.5, C: 'a,b' })
  for (const format of ['json', 'ndjson'] as const) { t.equal(written(row, { ...LATIN1, quote: '' }, { format }), row) }
})
