import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { form } from '../../support/caller.js'
import {
  columnLists,
  dialects,
  numberCells,
  rarely,
  rowCounts,
  seldom,
  texts,
  wholeCells,
  type Column
} from './columns.js'
import { UTF_8, type Encoding } from './encodings.js'
import { csvText } from './texts.js'
import {
  edited,
  edits,
  options,
  queryOf,
  wires,
  type Asked,
  type Body,
  type Wire
} from './wires.js'

const csvFiles = fc.tuple(dialects, columnLists, rowCounts).chain(
  ([dialect, { columns, isFree }, count]) => {
    const cell = ({ role }: Column) =>
      role === 'text' ? texts : role === 'number' ? numberCells(dialect) : wholeCells(dialect)
    return fc.record({
      dialect: fc.constant(dialect),
      columns: fc.constant(columns),
      isDescribed: fc.constant(!isFree),
      rows: fc.array(fc.tuple(...columns.map(cell)), { minLength: count, maxLength: count }),
      looks: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
      lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
      sep: seldom(12, fc.constantFrom('sep=', '"sep="', 'SEP=', 'other')),
      blankLines: rarely,
      end: fc.constantFrom('', 'line', 'line', 'line', 'blanks', 'ctrl-z', 'after'),
      unnamed: seldom(12, fc.constantFrom(1, 2)),
      ragged: seldom(40, fc.constantFrom(-1, 1)),
      index: rarely,
      edit: edits
    })
  }
)
type CsvFile = typeof csvFiles extends fc.Arbitrary<infer F> ? F : never

function csvOf (file: CsvFile, { holds }: Encoding): string {
  const { dialect, columns, rows, looks, lineEnd, unnamed = 0, sep, end, edit } = file
  let index = 0
  const written = (text: string) =>
    csvText(holds(text) ? text : 'x', dialect, looks[index++ % looks.length]!)
  const line = (cells: readonly string[], first = '') =>
    [...(file.index ? [first] : []), ...cells.map(written), ...Array.from({ length: unnamed }, () =>
      '')].join(dialect.delimiter)
  const lines = [line(columns.map(({ name }) => name)),
    ...rows.map((cells, at) => line(cells, String(at)))]
  const broken = lines.map((line, at) =>
    file.ragged === undefined || at !== lines.length - 1 || at === 0
      ? line
      : file.ragged > 0
        ? `${line}${dialect.delimiter}more`
        : line.slice(0, Math.max(0, line.lastIndexOf(dialect.delimiter)))
  )
  const blank = (at: number) => file.blankLines && looks[at % looks.length] === true ? lineEnd : ''
  const begin = sep === undefined
    ? ''
    : sep === 'other'
      ? `sep=#${lineEnd}`
      : sep.replace('=', `=${dialect.delimiter}`) + lineEnd
  const ends = {
    '': '',
    line: lineEnd,
    blanks: lineEnd.repeat(4),
    'ctrl-z': `${lineEnd}\u001a`,
    after: `\u001a${lineEnd}${lineEnd}`
  }[end]
  return edited(
    begin + broken.map((line, at) => (at === 0 ? '' : blank(at)) + line).join(lineEnd) + ends,
    edit !== undefined && holds(edit.insert) ? edit : undefined
  )
}

function csvBody (file: CsvFile, asked: Asked, wire: Wire): Body {
  const { as, encoding, cuts, isChunked, namesDelimiter, noText } = wire
  const { dialect: written } = file
  const delimiterGiven = written.delimiter !== ',' &&
    (namesDelimiter || file.sep === undefined || file.sep === 'other')
  const text = csvOf(file, encoding)
  const mark = wire.hasMark && encoding.hasMark ? '\ufeff' : ''
  // a mark that an edit has put at the beginning is one
  const plain = mark === '' && encoding.hasMark && text.startsWith('\ufeff') ? text.slice(1) : text
  const isText = noText === undefined
  const bytes = Buffer.concat([encoding.encode(mark + text),
    isText ? Buffer.alloc(0) : encoding.noText])
  const byCharset = wire.byCharset && as !== 'curl' && as !== 'form'
  const type = byCharset ? `text/csv; charset=${encoding.name}` : 'text/csv'
  const rest = {
    ...asked,
    kind: 'csv' as const,
    text: plain,
    isText,
    isDescribed: file.isDescribed,
    dialect: delimiterGiven ? written : { ...written, delimiter: ',' },
    delimiterGiven,
    isFormEncoded: as === 'curl',
    holds: encoding.holds,
    decode: encoding.decode,
    query: queryOf(asked, written, delimiterGiven ? written.delimiter : undefined,
      byCharset || encoding === UTF_8 ? undefined : encoding.name),
    cuts,
    isChunked
  }
  if (as === 'form') {
    const { body, headers } = form({ name: 'file', filename: 'rows.csv', content: bytes })
    return { ...rest, headers, bytes: body }
  }
  if (as === 'curl') {
    return { ...rest, bytes, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  }
  if (as === 'gzip') {
    return {
      ...rest,
      bytes: gzipSync(bytes, { level: 1 }),
      headers: { 'content-type': type, 'content-encoding': 'gzip' }
    }
  }
  return { ...rest, bytes, headers: { 'content-type': type } }
}

export const csvBodies: fc.Arbitrary<Body> = fc.tuple(csvFiles, options, wires)
  .map(([file, asked, wire]) => csvBody(file, asked, wire))
