import { gzipSync } from 'node:zlib'

/** An input of 1 MiB that takes as much work as it can. */
export interface WorstInput {
  readonly it: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH'
  /** Default: the score call of the model that echoes. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

export const MIB = 2 ** 20
const CSV = { 'content-type': 'text/csv' }
const JSON_TYPE = { 'content-type': 'application/json' }
const NDJSON = { 'content-type': 'application/x-ndjson' }
const FORM = { 'content-type': 'multipart/form-data; boundary=b' }

/** A piece again and again, to a MiB at most, between a beginning and an end. */
function filled (begin: string, piece: (index: number) => string, end = ''): string {
  const parts = [begin]
  let bytes = Buffer.byteLength(begin) + Buffer.byteLength(end)
  for (let index = 0; ; index++) {
    const part = piece(index)
    bytes += Buffer.byteLength(part)
    if (bytes > MIB) return parts.join('') + end
    parts.push(part)
  }
}
const repeated = (text: string) => text.repeat(Math.floor(MIB / Buffer.byteLength(text)))

const csv = (it: string, body: string | Buffer, path = '/models/m/score'): WorstInput => ({
  it,
  headers: CSV,
  body,
  path
})
const names = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`)

const files: readonly WorstInput[] = [
  csv('a header of as many columns as a MiB holds', filled('X', index => `,c${index}`, '\n')),
  csv('a row of 10,000 columns',
    `X,${names(9_999).join()}\n1${`,${'y'.repeat(95)}`.repeat(9_999)}\n`),
  csv('rows of 10,000 columns',
    `X,${names(9_999).join()}\n` + `1${',0'.repeat(9_999)}\n`.repeat(45)),
  csv('short rows', filled('X\n', () => '1\n')),
  csv('short rows that fail', filled('X\n', () => 'a\n')),
  csv('short rows of two columns', filled('X,Y\n', () => '1,\n')),
  csv('short rows that fail, of a file with CR', filled('X\r', () => 'a\r')),
  csv('short rows that fail, in quotes', filled('X\n', () => '"a"\n')),
  csv('blank lines', filled('X,Y\n', () => '\n', '1,2\n')),
  csv('blank lines of one column', filled('X\n', () => '\n', '1\n')),
  csv('blank lines at the end', filled('X\n1\n', () => '\n')),
  csv('a giant quoted cell', 'X,C\n1,"' + 'x'.repeat(MIB - 100) + '"\n'),
  csv('a giant quoted cell of line ends', 'X,C\n1,"' + '\n'.repeat(MIB - 100) + '"\n'),
  csv('a giant cell of quotes', 'X,C\n1,"' + '""'.repeat(MIB / 2 - 100) + '"\n'),
  csv('nothing but quotes', repeated('"')),
  csv('quoted empty cells', filled('X,C\n', () => '"",""\n')),
  csv('a quote that is never closed', filled('X,C\n1,"', () => 'a,b\n')),
  csv('a giant name of a column', 'X,' + 'n'.repeat(MIB - 100) + '\n1,2\n'),
  csv('a giant number', 'X,C\n' + '1'.repeat(MIB - 100) + ',a\n'),
  csv('a giant whole number', 'X,N\n1,' + '1'.repeat(MIB - 100) + '\n'),
  csv('a giant number with zeros', 'X,N\n1,0.' + '0'.repeat(MIB - 100) + '1e1000000\n'),
  csv('a giant blank cell', 'X,C\n' + ' '.repeat(MIB - 100) + ',a\n'),
  csv('a giant cell of points and blanks', 'X,C\n' + '. '.repeat(MIB / 2 - 100) + ',a\n'),
  csv('thousands in a giant number', 'X;C\n1' + ',000'.repeat(MIB / 4 - 100) + ';a\n',
    '/models/m/score?thousands=,&delimiter=%3B'),
  csv('UTF-16', Buffer.from(filled('X,C\n', () => 'a,b\n').slice(0, MIB / 2), 'utf16le'),
    '/models/m/score?encoding=utf-16'),
  csv('windows-1252', Buffer.from(filled('X,C\n', () => 'a,b\n'), 'latin1'),
    '/models/m/score?encoding=windows-1252'),
  csv('Shift JIS, as NDJSON', Buffer.from(repeated('X,C\n\u0083\u0041,\u0083\u0041\n'), 'latin1'),
    '/models/m/score?encoding=shift_jis&format=ndjson'),
  csv('GB 18030 without line ends',
    Buffer.concat([Buffer.from('X,C\n1,'), Buffer.alloc(MIB - 100, 0x81)]),
    '/models/m/score?encoding=gb18030'),
  csv('what is no UTF-8, at its end',
    Buffer.concat([Buffer.from(filled('X,C\n', () => 'a,b\n').slice(0, -4)), Buffer.from([0xff])])),
  csv('columns= of 10 KB', `X,${names(9_999).join()}\n` + `1${',0'.repeat(9_999)}\n`.repeat(45),
    `/models/m/score?columns=${names(1_500).join()}`),
  csv('without a description', filled('X\n', () => '1\n'), '/models/free/score'),
  csv('rows of 10,000 columns without a description',
    `X,${names(9_999).join()}\n` + `1${',0'.repeat(9_999)}\n`.repeat(45), '/models/free/score'),
  csv('compared', filled('X\n', () => 'a\n'),
    '/models/m/compare?champion=m-00001&challenger=m-00002'),
  csv('compared, with outputs', filled('X\n', () => '1\n'),
    '/models/m/compare?champion=m-00001&challenger=m-00002'),
  {
    it: 'a gzip of line ends',
    headers: { ...CSV, 'content-encoding': 'gzip' },
    body: gzipSync(Buffer.alloc(200 * MIB, 'X\n'))
  },
  {
    it: 'a gzip of zeros',
    headers: { ...CSV, 'content-encoding': 'gzip' },
    body: gzipSync(Buffer.alloc(200 * MIB))
  },
  {
    it: 'a gzip of rows that fail',
    headers: { ...CSV, 'content-encoding': 'gzip' },
    body: gzipSync('X\n' + 'a\n'.repeat(10 * MIB))
  },
  {
    it: 'a gzip of empty members',
    headers: { ...CSV, 'content-encoding': 'gzip' },
    body: Buffer.concat(Array.from({ length: 50_000 }, () => gzipSync('')))
  }
]

const part = (name: string, value: string) =>
  `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const forms: readonly WorstInput[] = [
  { it: 'a form of many fields', headers: FORM, body: filled('', () => part('columns', 'X')) },
  {
    it: 'a form of many files',
    headers: FORM,
    body: filled('',
      () => '--b\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n\r\n')
  },
  {
    it: 'a form of beginnings of its boundary',
    headers: FORM,
    body: '--b\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n' +
      repeated('\r\n--').slice(0, MIB - 200)
  },
  {
    it: 'a form whose part has a giant head',
    headers: FORM,
    body: '--b\r\ncontent-disposition: form-data; name="f"; filename="' + 'f'.repeat(MIB - 200)
  },
  {
    it: 'a form of parameters',
    headers: FORM,
    body: '--b\r\ncontent-disposition: form-data' + repeated('; a=b').slice(0, MIB - 200) +
      '\r\n\r\n'
  },
  {
    it: 'a form with a giant field',
    headers: FORM,
    body: part('columns', repeated('a,').slice(0, MIB - 200))
  }
]

const json = (it: string, body: string, path = '/models/m/score'): WorstInput => ({
  it,
  headers: JSON_TYPE,
  body,
  path
})
const lines = (it: string, body: string, path = '/models/m/score'): WorstInput => ({
  it,
  headers: NDJSON,
  body,
  path
})
const deep = (open: string, close: string) =>
  open.repeat(MIB / (open.length + close.length) - 50) +
  close.repeat(MIB / (open.length + close.length) - 50)
const jsonBodies: readonly WorstInput[] = [
  json('an array whose rows each have a member of their own',
    filled('[{"X":1}', index => `,{"c${index}":1}`, ']')),
  json('an array of empty rows', filled('[{"X":1}', () => ',{}', ']')),
  json('an array of rows that fail', filled('[{"X":1}', () => ',{"X":""}', ']')),
  json('an array of rows', filled('[{"X":1}', () => ',{"X":1}', ']')),
  json('an array of numbers', filled('[1', () => ',1', ']')),
  json('a row of as many members as a MiB holds',
    filled('{"data":{"X":1', index => `,"c${index}":1`, '}}')),
  json('inputs',
    filled('{"inputs":[{"name":"X","value":1}', index => `,{"name":"c${index}","value":1}`, ']}')),
  json('nested arrays', `{"data":{"X":${deep('[', ']')}}}`),
  json('nested objects', `{"data":{"X":${deep('{"a":', '}')}}}`),
  json('a list in a text', filled('{"data":{"X":1,"C":[1', () => ',1', ']}}')),
  json('a giant text', `{"data":{"X":1,"C":"${'x'.repeat(MIB - 100)}"}}`),
  json('a giant text of escapes', `{"data":{"X":1,"C":"${'\\u00e9'.repeat(MIB / 6 - 100)}"}}`),
  json('a giant text of backslashes', `{"data":{"X":1,"C":"${'\\\\'.repeat(MIB / 2 - 100)}"}}`),
  json('a giant number', `{"data":{"X":${'1'.repeat(MIB - 100)}}}`),
  json('a giant whole number', `{"data":{"X":1,"N":${'1'.repeat(MIB - 100)}}}`),
  json('a number with a giant exponent', `{"data":{"X":1,"N":1e${'0'.repeat(MIB - 100)}1}}`),
  json('names that differ in case',
    filled('{"data":{"X":1', index => `,"${'x'.repeat(1 + index % 900)}${index}":1`, '}}')),
  lines('one line of as many members', filled('{"X":1', index => `,"c${index}":1`, '}\n')),
  lines('a giant text', `{"X":1,"C":"${'x'.repeat(MIB - 100)}"}\n`),
  lines('tiny lines', filled('{"X":1}\n', () => '{}\n')),
  lines('lines that fail', filled('{"X":1}\n', () => '{"Z":1}\n')),
  lines('rows', filled('{"X":1}\n', () => '{"X":1}\n')),
  lines('blank lines', filled('{"X":1}\n', () => '\n', '{"X":1}\n')),
  lines('rows of 10,000 members', `{"X":1,${names(9_999).map(name => `"${name}":0`).join()}}\n` +
    filled('', () => '{"X":1}\n').slice(0, 900_000)),
  lines('rows without a description', filled('{"X":1}\n', () => '{"X":1}\n'), '/models/free/score'),
  lines('a line that is cut', `{"X":1,"C":"${'x'.repeat(MIB - 100)}`)
]

/** Each answer is a MiB: see the models of the test. */
export const MODELS: ReadonlyArray<readonly [name: string, rows: number]> = [
  ['chunks', 2],
  ['many-outputs', 40],
  ['undeclared', 40],
  ['long-text', 40],
  ['long-number', 40],
  ['long-whole', 40],
  ['nested', 20],
  ['list', 40],
  ['pairs', 40],
  ['page', 40],
  ['refusal', 40],
  ['no-json', 40],
  ['twice', 20],
  ['escapes', 40]
]
const models: readonly WorstInput[] = MODELS.map(([name, rows]) =>
  csv(`answers of a model: ${name}`, 'X\n' + '1\n'.repeat(rows), `/models/${name}/score`)
)

export const DESCRIPTIONS = ['many-variables', 'deep-types', 'many-types', 'long-type',
  'references', 'long-names', 'no-json'] as const
const descriptions: readonly WorstInput[] = DESCRIPTIONS.flatMap(name => [
  { it: `a description: ${name}`, method: 'GET' as const, path: `/models/d-${name}/signature` },
  {
    it: `a description: ${name}, as a SAS program`,
    method: 'GET' as const,
    path: `/models/d-${name}/signature?format=sas`
  },
  csv(`a row for a description: ${name}`,
    `${names(2_000).map(name => `${name}x`).join()}\n${'1,'.repeat(1_999)}1\n`,
    `/models/d-${name}/score`)
])

const model = (it: string, body: string, rest: Partial<WorstInput> = {}): WorstInput => ({
  it: `POST /models: ${it}`,
  method: 'POST',
  path: '/models',
  headers: JSON_TYPE,
  body,
  ...rest
})
const rest = '"name":"w","image":"registry.demo/x:1"'
const specs: readonly WorstInput[] = [
  model('unknown fields', filled(`{${rest}`, index => `,"f${index}":1`, '}')),
  model('variables',
    filled(`{${rest},"env":[{"name":"A","value":"b"}`, index => `,{"name":"A${index}","value":"b"}`,
      ']}')),
  model('variables that are wrong', filled(`{${rest},"env":[1`, () => ',1', ']}')),
  model('variables of one name',
    filled(`{${rest},"env":[{"name":"A","value":""}`, () => ',{"name":"A","value":""}', ']}')),
  model('labels', filled(`{${rest},"labels":{"a":"b"`, index => `,"l${index}":"b"`, '}}')),
  model('labels that are wrong',
    filled(`{${rest},"labels":{"a":"b"`, index => `,"-${index}-":"-"`, '}}')),
  model('a giant name', `{"name":"${'a-'.repeat(MIB / 2 - 100)}","image":"x"}`),
  model('a giant image', `{"name":"w","image":"${'a/'.repeat(MIB / 2 - 100)}"}`),
  model('a giant window', `{${rest},"scaling":{"window":"${'00s'.repeat(MIB / 3 - 100)}"}}`),
  model('a giant quantity',
    `{${rest},"resources":{"requests":{"memory":"${'0'.repeat(MIB - 100)}"}}}`),
  model('a giant description', `{${rest},"description":"${'d'.repeat(MIB - 100)}"}`),
  model('a giant path', `{${rest},"appPath":"${'../'.repeat(MIB / 3 - 100)}"}`),
  model('secrets', filled(`{${rest},"imagePullSecrets":["a"`, index => `,"s${index}"`, ']}')),
  model('nested arrays', `{${rest},"env":${deep('[', ']')}}`),
  model('nested objects', `{${rest},"labels":${deep('{"a":', '}')}}`),
  model('a table of traffic',
    filled(`{${rest},"traffic":[{"revision":"a","percent":1}`,
      index => `,{"revision":"r${index}","percent":0}`, ']}')),
  model('PUT of fields', filled('{"image":"registry.demo/x:1"', index => `,"f${index}":1`, '}'), {
    method: 'PUT',
    path: '/models/w'
  }),
  model('PATCH of fields', filled('{"labels":{"a":null', index => `,"l${index}":null`, '}}'), {
    method: 'PATCH',
    path: '/models/m'
  }),
  model('PATCH of nested objects', `{"labels":${deep('{"a":', '}')}}`, {
    method: 'PATCH',
    path: '/models/m'
  }),
  model('PUT of a table',
    filled('{"traffic":[{"revision":"m-00001","percent":100}',
      index => `,{"revision":"r${index}","percent":0}`, ']}'), {
      method: 'PUT',
      path: '/models/m/traffic'
    }),
  model('PUT of a table of one revision',
    filled('{"traffic":[{"revision":"m-00001","percent":100}',
      index => `,{"revision":"m-00001","percent":0,"tag":"t${index}"}`, ']}'), {
      method: 'PUT',
      path: '/models/m/traffic'
    }),
  model('PUT of a table of wrong rows', filled('{"traffic":[1', () => ',1', ']}'), {
    method: 'PUT',
    path: '/models/m/traffic'
  }),
  model('a challenger',
    filled('{"tag":"t","image":"registry.demo/x:1","env":[{"name":"A","value":"b"}',
      index => `,{"name":"A${index}","value":"b"}`, ']}'), { path: '/models/m/revisions' }),
  model('promote', `{"revision":"${'m-'.repeat(MIB / 2 - 100)}"}`, { path: '/models/m/promote' })
]

const heads: readonly WorstInput[] = [
  { it: 'a header of a MiB', headers: { 'x-long': 'x'.repeat(MIB) }, body: '' },
  {
    it: 'an Accept of 15 KB',
    headers: { ...CSV, accept: 'a/b;q=0.5,'.repeat(1_500) },
    body: 'X\n1\n'
  },
  {
    it: 'an If-Match of 15 KB',
    method: 'PATCH',
    path: '/models/m',
    headers: { ...JSON_TYPE, 'if-match': '"a",'.repeat(3_500) },
    body: '{}'
  },
  {
    it: 'a token of 15 KB',
    headers: { ...CSV, authorization: `Bearer ${'a.'.repeat(7_000)}` },
    body: 'X\n1\n'
  },
  { it: 'a query of 15 KB', method: 'GET', path: `/models?${'a=1&'.repeat(3_500)}` },
  {
    it: 'a selector of 15 KB',
    method: 'GET',
    path: `/models?labelSelector=${'a%20in%20(b),'.repeat(1_000)}`
  }
]

export const WORST_INPUTS: readonly WorstInput[] = [...files, ...forms, ...jsonBodies, ...models,
  ...descriptions, ...specs, ...heads]
