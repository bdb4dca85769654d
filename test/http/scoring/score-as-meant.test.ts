import { gzipSync } from 'node:zlib'
import t from 'tap'
import { stubbornPost, type Answer } from '../../support/caller.js'
import { deployed, echo, program, type Deployed } from '../../support/model-program.js'

const CSV = { 'content-type': 'text/csv' }
const CURL_D = { 'content-type': 'application/x-www-form-urlencoded' }
const NDJSON = { 'content-type': 'application/x-ndjson' }
const JSON_TYPE = { 'content-type': 'application/json' }
type Headers = Readonly<Record<string, string>>

/** A form whose file part has this type. */
function formOf (
  type: string,
  content: Buffer | string,
  field = ''
): { headers: Headers, body: Buffer } {
  const before = field === ''
    ? ''
    : `--b\r\ncontent-disposition: form-data; name="columns"\r\n\r\n${field}\r\n`
  const head =
    `${before}--b\r\ncontent-disposition: form-data; name="f"; filename="x.csv"\r\ncontent-type: ${type}\r\n\r\n`
  const headers = { 'content-type': 'multipart/form-data; boundary="b"' }
  return {
    headers,
    body: Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n--b--\r\n')])
  }
}

/** The status with the answer, or with what was wrong and what to do. */
function told ({ status, headers, body }: Answer): string {
  if (
    !(headers['content-type'] ?? '').startsWith('application/problem+json')
  ) { return `${status} ${body}` }
  const { detail, remedy } = JSON.parse(body) as { detail: string, remedy: string }
  return `${status} ${detail} → ${remedy}`
}

async function post (
  service: Deployed,
  headers: Headers,
  body: Buffer | string,
  query = ''
): Promise<Answer> {
  return await stubbornPost(service.scoreUrl(query), { headers, body })
}

interface Case {
  readonly it: string
  readonly headers?: Headers
  readonly body: Buffer | string
  readonly query?: string
  readonly says: string | RegExp
}

