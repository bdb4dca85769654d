import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { hmeqLogreg1, hmeqLogreg2 } from '../../../simulator/scr/formulas.js'
import type { Row } from '../../../simulator/scr/model.js'
import { fileForm, form, stubbornPost, type Answer } from '../../support/caller.js'
import { answer, echo, program, type Program } from '../../support/model-program.js'
import { twoRevisions, type TwoRevisions } from '../../support/two-revisions.js'

interface Output {
  readonly name: string
  readonly agreement: number | null
  readonly meanDifference?: number
  readonly largestDifference?: number
}
interface Comparison {
  readonly champion: { readonly revision: string }
  readonly challenger: { readonly revision: string }
  readonly rows: number
  readonly compared: number
  readonly failed: {
    readonly champion: number
    readonly challenger: number
    readonly either: number
  }
  readonly outputs: readonly Output[]
  readonly worst: ReadonlyArray<
    {
      readonly line: number
      readonly inputs: Row
      readonly champion: Row
      readonly challenger: Row
    }
  >
}

const csv = 'ID,X\na,1\nb,2\nc,3\n'
/** Y is X and `more`. */
const adding = (more: number): Program =>
  program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: ({ row }) => ({ Y: Number(row['X']) + more })
  })

const post = async (
  { url }: TwoRevisions,
  query: string,
  body: string,
  headers: Readonly<Record<string, string>> = {}
): Promise<Answer> =>
  await stubbornPost(`${url}/models/m/compare?${query}`, {
    headers: { 'content-type': 'text/csv', ...headers },
    body
  })

async function compared (
  service: TwoRevisions,
  query: string,
  body: string,
  headers = {}
): Promise<Comparison> {
  const { status, body: text } = await post(service, query, body, headers)
  if (status !== 200) throw new Error(`${status} ${text}`)
  return JSON.parse(text) as Comparison
}

async function problem (service: TwoRevisions, query: string, body = csv): Promise<string> {
  const { status, body: text } = await post(service, query, body)
  const { type, detail } = JSON.parse(text) as { type: string, detail: string }
  return `${status} ${type.replace('/problems/', '')}: ${detail}`
}

t.test('two revisions of a demo model are compared as their formulas say', async t => {
  const service = await twoRevisions(t, 'registry.demo/sr_hmeq_logreg:1.0',
    'registry.demo/sr_hmeq_logreg:2.0')
  const sample = readFileSync(path.join('examples', 'hmeq-sample.csv'), 'utf8')
  const [head = [], ...lines] = sample.trimEnd().split('\n').map(line => line.split(','))
  const rows = lines.map(cells =>
    Object.fromEntries(head.map((name, index) => {
      const cell = cells[index] ?? ''
      return [name,
        cell === '' || cell === '.' ? null : ['JOB', 'REASON'].includes(name) ? cell : Number(cell)]
    }))
  )
  const pairs = rows.map(row => [hmeqLogreg1(row), hmeqLogreg2(row)] as const)
  const found = await compared(service, 'challenger=two&worst=3', sample)

  t.same([found.champion.revision, found.challenger.revision, found.rows, found.compared], [
    'm-00001',
    'm-00002',
    rows.length,
    rows.length
  ])
  const agreeing = pairs.filter(([a, b]) => a['I_BAD'] === b['I_BAD']).length
  t.equal(found.outputs.find(({ name }) => name === 'I_BAD')?.agreement, agreeing / rows.length)
  const differences = pairs.map(([a, b]) => Math.abs(Number(a['P_BAD1']) - Number(b['P_BAD1'])))
  const p = found.outputs.find(({ name }) => name === 'P_BAD1')
  t.equal(p?.largestDifference, Math.max(...differences))
  t.ok(
    Math.abs((p?.meanDifference ?? NaN) - differences.reduce((a, b) => a + b, 0) / rows.length) <
      1e-12
  )

  const largest = [...differences].sort((a, b) => b - a).slice(0, 3)
  for (const [index, { line, inputs, champion, challenger }] of found.worst.entries()) {
    t.equal(differences[line - 2], largest[index], `worst ${index}`)
    t.same([inputs['CLAGE'], champion['P_BAD1'], challenger['P_BAD1']], [rows[line - 2]?.['CLAGE'],
      pairs[line - 2]?.[0]['P_BAD1'], pairs[line - 2]?.[1]['P_BAD1']])
  }
})

