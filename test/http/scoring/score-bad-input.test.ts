import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { fileForm, form, stubbornPost, type Answer, type Part } from '../../support/caller.js'
import { deployed, echo, type Program } from '../../support/model-program.js'

interface Problem {
  readonly type: string
  readonly status: number
  readonly detail: string
  readonly remedy: string
  readonly requestId: string
}

const model = (): Program => echo({ N: 'number', C: 'string' })

/** Status, type and words of a problem; the body itself of an answer that is none. */
function told ({ status, headers, body }: Answer): string {
  if (
    headers['content-type'] !== 'application/problem+json; charset=utf-8' &&
    headers['content-type'] !== 'application/problem+json'
  ) return `${status} ${body}`
  const { type, detail, remedy, requestId, ...problem } = JSON.parse(body) as Problem
  if (problem.status !== status || requestId !== headers['x-request-id']) { return `a problem that contradicts its answer: ${body}` }
  return `${status} ${type.replace('/problems/', '')}: ${detail} → ${remedy}`
}

/** The whole text, or what it has to look like. */
function check (t: Test, found: string, says: string | RegExp, it: string): void {
  if (typeof says === 'string') t.equal(found, says, it)
  else t.match(found, says, it)
}

const UTF8 =
  'a CSV in another encoding needs encoding=, e.g. encoding=windows-1252 (wlatin1 in SAS); or save the file as UTF-8 (in SAS: FILENAME … ENCODING="utf-8") and send it again'
const RAGGED =
  'correct the line; a cell that holds the delimiter or a line end must be quoted; delimiter= names another delimiter'

const files = [
  {
    it: 'an empty file',
    csv: '',
    says:
      '422 csv-invalid: the file is empty: it has no header line → send a CSV whose first line has the column names'
  },
  { it: 'a header alone', csv: 'N,C\n', says: '200 N,C,OUT_N,OUT_C,_error\n' },
  {
    it: 'a ragged row',
    csv: 'N,C\n1,a\n2\n3,c\n',
    says: `422 csv-invalid: line 3 has 1 cell, the header has 2 → ${RAGGED}`
  },
  {
    it: 'a ragged row after cells of several lines',
    csv: 'N,C\n1,"a\nb\nc"\r\n2,"d\r\ne"\n3,x,y\n',
    says: `422 csv-invalid: line 7 has 3 cells, the header has 2 → ${RAGGED}`
  },
  {
    it: 'a column that is there twice',
    csv: 'N,C,N\n1,a,2\n',
    says:
      '422 csv-invalid: line 1: the column "N" is there twice → give each column a name of its own'
  },
  {
    it: 'a byte order mark',
    csv: '\uFEFFN,C\n1,a\n',
    says: '200 N,C,OUT_N,OUT_C,_error\n1,a,1,a,\n'
  },
  {
    it: 'lines that end in CR LF',
    csv: 'N,C\r\n1,a\r\n2,b\r\n',
    says: '200 N,C,OUT_N,OUT_C,_error\n1,a,1,a,\n2,b,2,b,\n'
  },
  {
    it: 'a last line without its end',
    csv: 'N,C\n1,a',
    says: '200 N,C,OUT_N,OUT_C,_error\n1,a,1,a,\n'
  },
  {
    it: 'line ends and quotes within a cell',
    csv: 'N,C\n1,"a ""b""\r\n,c"\n',
    says: '200 N,C,OUT_N,OUT_C,_error\n1,"a ""b""\r\n,c",1,"a ""b""\r\n,c",\n'
  },
  {
    it: 'Latin-1',
    csv: Buffer.from('N,C\n1,a\n2,Müller\n', 'latin1'),
    says: `422 csv-invalid: line 3 is not UTF-8 text → ${UTF8}`
  },
  {
    it: 'UTF-16',
    csv: Buffer.from('\uFEFFN,C\n1,a\n', 'utf16le'),
    says:
      '422 csv-invalid: the file is UTF-16, not UTF-8 → a CSV in UTF-16 needs encoding=utf-16; or save the file as UTF-8 and send it again'
  },
  {
    it: 'a quote that is never closed',
    csv: 'N,C\n1,a\n2,"b\n3,c\n',
    says: /^422 csv-invalid: line \d: a quoted cell begins in or before this line and never ends → /
  },
  {
    it: 'columns that the model needs',
    csv: 'A,B\n1,a\n',
    says:
      '422 columns-missing: the model needs the columns N, C; the data has A, B → add the named columns; GET /models/{name}/signature lists what the model needs'
  }
]