const ROWS = '200 N,C,OUT_N,OUT_C,_error\n1,a,1,a,\n'
const SEMICOLONS = '200 N;C;OUT_N;OUT_C;_error\n1;a;1;a;\n'
const UMLAUT = Buffer.from('N,C\n1,ü\n', 'latin1')
const cases: readonly Case[] = [
  // curl -d
  {
    it: 'curl -d, which takes line ends away',
    headers: CURL_D,
    body: 'N,C1,a2,b',
    says:
      /^422 the file is one line, a header without rows; .*curl -d.* → send the file as it is: curl --data-binary @FILE/
  },
  {
    it: 'curl -d of a model\'s own columns',
    headers: CURL_D,
    body: 'N,C',
    says: /^422 the file is one line/
  },
  {
    it: 'curl --data-urlencode',
    headers: CURL_D,
    body: 'N%2CC%0A1%2Ca',
    says: /^422 the file is one line/
  },
  {
    it: 'a header line without rows, as SAS sends it',
    headers: CURL_D,
    body: 'N,C\n',
    says: '200 N,C,OUT_N,OUT_C,_error\n'
  },
  {
    it: 'a header line that ends in CR',
    headers: CURL_D,
    body: 'N,C\r',
    says: '200 N,C,OUT_N,OUT_C,_error\n'
  },
  { it: 'rows under the same type', headers: CURL_D, body: 'N,C\n1,a', says: ROWS },
  { it: 'a header alone as text/csv', body: 'N,C', says: '200 N,C,OUT_N,OUT_C,_error\n' },
  {
    it: 'stripped rows as text/csv',
    body: 'N,C1,a2,b',
    says:
      /^422 the model needs the column C; .* → add the named columns; if the file has rows, send it with its line ends: curl --data-binary/
  },
  {
    it: 'stripped NDJSON',
    headers: NDJSON,
    body: '{"N":1,"C":"a"}{"N":2,"C":"b"}',
    says: /^400 line 1 is not JSON: unexpected "{" at character 16 → .*curl needs --data-binary/
  },
  // sep=
  { it: 'sep=; in the first line', body: 'sep=;\nN;C\n1;a\n', says: SEMICOLONS },
  { it: 'SEP=; and CRLF', body: 'SEP=;\r\nN;C\r\n1;a\r\n', says: SEMICOLONS },
  { it: 'sep=; after a byte order mark', body: '\ufeffsep=;\r\nN;C\r\n1;a\r\n', says: SEMICOLONS },
  { it: 'a quoted sep=;', body: '"sep=;"\nN;C\n1;a\n', says: SEMICOLONS },
  { it: 'sep= a tab', body: 'sep=\t\nN\tC\n1\ta\n', says: SEMICOLONS.replaceAll(';', '\t') },
  { it: 'sep=\\t', body: 'sep=\\t\rN\tC\r1\ta\r', says: SEMICOLONS.replaceAll(';', '\t') },
  { it: 'sep=, which it is anyway', body: 'sep=,\nN,C\n1,a\n', says: ROWS },
  {
    it: 'sep=; with the decimal comma',
    body: 'sep=;\nN;C\n1,5;a\n',
    query: 'decimal=%2C',
    says: '200 N;C;OUT_N;OUT_C;_error\n1,5;a;1,5;a;\n'
  },
  {
    it: 'sep=; in UTF-16',
    body: Buffer.from('\ufeffsep=;\nN;C\n1;a\n', 'utf16le'),
    query: 'encoding=utf-16&format=ndjson',
    says: '200 {"N":"1","C":"a","OUT_N":1,"OUT_C":"a","_error":null}\n'
  },
  {
    it: 'sep=; and delimiter=semicolon',
    body: 'sep=;\nN;C\n1;a\n',
    query: 'delimiter=semicolon',
    says: SEMICOLONS
  },
  {
    it: 'sep=; against delimiter=',
    body: 'sep=;\nN;C\n1;a\n',
    query: 'delimiter=tab',
    says:
      /^422 query.delimiter: is "\t", but the file's first line says sep=; → leave delimiter out/
  },
  {
    it: 'sep=, against decimal=,',
    body: 'sep=,\nN,C\n1,a\n',
    query: 'decimal=%2C',
    says: /^422 query.decimal: the comma is also the delimiter/
  },
  {
    it: 'a line that counts',
    body: 'sep=;\nN;C\nx;a\n',
    says: '200 N;C;OUT_N;OUT_C;_error\nx;a;;;"line 3, column N: ""x"" is not a number"\n'
  },
  {
    it: 'a ragged line after sep=',
    body: 'sep=;\nN;C\n1;a\n2\n',
    says: /^422 line 4 has 1 cell, the header has 2/
  },
  {
    it: 'a bad quote after sep=',
    body: 'sep=;\nN;C\n1;a"b\n',
    says: /^422 line 3: a quote in the middle/
  },
  {
    it: 'sep= with a letter',
    body: 'sep=x\nNxC\n',
    says: /^422 line 1: sep= names "x", which can't be a delimiter/
  },
  { it: 'sep=; and nothing else', body: 'sep=;\n', says: /^422 the file is empty/ },
  // charset, header
  {
    it: 'charset=iso-8859-1',
    headers: { 'content-type': 'text/csv; charset=iso-8859-1' },
    body: UMLAUT,
    query: 'format=json',
    says: /^200 .*"OUT_C":"ü"/
  },
  {
    it: 'charset="windows-1252" in quotes',
    headers: { 'content-type': 'text/csv;header=present; Charset="windows-1252"' },
    body: UMLAUT,
    query: 'format=json',
    says: /^200 .*"OUT_C":"ü"/
  },
  {
    it: 'charset=utf-8',
    headers: { 'content-type': 'text/plain;charset=UTF-8' },
    body: 'N,C\n1,a\n',
    says: ROWS
  },
  {
    it: 'the same encoding twice',
    headers: { 'content-type': 'text/csv; charset=windows-1252' },
    body: UMLAUT,
    query: 'encoding=wlatin1&format=json',
    says: /^200 .*"OUT_C":"ü"/
  },
  {
    it: 'a charset against encoding=',
    headers: { 'content-type': 'text/csv; charset=utf-8' },
    body: UMLAUT,
    query: 'encoding=latin1',
    says: /^422 query.encoding: is iso-8859-1, but the Content-Type says charset=utf-8/
  },
  {
    it: 'an unknown charset',
    headers: { 'content-type': 'text/csv; charset=klingon' },
    body: UMLAUT,
    says: /^415 the charset "klingon" of the Content-Type is not known/
  },
  {
    it: 'JSON in UTF-16',
    headers: { 'content-type': 'application/json; charset=utf-16' },
    body: '[]',
    says: /^415 JSON is read as UTF-8 only/
  },
  {
    it: 'NDJSON in Latin-1',
    headers: { 'content-type': 'application/x-ndjson; charset=iso-8859-1' },
    body: '{}',
    says: /^415 JSON is read as UTF-8 only/
  },
  {
    it: 'NDJSON that is not UTF-8',
    headers: NDJSON,
    body: Buffer.from('{"N":1,"C":"a"}\n{"N":1,"C":"ü"}\n', 'latin1'),
    says: '400 line 2 is not UTF-8 text → JSON is read as UTF-8 only: write it in UTF-8'
  },
  {
    it: 'NDJSON that is UTF-16',
    headers: NDJSON,
    body: Buffer.from('\ufeff{"N":1,"C":"a"}\n', 'utf16le'),
    says: '400 the body is UTF-16, not UTF-8 → JSON is read as UTF-8 only: write it in UTF-8'
  },
  {
    it: 'JSON in UTF-8',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: '{"data":{"N":1,"C":"a"}}',
    says: '200 {"data":{"OUT_N":1,"OUT_C":"a"}}'
  },
  {
    it: 'header=absent',
    headers: { 'content-type': 'text/csv; header=absent' },
    body: '1,a\n',
    says: /^415 the Content-Type says header=absent.* → put a line with the columns' names first/
  },
  {
    it: 'the charset of a file part',
    ...formOf('text/csv; charset=iso-8859-1', UMLAUT),
    query: 'format=json',
    says: /^200 .*"OUT_C":"ü"/
  },
  {
    it: 'the charset of a file part after a field that looks like one',
    ...formOf('text/csv; charset=iso-8859-1', UMLAUT, 'N,C'),
    query: 'format=json',
    says: /^200 .*"OUT_C":"ü"/
  },
  {
    it: 'a charset of a file part against encoding=',
    ...formOf('text/csv; charset=iso-8859-1', UMLAUT),
    query: 'encoding=utf-8',
    says: /^422 query.encoding: is utf-8, but the Content-Type says charset=iso-8859-1/
  },
  {
    it: 'an unknown charset of a file part',
    ...formOf('text/csv; charset=x-none', UMLAUT),
    says: /^415 the charset "x-none"/
  },
  {
    it: 'header=absent of a file part',
    ...formOf('text/csv; header=absent', '1,a\n'),
    says: /^415 the Content-Type says header=absent/
  },
  // files of another kind
  {
    it: 'semicolons without delimiter=',
    body: 'N;C\n1;a\n',
    says: /^422 the model needs the columns N, C; the data has N;C → if its cells are separated so, give delimiter=%3B/
  },
  {
    it: 'tabs without delimiter=',
    body: 'N\tC\n1\ta\n',
    says: /→ if its cells are separated so, give delimiter=%09/
  },
  {
    it: 'gzip that nothing calls so',
    body: gzipSync('N,C\n1,a\n'),
    says: /^422 the file is gzip, and nothing says so → send it with Content-Encoding: gzip/
  },
  // columns without names
  {
    it: 'a middle column without a name',
    body: 'N,,C\n1,x,a\n',
    says: /^422 line 1: column 2 has no name/
  },
  {
    it: 'an index without a name before the others, of pandas',
    body: ',N,C\n0,1,a\n',
    says: '200 ,N,C,OUT_N,OUT_C,_error\n0,1,a,1,a,\n'
  },
  {
    it: 'a cell under no name',
    body: 'N,C,,\n1,a,,\n2,b,,x\n',
    says: /^422 line 3: the cell in column 4 has no column name in the header/
  },
  {
    it: 'a header of delimiters',
    body: ',,\n1,a,\n',
    says: /^422 line 1: the header has no column name/
  },
  {
    it: 'a blank first line',
    body: '\nN,C\n1,a\n',
    says: /^422 line 1: the header has no column name/
  },
  // marks and ends
  {
    it: 'a UTF-8 mark with another encoding=',
    body: '\ufeffN,C\n1,a\n',
    query: 'encoding=windows-1252',
    says:
      /^422 the file begins with the byte order mark of utf-8, it is not windows-1252 → leave encoding out/
  },
  {
    it: 'a UTF-8 mark with encoding=utf-16',
    body: '\ufeffN,C\n1,a\n',
    query: 'encoding=utf-16',
    says: /^422 the file begins with the byte order mark of utf-8/
  },
  {
    it: 'a UTF-8 mark with encoding=utf-8',
    body: '\ufeffN,C\n1,a\n',
    query: 'encoding=utf8',
    says: ROWS
  },
  {
    it: 'UTF-16 with encoding=windows-1252',
    body: Buffer.from('\ufeffN,C\n', 'utf16le'),
    query: 'encoding=windows-1252',
    says: /^422 the file begins with the byte order mark of utf-16/
  },
  {
    it: 'UTF-16 of the other order',
    body: Buffer.from('\ufeffN,C\n', 'utf16le'),
    query: 'encoding=utf-16be',
    says: /^422 the file begins with the byte order mark of utf-16/
  },
  { it: 'Ctrl-Z on a line of its own', body: 'N,C\r\n1,a\r\n\x1a', says: ROWS },
  {
    it: 'Ctrl-Z after the last cell, and line ends after it',
    body: 'N,C\n1,a\x1a\r\n\r\n',
    says: ROWS
  },
  {
    it: 'Ctrl-Z within a file',
    body: 'N,C\n1,a\x1ab\n',
    says: '200 N,C,OUT_N,OUT_C,_error\n1,a\x1ab,1,a\x1ab,\n'
  },
  { it: 'blank lines at the end', body: 'N,C\n1,a\n\n\r\n\n', says: ROWS },
  // rows of JSON
  {
    it: 'an array whose second row has a member in another case',
    headers: JSON_TYPE,
    body: '[{"N":1,"C":"a"},{"n":2,"C":"b"}]',
    query: 'format=csv&columns=outputs',
    says: '200 OUT_N,OUT_C,_error\n1,a,\n,,"row 2 has ""n"", which the first row has not"\n'
  },
  {
    it: 'the same as NDJSON',
    headers: NDJSON,
    body: '{"N":1,"C":"a"}\n{"n":2,"C":"b"}',
    query: 'format=csv&columns=outputs',
    says: '200 OUT_N,OUT_C,_error\n1,a,\n,,"line 2 has ""n"", which the first row has not"\n'
  },
  {
    it: 'an array whose first row lacks a column that the model needs',
    headers: JSON_TYPE,
    body: '[{"C":"a"},{"N":2,"C":"b"}]',
    says: /^422 the model needs the column N; the data has C/
  },
  {
    it: 'the same as NDJSON',
    headers: NDJSON,
    body: '{"C":"a"}\n{"N":2,"C":"b"}',
    says: /^422 the model needs the column N; the data has C/
  },
  {
    it: 'a name twice in a row',
    headers: NDJSON,
    body: '{"N":1,"C":"a"}\n{"N":1,"N":2,"C":"a"}',
    says: /^422 line 2 can't be taken: the name "N" is there twice/
  },
  {
    it: 'a name twice in {data}',
    headers: JSON_TYPE,
    body: '{"data":{"N":1,"N":2,"C":"a"}}',
    says: /^422 the body can't be taken: the name "N" is there twice/
  },
  {
    it: 'half a character',
    headers: JSON_TYPE,
    body: '[{"N":1,"C":"\\ud83d"}]',
    says: /^422 the body can't be taken: the text at character 13 has half a character/
  },
  // words for missing
  {
    it: 'NA in a numeric column',
    body: 'N,C\nNA,NA\n',
    says:
      '200 N,C,OUT_N,OUT_C,_error\nNA,NA,,,"line 2, column N: ""NA"" is not a number; if it stands for a missing value, give missing=NA"\n'
  },
  { it: 'SAS\'s .A as it is exported', body: 'N,C\nA,A\n', says: /give missing=A"/ },
  {
    it: 'NA with missing=NA',
    body: 'N,C\nNA,NA\n',
    query: 'missing=NA',
    says: '200 N,C,OUT_N,OUT_C,_error\nNA,NA,,NA,\n'
  }
]

t.test('what a caller sends is read as it was meant, or refused with what to send instead', async t => {
  const service = await deployed(t, echo({ N: 'number', C: 'string' }))
  for (const { it, headers = CSV, body, query = '', says } of cases) {
    const found = told(await post(service, headers, body, query))
    if (typeof says === 'string') t.equal(found, says, it)
    else t.match(found, says, it)
  }
})

t.test('columns at the right without name and content are passed over, and told', async t => {
  const service = await deployed(t, echo({ N: 'number' }))
  const { headers, body } = await post(service, CSV, 'N,X,,\n1,a,, \n\n2,b,,\n')
  t.equal(body, 'N,X,OUT_N,_error\n1,a,1,\n2,b,2,\n')
  t.equal(headers['scoring-unnamed'], '2')
})

t.test('in a file of one column blank lines are rows with a missing value, but for those at its end', async t => {
  const service = await deployed(t, echo({ N: 'number' }))
  t.equal((await post(service, CSV, 'N\n1\n\n2\n\n\n\x1a')).body,
    'N,OUT_N,_error\n1,1,\n,,\n2,2,\n')
  t.equal((await post(service, CSV, 'N\n1\n""\n\n')).body, 'N,OUT_N,_error\n1,1,\n,,\n',
    'a quoted empty cell is a row')
})

const described = (inputs: Readonly<Record<string, object>>, required: readonly string[]) => {
  const model = program({ score: ({ row }) => ({ Y: Object.keys(row).join(' ') }) })
  const variables = (properties: object, more = {}) => ({
    properties: { data: { properties, ...more } }
  })
  const document = JSON.stringify({
    components: {
      schemas: {
        SCRInput: variables(inputs, { required }),
        SCROutput: variables({ Y: { type: 'string' } })
      }
    }
  })
  return {
    ...model,
    listener: (request, response) => {
      if (request.url?.endsWith('/apiMeta/api') === true) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(document)
      } else model.listener(request, response)
    }
  } satisfies typeof model
}

