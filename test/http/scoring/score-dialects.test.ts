import { readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { form } from '../../support/caller.js'
import {
  answer,
  deployed,
  echo,
  program,
  type Deployed,
  type Program,
  type Row
} from '../../support/model-program.js'
import { twoRevisions } from '../../support/two-revisions.js'

interface Answered {
  readonly status: number
  readonly type: string | null
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
}

async function score (
  url: string,
  body: Buffer | string,
  type = 'text/csv',
  headers: Record<string, string> = {}
): Promise<Answered> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: Uint8Array.from(Buffer.from(body))
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    bytes,
    text: bytes.toString()
  }
}

async function echoing (
  t: Test
): Promise<{ model: Program, service: Deployed, asked: () => Row[] }> {
  const model = echo({ N: 'number', C: 'string' })
  const service = await deployed(t, model)
  return { model, service, asked: () => model.asked.splice(0).map(({ row }) => row) }
}

const said = ({ status, text }: Answered): string => {
  const { detail, remedy } = JSON.parse(text) as { detail: string, remedy: string }
  return `${status} ${detail} → ${remedy}`
}

t.test('numbers of a decimal comma and grouped digits reach the model as numbers, and the answer is written alike', async t => {
  const { service, asked } = await echoing(t)
  const { status, text } = await score(
    service.scoreUrl('delimiter=%3B&decimal=%2C&thousands=.&concurrency=1'),
    'N;C\n1.000,5;00501\n-5,3;1.000,5\n1e-3;.\n.;x\n1,00e2;y\n'
  )
  t.equal(status, 200)
  t.strictSame(asked(), [{ N: 1000.5, C: '00501' }, { N: -5.3, C: '1.000,5' }, { N: 0.001, C: '.' },
    { N: null, C: 'x' }, { N: 100, C: 'y' }])
  t.equal(text,
    'N;C;OUT_N;OUT_C;_error\n1.000,5;00501;1000,5;00501;\n-5,3;1.000,5;-5,3;1.000,5;\n1e-3;.;0,001;.;\n.;x;;x;\n1,00e2;y;100;y;\n')
})

t.test('digits that are not grouped by threes are a fault of their row', async t => {
  const { service, asked } = await echoing(t)
  const { text } = await score(service.scoreUrl('thousands=,&columns=outputs&concurrency=1'),
    'N,C\n"1,000",a\n"1,00",b\n7,c\n')
  t.strictSame(asked(), [{ N: 1000, C: 'a' }, { N: 7, C: 'c' }])
  t.equal(text,
    'OUT_N,OUT_C,_error\n1000,a,\n,,"line 3, column N: ""1,00"" is not a number with the decimal sign . and , between thousands"\n7,c,\n')
})

t.test('without the options a comma or a group in a number is a fault of its row', async t => {
  const { service } = await echoing(t)
  const { text } = await score(service.scoreUrl('delimiter=%3B&columns=outputs'),
    'N;C\n1,5;a\n1.000,5;b\n')
  t.equal(text,
    'OUT_N;OUT_C;_error\n;;line 2, column N: "1,5" is not a number\n;;line 3, column N: "1.000,5" is not a number\n'
      .replaceAll(/(line.*)/g, (_, reason: string) => `"${reason.replaceAll('"', '""')}"`))
})

t.test('missing= adds texts that are missing in numeric columns only', async t => {
  const { service, asked } = await echoing(t)
  await score(service.scoreUrl('missing=NA,-999&concurrency=1'), 'N,C\nNA,NA\n-999,-999\n.A,.\n,\n')
  t.strictSame(asked(), [{ N: null, C: 'NA' }, { N: null, C: '-999' }, { N: null, C: '.' }, {
    N: null,
    C: null
  }])
})

t.test('quote= is that of the file and of the answer', async t => {
  const { service, asked } = await echoing(t)
  t.equal((await score(service.scoreUrl('quote=%27&columns=outputs'), 'N,C\n1,\'a,"b"\'\n')).text,
    'OUT_N,OUT_C,_error\n1,\'a,"b"\',\n')
  t.equal(
    (await score(service.scoreUrl('quote=none&columns=outputs'), 'N,C\n1,5" disk\nx,y\n')).text,
    'OUT_N,OUT_C,_error\n1,5" disk,\n,,line 3 column N: "x" is not a number\n'
  )
  t.strictSame(asked(), [{ N: 1, C: 'a,"b"' }, { N: 1, C: '5" disk' }])
})