t.test('both get the same typed rows, once each', async t => {
  const [one, two] = [echo({ X: 'number', C: 'string' }), echo({ X: 'number', C: 'string' })]
  const service = await twoRevisions(t, one, two)
  const found = await compared(service, 'challenger=two&concurrency=1', 'C,X\n00501,1.5\n,.\n')
  t.same(one.asked.map(({ row }) => row), [{ X: 1.5, C: '00501' }, { X: null, C: null }])
  t.same(two.asked.map(({ text }) => text).sort(), one.asked.map(({ text }) => text).sort())
  t.same(found.outputs.map(({ agreement }) => agreement), [1, 1])
  t.same(found.worst, [])
})

t.test('the champion is the revision with the most traffic, unless named; a name may be a tag or a revision', async t => {
  const service = await twoRevisions(t, adding(0), adding(1))
  const asked: ReadonlyArray<readonly [query: string, is: string]> = [
    ['challenger=two', 'm-00001 m-00002'],
    ['challenger=m-00002', 'm-00001 m-00002'],
    ['champion=m-00002&challenger=m-00001', 'm-00002 m-00001']
  ]
  for (const [query, is] of asked) {
    const { champion, challenger } = await compared(service, query, csv)
    t.equal(`${champion.revision} ${challenger.revision}`, is, query)
  }
  await service.share(20)
  const { champion, challenger } = await compared(service, 'challenger=one', csv)
  t.equal(`${champion.revision} ${challenger.revision}`, 'm-00002 m-00001')
})

t.test('the answer is JSON unless CSV or NDJSON is asked for; the rows then keep their order and columns', async t => {
  const service = await twoRevisions(t, adding(0), adding(0.5))
  const joined = 'ID,X,Y_champion,Y_challenger,_error\na,1,1,1.5,\nb,2,2,2.5,\nc,3,3,3.5,\n'
  t.match((await post(service, 'challenger=two', csv, { accept: '*/*' })).headers['content-type'],
    /^application\/json/)
  const { headers, body } = await post(service, 'challenger=two', csv, { accept: 'text/csv' })
  t.equal(body, joined)
  t.same([headers['scoring-champion'], headers['scoring-challenger'], headers['scoring-rows'],
    headers['scoring-failed']], ['m-00001', 'm-00002', '3', '0'])
  t.equal((await post(service, 'challenger=two&format=csv&columns=ID', csv)).body,
    joined.replaceAll(/^(\w+),\w+/gm, '$1'))
  t.equal((await post(service, 'challenger=two&format=ndjson&columns=outputs', 'X\n1\n')).body,
    '{"Y_champion":1,"Y_challenger":1.5,"_error":null}\n')
})

t.test('a file part, NDJSON, JSON rows and options in the form are taken as by score', async t => {
  const service = await twoRevisions(t, adding(0), adding(1))
  const url = `${service.url}/models/m/compare`
  const bodies = [
    { query: '?challenger=two', ...fileForm(csv) },
    {
      query: '',
      ...form({ name: 'challenger', content: 'two' }, { name: 'worst', content: '0' }, {
        name: 'file',
        filename: 'x.csv',
        content: csv
      })
    },
    {
      query: '?challenger=two',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '{"X":1}\n{"X":2}\n{"X":3}\n'
    },
    {
      query: '?challenger=two',
      headers: { 'content-type': 'application/json' },
      body: '[{"X":1},{"X":2},{"X":3}]'
    }
  ]
  for (const { query, headers, body } of bodies) {
    const found = JSON.parse(
      (await stubbornPost(url + query, { headers, body })).body
    ) as Comparison
    t.same([found.rows, found.compared, found.outputs[0]?.meanDifference], [3, 3, 1],
      headers['content-type'])
  }
})

t.test('a row that one revision refuses, or whose values fit neither, is counted and told', async t => {
  const refusing = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score ({ row, response }) {
      if (row['X'] !== 2) return { Y: 0 }
      answer(response, 400, { message: 'not two' })
      return undefined
    }
  })
  const service = await twoRevisions(t, adding(0), refusing)
  const file = 'X\n1\n2\nx\n'
  const { rows, compared: both, failed } = await compared(service, 'challenger=two', file)
  t.same({ rows, both, failed }, {
    rows: 3,
    both: 1,
    failed: { champion: 1, challenger: 2, either: 2 }
  })
  const { headers, body } = await post(service, 'challenger=two&format=csv', file)
  t.equal(body,
    'X,Y_champion,Y_challenger,_error\n1,1,0,\n2,2,,challenger: line 3: the model refused the row (400): not two\nx,,,"line 4, column X: ""x"" is not a number"\n')
  t.equal(headers['scoring-failed'], '2')
})