const NUMBER = { type: 'number' }
t.test('inputs that differ by case only never share a column', async t => {
  const service = await deployed(t, described({ P: NUMBER, p: NUMBER }, []))
  t.equal((await post(service, CSV, 'p\n1\n', 'columns=outputs')).body, 'Y,_error\np,\n')
  t.equal((await post(service, CSV, 'p,P\n1,2\n', 'columns=outputs')).body, 'Y,_error\nP p,\n')
  const both = await deployed(t, described({ Pa: NUMBER, pA: NUMBER }, ['Pa', 'pA']))
  t.match(told(await post(both, CSV, 'pA,PA\n1,2\n')),
    /^422 the model needs the column Pa; the data has pA, PA/)
})

const near: ReadonlyArray<readonly [header: string, told: string | undefined]> = [
  ['N,LOANS', '"LOANS" (near LOAN)'],
  ['N,LOAM', '"LOAM" (near LOAN)'],
  ['N,LON', '"LON" (near LOAN)'],
  ['N,LAON', '"LAON" (near LOAN)'],
  ['N,lo an', '"lo an" (near LOAN)'],
  ['N,CREDIT AGE', '"CREDIT AGE" (near CREDIT_AGE)'],
  ['N,creditage,loans', '"creditage" (near CREDIT_AGE), "loans" (near LOAN)'],
  ['N,LOÄN', '"LO%C3%84N" (near LOAN)'],
  ['N,loan', undefined],
  ['N,LOAN,LOANS', undefined],
  ['N,V2', undefined],
  ['N,BOAT', undefined],
  ['N', undefined]
]
t.test('a column that nearly has the name of an optional input is told', async t => {
  const service = await deployed(t,
    described({ N: NUMBER, LOAN: NUMBER, CREDIT_AGE: NUMBER, V1: NUMBER }, ['N']))
  for (const [header, says] of near) {
    const { status, headers } = await post(service, CSV, `${header}\n`)
    t.equal(status, 200, header)
    t.equal(headers['scoring-unused'], says, header)
  }
  t.match(
    told(await post(await deployed(t, described({ LOAN: NUMBER }, ['LOAN'])), CSV, 'LOANS\n1\n')),
    /^422 the model needs the column LOAN; the data has LOANS; "LOANS" is nearly LOAN/
  )
})