const encodings: ReadonlyArray<
  {
    encoding: string
    charset: string
    encode: (text: string) => Buffer
    answered?: (text: string) => Buffer
  }
> = [
  {
    encoding: 'wlatin1',
    charset: 'windows-1252',
    encode: text => Buffer.from(text.replaceAll('€', '\u0080'), 'latin1')
  },
  {
    encoding: 'latin1',
    charset: 'iso-8859-1',
    encode: text => Buffer.from(text.replaceAll('€', '¤'), 'latin1')
  },
  {
    encoding: 'ISO-8859-15',
    charset: 'iso-8859-15',
    encode: text => Buffer.from(text.replaceAll('€', '\u00a4'), 'latin1')
  },
  {
    encoding: 'utf-16',
    charset: 'utf-16',
    encode: text => Buffer.from('\ufeff' + text, 'utf16le')
  },
  {
    encoding: 'utf-16',
    charset: 'utf-16',
    encode: text => Buffer.from('\ufeff' + text, 'utf16le').swap16(),
    answered: text => Buffer.from('\ufeff' + text, 'utf16le')
  },
  {
    encoding: 'utf-16be',
    charset: 'utf-16be',
    encode: text => Buffer.from(text, 'utf16le').swap16()
  },
  {
    encoding: 'utf-8',
    charset: 'utf-8',
    encode: text => Buffer.from('\ufeff' + text),
    answered: text => Buffer.from(text)
  }
]
t.test('the answer has the file\'s encoding, and its content type says which', async t => {
  const { service, asked } = await echoing(t)
  for (const { encoding, charset, encode, answered = encode } of encodings) {
    const { type, bytes } = await score(service.scoreUrl(`encoding=${encoding}&onError=fail`),
      encode('N,C\n1,Müller 5€\n'))
    t.equal(type, `text/csv; charset=${charset}; header=present`, encoding)
    t.equal(asked()[0]?.['C'], encoding === 'latin1' ? 'Müller 5¤' : 'Müller 5€', encoding)
    t.ok(bytes.equals(answered('N,C,OUT_N,OUT_C\n1,Müller 5€,1,Müller 5€\n')),
      `${encoding}: ${bytes.toString('latin1')}`)
  }
  const json = await score(service.scoreUrl('encoding=wlatin1&format=json'),
    Buffer.from('N,C\n1,\u0080\n', 'latin1'))
  t.equal(json.type, 'application/json; charset=utf-8')
  t.match(json.text, '"OUT_C":"€"', 'JSON is UTF-8 in any case')
})

t.test('the options may be form fields before the file', async t => {
  const { service, asked } = await echoing(t)
  const { body, headers } = form(
    { name: 'encoding', content: 'wlatin1' },
    { name: 'delimiter', content: ';' },
    { name: 'decimal', content: ',' },
    { name: 'thousands', content: ' ' },
    { name: 'file', filename: 'x.csv', content: Buffer.from('N;C\n1 000,5;\u0080\n', 'latin1') }
  )
  t.ok(
    (await score(service.scoreUrl('columns=outputs&onError=fail'), body, headers['content-type']))
      .bytes.equals(Buffer.from('OUT_N;OUT_C\n1000,5;\u0080\n', 'latin1'))
  )
  t.strictSame(asked(), [{ N: 1000.5, C: '€' }])
})

t.test('compare takes the dialect as score does', async t => {
  const adding = (more: number) =>
    program({
      inputs: { N: 'number' },
      outputs: { Y: 'number' },
      score: ({ row }) => ({ Y: Number(row['N']) + more })
    })
  const service = await twoRevisions(t, adding(0), adding(0.5))
  const dialect = 'challenger=two&delimiter=%3B&decimal=%2C&encoding=utf-16le'
  const file = Buffer.from('ID;N\né;1,5\n', 'utf16le')
  const { bytes, type } = await score(`${service.url}/models/m/compare?${dialect}&format=csv`, file)
  t.equal(bytes.toString('utf16le'), 'ID;N;Y_champion;Y_challenger;_error\né;1,5;1,5;2;\n')
  t.equal(type, 'text/csv; charset=utf-16le; header=present')
  t.match((await score(`${service.url}/models/m/compare?${dialect}`, file)).text,
    '"inputs":{"N":1.5},"champion":{"Y":1.5},"challenger":{"Y":2}')
})

