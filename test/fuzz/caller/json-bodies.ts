import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { columnLists, dialects, numbers, rowCounts, texts, type Column } from './columns.js'
import { UTF_8 } from './encodings.js'
import { jsonRowsText } from './texts.js'
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

const VALUES = ['null', 'true', 'false', '[]', '{}', '[1,"a",{"b":1.50}]', '{"a":[0.10,-0.0]}',
  '"a"', '1']
const quoted = texts.map(text => JSON.stringify(text))
const jsonNumber = numbers.map(text => text.replace(/^\+/, ''))
const jsonValues = ({ role }: Column) =>
  fc.oneof(
    {
      weight: 20,
      arbitrary: role === 'text'
        ? quoted
        : role === 'number'
          ? jsonNumber
          : fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
    },
    { weight: 2, arbitrary: fc.constant('null') },
    { weight: 1, arbitrary: jsonNumber },
    { weight: 1, arbitrary: fc.constantFrom(...VALUES) }
  )
const DEEP = '['.repeat(101) + ']'.repeat(101)
const jsonFiles = fc.tuple(columnLists, rowCounts).chain(([{ columns, isFree }, count]) =>
  fc.record({
    kind: fc.constantFrom('ndjson' as const, 'json' as const),
    form: fc.constantFrom('rows', 'rows', 'data', 'inputs', 'other'),
    columns: fc.constant(columns),
    isDescribed: fc.constant(!isFree),
    dialect: dialects,
    rows: fc.array(fc.tuple(...columns.map(jsonValues)), { minLength: count, maxLength: count }),
    oddities: fc.array(fc.record({
      at: fc.nat(count),
      what: fc.constantFrom('left', 'left', 'more', 'turned', 'cased', 'empty',
        ...(count < 20 ? ['twice', 'deep', 'list'] : []))
    }), { maxLength: 2 }),
    looks: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
    lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\n\n', ' \n'),
    hasEnd: fc.boolean(),
    edit: edits
  })
)
type JsonFile = typeof jsonFiles extends fc.Arbitrary<infer F> ? F : never

function jsonOf (
  { kind, form, columns, rows, oddities, looks, lineEnd, hasEnd, edit }: JsonFile
): string {
  const names = columns.map(({ name }) => name)
  const members = rows.map((values, at) => {
    let list = values.map((value, index) => [JSON.stringify(names[index]), value] as const)
    for (const { what } of oddities.filter(oddity => oddity.at === at)) {
      if (what === 'left') list = list.slice(1)
      if (what === 'more') list = [...list, ['"more"', '1']]
      if (what === 'turned') list = list.toReversed()
      if (what === 'cased') {
        list = list.map(([name, value], index) => [index === 0 ? name.toUpperCase() : name, value])
      }
      if (what === 'empty') list = []
      if (what === 'twice') list = [...list, ...list.slice(0, 1)]
      if (what === 'deep') list = [...list.slice(1), [list[0]?.[0] ?? '"deep"', DEEP]]
    }
    return list
  })
  const text = jsonRowsText({ kind, form, members, looks, lineEnd, hasEnd })
  return edited(oddities.some(({ what }) => what === 'list') ? text.replace('{', '[{') : text, edit)
}

function jsonBody (
  file: JsonFile,
  asked: Asked,
  { as, encoding, hasMark, noText, cuts, isChunked }: Wire
): Body {
  const given = jsonOf(file)
  const text = given.startsWith('\ufeff') && !hasMark ? given.slice(1) : given
  const bytes = Buffer.concat([Buffer.from((hasMark ? '\ufeff' : '') + given),
    noText === undefined ? Buffer.alloc(0) : UTF_8.noText])
  const type = file.kind === 'json' ? 'application/json' : 'application/x-ndjson'
  return {
    ...asked,
    kind: file.kind,
    text,
    isText: noText === undefined,
    isDescribed: file.isDescribed,
    dialect: file.dialect,
    delimiterGiven: true,
    isFormEncoded: false,
    holds: encoding.holds,
    decode: encoding.decode,
    query: queryOf(asked, file.dialect, file.dialect.delimiter, encoding.name),
    headers: { 'content-type': type, ...(as === 'gzip' ? { 'content-encoding': 'gzip' } : {}) },
    bytes: as === 'gzip' ? gzipSync(bytes, { level: 1 }) : bytes,
    cuts,
    isChunked
  }
}

export const jsonBodies: fc.Arbitrary<Body> = fc.tuple(jsonFiles, options, wires)
  .map(([file, asked, wire]) => jsonBody(file, asked, wire))