t.test('revisions with other inputs and outputs are compared in what they share', async t => {
  const two = program({
    inputs: { X: 'number', Z: 'number' },
    outputs: { Y: 'number', W: 'string' },
    score: ({ row }) => ({ Y: row['X'], W: `z${String(row['Z'])}` })
  })
  const service = await twoRevisions(t, adding(0), two)
  const { outputs } = await compared(service, 'challenger=two', 'X,Z\n1,5\n')
  t.same(outputs.map(({ name, agreement }) => `${name} ${agreement}`), ['Y 1', 'W null'])
  t.equal((await post(service, 'challenger=two&format=csv', 'X,Z\n1,5\n')).body,
    'X,Z,Y_champion,Y_challenger,W_challenger,_error\n1,5,1,1,z5,\n')
  t.match(await problem(service, 'challenger=two', 'X\n1\n'),
    /^422 columns-missing: the model needs the column Z/)
})

t.test('what fails on one revision only is asked again there only', async t => {
  const seen = new Set<unknown>()
  const flaky = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score ({ row, response }) {
      if (seen.has(row['X'])) return { Y: row['X'] }
      seen.add(row['X'])
      response.writeHead(503, { 'content-type': 'text/plain' }).end('pending request queue full\n')
      return undefined
    }
  })
  const steady = adding(0)
  const service = await twoRevisions(t, steady, flaky)
  t.equal((await compared(service, 'challenger=two', csv)).outputs[0]?.agreement, 1)
  t.same([steady.asked.length, flaky.asked.length], [3, 6])
})

t.test('concurrency= limits the calls to both together', async t => {
  let running = 0
  let most = 0
  const slow = (): Program =>
    program({
      inputs: { X: 'number' },
      outputs: { Y: 'number' },
      async score () {
        most = Math.max(most, ++running)
        await new Promise(resolve => setTimeout(resolve, 5))
        running--
        return { Y: 1 }
      }
    })
  const service = await twoRevisions(t, slow(), slow())
  await compared(service, 'challenger=two&concurrency=3', 'X\n' + '1\n'.repeat(50))
  t.equal(most, 3)
})

t.test('without signatures what both answer is compared, and the headers say that types were inferred', async t => {
  const plain = (more: number): Program =>
    program({ score: ({ row }) => ({ Y: Number(row['X']) + more }) })
  const service = await twoRevisions(t, plain(0), plain(1))
  t.equal((await compared(service, 'challenger=two', csv)).outputs[0]?.meanDifference, 1)
  const { headers, body } = await post(service, 'challenger=two&format=csv', csv)
  t.equal(headers['scoring-types'], 'inferred')
  t.equal(body, 'ID,X,Y_champion,Y_challenger,_error\na,1,1,2,\nb,2,2,3,\nc,3,3,4,\n')
})

const refused: ReadonlyArray<{ query: string, body?: string, says: RegExp }> = [
  { query: '', says: /^422 request-invalid: query\.challenger: is missing/ },
  {
    query: 'challenger=nwe',
    says:
      /^404 revision-not-found: m has no tag and no revision "nwe"; it has two, m-00001, m-00002|m-00002, m-00001$/
  },
  {
    query: 'challenger=m-00001',
    says: /^422 request-invalid: champion and challenger are the same revision, m-00001/
  },
  { query: 'challenger=two&worst=101', says: /^422 request-invalid: query\.worst: must be <= 100/ },
  {
    query: 'challenger=two&onError=skip',
    says: /^422 request-invalid: query\.onError: is not known/
  },
  { query: 'challenger=two', body: 'X\n1\n"', says: /^422 csv-invalid/ },
  {
    query: 'challenger=two&format=csv&columns=Z',
    says: /^422 request-invalid: columns: the data has no column "Z"/
  }
]
t.test('what makes no sense is refused', async t => {
  const service = await twoRevisions(t, adding(0), adding(1))
  for (const { query, body, says } of refused) {
    t.match(await problem(service, query, body), says, query)
  }
})

t.test('from outside the cluster both need an address', async t => {
  const service = await twoRevisions(t, adding(0), adding(1), { DATA_PATH: 'route' })
  t.match(await problem(service, 'challenger=two'),
    /^409 revision-not-addressable: the revision m-00001 has no tag/,
    'all the traffic is no address')
  await service.share(60)
  t.equal((await compared(service, 'challenger=two', csv)).outputs[0]?.meanDifference, 1,
    'two tags')
  await service.share(60, 'untagged')
  t.match(await problem(service, 'challenger=m-00002'),
    /^409 revision-not-addressable: the revision m-0000\d has no tag/)
})