t.test('a file that is not in the encoding is refused with the line', async t => {
  const { service } = await echoing(t)
  t.match(
    said(
      await score(service.scoreUrl('encoding=wlatin1'),
        Buffer.from('N,C\n1,a\n2,\u0081\n', 'latin1'))
    ),
    /^422 line 3 is not windows-1252 text → give the encoding/
  )
  t.match(
    said(
      await score(service.scoreUrl('encoding=latin1'), Buffer.from('N,C\n1,\u0080\n', 'latin1'))
    ),
    /^422 line 2 is not iso-8859-1 text → .*windows-1252/
  )
  t.match(said(await score(service.scoreUrl('encoding=utf-16'), 'N,C\n1,a\n')),
    /^422 the file has no UTF-16 byte order mark/)
})

t.test('an output that the encoding can\'t hold fails its row and is never another text', async t => {
  const service = await deployed(t,
    program({
      inputs: { N: 'number' },
      outputs: { C: 'string' },
      score: ({ row }) => ({ C: row['N'] === 2 ? '漢' : 'é' })
    }))
  const { headers, bytes } = await score(service.scoreUrl('encoding=latin1'), 'N\n1\n2\n3\n')
  t.equal(bytes.toString('latin1'),
    'N,C,_error\n1,é,\n2,,"line 3, output C: ""\\u{6f22}"" can\'t be written in iso-8859-1"\n3,é,\n')
  t.equal(headers.get('scoring-failed'), '1')
  t.match(said(await score(service.scoreUrl('encoding=latin1&onError=fail'), 'N\n2\n')),
    /^422 line 2, output C: .* → ask for format=json/)
  t.match((await score(service.scoreUrl('encoding=latin1&format=ndjson'), 'N\n2\n')).text,
    '"C":"漢"')
})

t.test('JSON rows are answered as a CSV of any dialect when that is asked for', async t => {
  const { service } = await echoing(t)
  const { text, type } = await score(
    service.scoreUrl('format=csv&delimiter=%3B&decimal=%2C&encoding=latin1'),
    '[{"N":1.5,"C":"a;b"},{"N":2,"C":"漢"}]',
    'application/json'
  )
  t.equal(type, 'text/csv; charset=iso-8859-1; header=present')
  t.equal(text,
    'N;C;OUT_N;OUT_C;_error\n1,5;"a;b";1,5;"a;b";\n2;;;;row 2, column C: its value can\'t be written in iso-8859-1; output OUT_C: "\\u{6f22}" can\'t be written in iso-8859-1\n'
      .replace(/(row 2.*)/, (_, reason: string) => `"${reason.replaceAll('"', '""')}"`))
})

t.test('a row that the model refuses in an array is told by its position', async t => {
  const service = await deployed(t, program({
    inputs: { N: 'number' },
    outputs: { Y: 'number' },
    score ({ row, response }) {
      if (row['N'] === 1) return { Y: 1 }
      answer(response, 400, { message: 'not that' })
      return undefined
    }
  }))
  t.match((await score(service.scoreUrl(), '[{"N":1},{"N":2}]', 'application/json')).text,
    '"_error":"row 2: the model refused the row (400): not that"')
  t.match(said(await score(service.scoreUrl(), '{"data":{"N":"x"}}', 'application/json')),
    /^422 row 1, column N: "x" is not a number/)
})

t.test('without a signature numbers have the decimal sign, and the answer says that types were inferred', async t => {
  const model = program({ score: ({ row }) => ({ Y: row['A'] }) })
  const service = await deployed(t, model)
  const { headers, text } = await score(service.scoreUrl('delimiter=%3B&decimal=%2C&missing=NA'),
    'A;B;D\n1,5;1.5;NA\n')
  t.equal(headers.get('scoring-types'), 'inferred')
  t.strictSame(model.asked.map(({ row }) => row), [{ A: 1.5, B: '1.5', D: null }])
  t.equal(text, 'A;B;D;Y;_error\n1,5;1.5;NA;1,5;\n')
})