t.test('headers that tell of many columns stay short, whatever the names are', async t => {
  const service = await deployed(t, program({
    inputs: { N: 'number' },
    outputs: Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`\u{1F600}${at}`, 'number'])
    ),
    score: () => ({})
  }))
  const { status, headers } = await post(service, CSV,
    `N,${Array.from({ length: 300 }, (_, at) => `\u{1F600}${at}`).join()}\n`)
  t.equal(status, 200)
  t.match(headers['scoring-renamed'], /^%F0%9F%98%800=in_%F0%9F%98%800, .*, and \d+ more$/)
  t.ok(headers['scoring-renamed']!.length < 5_000)
})

const DIGITS = ['9007199254740993', '12345678901234567890', '1.0000000000000001', '1e400', '-0.0',
  '1.50', '-0', '1E5', '0.1']
t.test('numbers of columns that are carried come back as they were written, in every format', async t => {
  const service = await deployed(t, echo({ N: 'number' }))
  const rows = DIGITS.map(digits => `{"N":1,"X":${digits}}`)
  for (
    const [headers, body] of [[NDJSON, rows.join('\n')], [JSON_TYPE, `[${rows.join()}]`]] as const
  ) {
    t.equal((await post(service, headers, body, 'format=csv')).body,
      `N,X,OUT_N,_error\n${DIGITS.map(digits => `1,${digits},1,\n`).join('')}`)
    t.equal((await post(service, headers, body, 'format=ndjson')).body, rows.map(row =>
      `${row.slice(0, -1)},"OUT_N":1,"_error":null}\n`
    ).join(''))
    t.match((await post(service, headers, body, 'format=json')).body, `"X":${DIGITS[0]},"OUT_N":1`)
  }
  t.equal(
    (await post(service, NDJSON, '{"N":1,"X":[1.50,{"a":-0}]}',
      'format=csv&delimiter=%3B&decimal=%2C')).body,
    'N;X;OUT_N;_error\n1;"[1.50,{""a"":-0}]";1;\n'
  )
  t.equal(
    (await post(service, NDJSON, '{"N":1,"X":1.50}', 'format=csv&delimiter=%3B&decimal=%2C')).body,
    'N;X;OUT_N;_error\n1;1,50;1;\n'
  )
})

t.test('a model without a description gets the digits that were sent, from CSV and JSON', async t => {
  const model = program({ score: () => ({ Y: 1 }) })
  const service = await deployed(t, model)
  const sent = async (headers: Headers, body: string) => {
    model.asked.length = 0
    await post(service, headers, body, 'concurrency=1')
    return model.asked.map(({ text }) => text)
  }
  const expected = DIGITS.map(digits => `{"data":{"X":${digits}}}`)
  t.same(await sent(NDJSON, DIGITS.map(digits => `{"X":${digits}}\n`).join('')), expected)
  const doubles = DIGITS.filter(digits => digits !== '1e400') // a CSV does not tell it from a text
  t.same(await sent(CSV, `X\n${doubles.join('\n')}\n`),
    expected.filter(text => !text.includes('1e400')))
})