t.test('CSV files, sent as a file part and as the body: either the answer or what is wrong with the file', async t => {
  const service = await deployed(t, model())
  for (const { it, csv, says } of files) {
    for (const call of [fileForm(csv), { headers: { 'content-type': 'text/csv' }, body: csv }]) {
      const found = told(await stubbornPost(service.scoreUrl(), call))
      const how = `${it}, as ${call.headers['content-type'].replace(/;.*/, '')}`
      check(t, found, says, how)
    }
  }
})

t.test('a file that lacks a column asks the model nothing', async t => {
  const asked = model()
  const service = await deployed(t, asked)
  await stubbornPost(service.scoreUrl(), fileForm('N\n1\n'))
  t.equal(asked.asked.length, 0)
})

const TEXT_IN_NUMBER = 'line 3, column N: "x" is not a number'
const onErrors = [
  {
    onError: 'report',
    says: `200 N,C,OUT_N,OUT_C,_error\n1,a,1,a,\nx,b,,,"${
      TEXT_IN_NUMBER.replaceAll('"', '""')
    }"\n3,c,3,c,\n`,
    failed: '1'
  },
  { onError: 'skip', says: '200 N,C,OUT_N,OUT_C\n1,a,1,a\n3,c,3,c\n', failed: '1' },
  {
    onError: 'fail',
    says:
      `422 row-invalid: ${TEXT_IN_NUMBER} → correct the value, or use onError=report to score the other rows`,
    failed: undefined
  }
]
for (const { onError, says, failed } of onErrors) {
  t.test(`text in a numeric column with onError=${onError} is ${says.slice(0, 3)} and the counts are told`, async t => {
    const service = await deployed(t, model())
    const answer = await stubbornPost(service.scoreUrl(`onError=${onError}`),
      fileForm('N,C\n1,a\nx,b\n3,c\n'))
    t.equal(told(answer), says)
    t.equal(answer.headers['scoring-failed'], failed)
    t.equal(answer.headers['scoring-rows'], failed && '3')
  })
}

const NO_FILENAME =
  'send it as a file part: curl -F file=@FILE rather than file=<FILE; PROC HTTP with FILENAME="x.csv"'
const csv = 'N,C\n1,a\n'
const forms: Array<{ it: string, parts: Part[], says: string | RegExp }> = [
  {
    it: 'a CSV without a file name',
    parts: [{ name: 'data', content: csv }],
    says:
      `422 request-invalid: form.data: looks like a file, but the part has no file name → ${NO_FILENAME}`
  },
  {
    it: 'a CSV without a file name and larger than a field may be',
    parts: [{ name: 'data', content: 'x'.repeat(2_000_000) }],
    says:
      `422 request-invalid: form.data: looks like a file, but the part has no file name → ${NO_FILENAME}`
  },
  {
    it: 'an option after the file',
    parts: [{ name: 'f', filename: 'x.csv', content: csv }, {
      name: 'columns',
      content: 'outputs'
    }],
    says:
      '422 request-invalid: form.columns: comes after the file → put options before the file, or into the query'
  },
  {
    it: 'two files',
    parts: [{ name: 'f', filename: 'x.csv', content: csv }, {
      name: 'g',
      filename: 'y.csv',
      content: csv
    }],
    says: '422 request-invalid: the form has more than one file part → send one file a call'
  },
  {
    it: 'an option that is not known',
    parts: [{ name: 'colunms', content: 'all' }, { name: 'f', filename: 'x.csv', content: csv }],
    says:
      '422 request-invalid: form.colunms: is not known → did you mean columns? Otherwise see /docs for the options; the file itself must be a file part, with a file name'
  },
  {
    it: 'an option with a value that is none',
    parts: [{ name: 'onError', content: 'ignore' }, { name: 'f', filename: 'x.csv', content: csv }],
    says: /^422 request-invalid: form.onError: must be one of report, fail, skip/
  },
  {
    it: 'no file at all',
    parts: [{ name: 'columns', content: 'all' }],
    says:
      '422 request-invalid: the form has no file part → send the CSV as a file part: curl -F file=@FILE; PROC HTTP IN=MULTI FORM("data"=FILEREF FILENAME="x.csv")'
  }
]

t.test('forms that are not one file with its options before it are refused with what to send instead', async t => {
  const service = await deployed(t, model())
  for (const { it, parts, says } of forms) {
    check(t, told(await stubbornPost(service.scoreUrl(), form(...parts))), says, it)
  }
})