t.test('dates and codes stay text, a datagrid is JSON text in CSV and structured in JSON', async t => {
  const grid = [{ metadata: [{ A: 'decimal' }] }, { data: [[1.5]] }]
  const model = program({
    inputs: { D: 'string', Z: 'string' },
    outputs: { G: 'string', P: 'string' },
    score: () => ({ G: grid, P: 'padded   ' })
  })
  const service = await deployed(t, model)
  const file = 'D;Z\n2020-01-31;00501\n'
  t.equal(
    (await score(service.scoreUrl('delimiter=%3B&decimal=%2C&columns=outputs&onError=fail'), file))
      .text,
    `G;P\n"${JSON.stringify(grid).replaceAll('"', '""')}";padded\n`
  )
  t.strictSame(model.asked.map(({ row }) => row), [{ D: '2020-01-31', Z: '00501' }])
  t.same(
    (JSON.parse(
      (await score(service.scoreUrl('delimiter=%3B&columns=outputs&format=json&onError=fail'),
        file)).text
    ) as { rows: unknown[] }).rows,
    [{ G: grid, P: 'padded' }]
  )
})

t.test('a column may be called __proto__', async t => {
  const model = program({
    inputs: JSON.parse('{"__proto__":"string","N":"number"}') as Record<
      string,
      'string' | 'number'
    >,
    outputs: { Y: 'number' },
    score: ({ row }) => ({ Y: row['N'] })
  })
  const service = await deployed(t, model)
  t.equal((await score(service.scoreUrl('onError=fail'), '__proto__,N\nx,1\n')).text,
    '__proto__,N,Y\nx,1,1\n')
  t.match(
    (await score(service.scoreUrl('onError=fail&format=ndjson'), '[{"__proto__":"x","N":1}]',
      'application/json')).text,
    '{"__proto__":"x","N":1,"Y":1}'
  )
  t.match(
    (await score(service.scoreUrl(),
      '{"inputs":[{"name":"__proto__","value":"x"},{"name":"N","value":1}]}', 'application/json'))
      .text,
    '"value":1'
  )
  t.same(model.asked.map(({ text }) => text), Array(3).fill('{"data":{"__proto__":"x","N":1}}'))
})

t.test('combinations that can\'t be read are refused with what to give instead, in the query and in the form', async t => {
  const { service, model } = await echoing(t)
  t.equal(said(await score(service.scoreUrl('decimal=,'), 'N,C\n1,a\n')),
    '422 query.decimal: the comma is also the delimiter → give the file\'s delimiter, e.g. delimiter=%3B or delimiter=semicolon')
  t.match(said(await score(service.scoreUrl('encoding=klingon'), 'N,C\n1,a\n')),
    /^422 query\.encoding: "klingon" is not known/)
  t.match(said(await score(service.scoreUrl('decimal=%3B'), 'N,C\n1,a\n')),
    /^422 query\.decimal: must be one of \., ,/)
  const { body, headers } = form({ name: 'thousands', content: '.' }, {
    name: 'file',
    filename: 'x.csv',
    content: 'N,C\n1,a\n'
  })
  t.match(said(await score(service.scoreUrl(), body, headers['content-type'])),
    /^422 query\.thousands: "\." is also the decimal sign/)
  t.equal(model.asked.length, 0)
})

t.test('a German file of the demo model is scored as the English one', async t => {
  const service = await deployed(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const english = readFileSync(path.join('examples', 'hmeq-sample.csv'), 'utf8')
  const german = english.replaceAll(',', ';').replaceAll(/(?<=\d)\.(?=\d)/g, ',')
  const plain = await score(service.scoreUrl('columns=outputs&onError=fail'), english)
  const local = await score(
    service.scoreUrl('columns=outputs&onError=fail&delimiter=%3B&decimal=%2C&encoding=utf-16'),
    Buffer.from('\ufeff' + german, 'utf16le')
  )
  t.equal(local.bytes.toString('utf16le'),
    '\ufeff' + plain.text.replaceAll(',', ';').replaceAll('.', ','))
})