t.test('a file over the limit is 413 and never cut, however it is sent', async t => {
  const service = await deployed(t, model(), { env: { MAX_UPLOAD_BYTES: '100000' } })
  const row = `1,${'a'.repeat(993)}\n`
  const fits = 'N,C\n' + row.repeat(100) + '2,'.padEnd(396, 'b')
  const says =
    '413 upload-too-large: the file is larger than 100000 bytes; nothing of it was scored into an answer → split the file, or ask the platform engineer to raise MAX_UPLOAD_BYTES'
  for (
    const [it, sent] of Object.entries({
      'a file part': fileForm,
      'the body': (body: string) => ({ headers: { 'content-type': 'text/csv' }, body })
    })
  ) {
    const answer = await stubbornPost(service.scoreUrl('columns=outputs'), sent(fits))
    t.equal(`${answer.status} ${answer.headers['scoring-rows']}`, '200 101',
      `100,000 bytes as ${it}`)
    t.equal(told(await stubbornPost(service.scoreUrl('columns=outputs'), sent(fits + 'b'))), says,
      `one more as ${it}`)
  }
})

const others = [
  {
    it: 'a type that is not rows',
    headers: { 'content-type': 'application/xml' },
    says:
      '415 media-type-unsupported: a body of type application/xml can\'t be scored → send text/csv, multipart/form-data with one file, application/json or application/x-ndjson'
  },
  {
    it: 'an encoding that is not gzip',
    headers: { 'content-type': 'text/csv', 'content-encoding': 'br' },
    says: /^415 media-type-unsupported: Content-Encoding br is not taken here → /
  },
  {
    it: 'what claims to be gzip',
    headers: { 'content-type': 'text/csv', 'content-encoding': 'gzip' },
    says: /^400 request-unreadable: the file is not gzip, or not whole: /
  },
  {
    it: 'an answer that nobody can give',
    headers: { 'content-type': 'text/csv', accept: 'image/png' },
    says:
      '406 answer-type-unsupported: none of "image/png" can be answered → ask for text/csv, application/json or application/x-ndjson in Accept, or leave Accept out'
  },
  {
    it: 'an unknown option',
    query: 'colunms=all',
    says: '422 request-invalid: query.colunms: is not known → did you mean columns?'
  },
  {
    it: 'an unknown way to treat faults',
    query: 'onError=ignore',
    says: /^422 request-invalid: query.onError: must be one of report, fail, skip/
  },
  {
    it: 'a concurrency that is none',
    query: 'concurrency=0',
    says: /^422 request-invalid: query.concurrency: must be >= 1/
  },
  {
    it: 'a revision and a tag',
    query: 'revision=m-00001&tag=a',
    says: /^422 request-invalid: query.tag: can't be combined with revision/
  },
  {
    it: 'an unknown revision',
    query: 'revision=m-00009',
    says:
      '404 revision-not-found: m has no revision "m-00009"; it has m-00001 → GET /models/{name} shows the revisions and tags that are routed'
  },
  {
    it: 'an unknown tag',
    query: 'tag=blue',
    says:
      '404 revision-not-found: m has no tag "blue"; it has none → GET /models/{name} shows the revisions and tags that are routed'
  },
  {
    it: 'an unknown column',
    query: 'columns=N,Z',
    says:
      '422 request-invalid: columns: the data has no column "Z"; it has N, C → name columns of the data, or use columns=all or columns=outputs'
  },
  {
    it: 'a delimiter that is none',
    query: 'delimiter=%3B%3B',
    says: /^422 request-invalid: query.delimiter: ";;" can't be a delimiter/
  }
]

t.test('requests that can\'t be done say why and what to do', async t => {
  const service = await deployed(t, model())
  for (const { it, headers = { 'content-type': 'text/csv' }, query, says } of others) {
    check(t, told(await stubbornPost(service.scoreUrl(query), { headers, body: csv })), says, it)
  }
})

t.test('a gzipped body is unpacked, and counted unpacked', async t => {
  const service = await deployed(t, model(), { env: { MAX_UPLOAD_BYTES: '1000' } })
  const headers = { 'content-type': 'text/csv', 'content-encoding': 'gzip' }
  t.equal(told(await stubbornPost(service.scoreUrl(), { headers, body: gzipSync(csv) })),
    '200 N,C,OUT_N,OUT_C,_error\n1,a,1,a,\n')
  t.match(
    told(
      await stubbornPost(service.scoreUrl(), {
        headers,
        body: gzipSync(csv + '1,a\n'.repeat(1000))
      })
    ),
    /^413 upload-too-large/
  )
})

t.test('a form that ends before its end is 400', async t => {
  const service = await deployed(t, model())
  const { body, headers } = fileForm(csv)
  t.match(told(await stubbornPost(service.scoreUrl(), { headers, body: body.subarray(0, -12) })),
    /^400 upload-incomplete: the form ends too early/)
})

t.test('an unknown model is 404', async t => {
  const service = await deployed(t, model())
  t.match(told(await stubbornPost(`${service.url}/models/nobody/score`, fileForm(csv))),
    /^404 model-not-found: .*nobody/)
})
