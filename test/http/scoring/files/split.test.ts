import t, { type Test } from 'tap'
import { stubbornPost, type Answer } from '../../../support/caller.js'
import { program, type Program } from '../../../support/model-program.js'
import { twoRevisions, type TwoRevisions } from '../../../support/two-revisions.js'

interface Problem {
  readonly type: string
  readonly detail: string
  readonly remedy: string
}
interface Row {
  readonly ID: string
  readonly BY: string
  readonly revision: string
}

/** A model whose output BY is its own name. */
const named = (name: string): Program =>
  program({ inputs: { X: 'number' }, outputs: { BY: 'string' }, score: () => ({ BY: name }) })
const split = async (t: Test, env: Readonly<Record<string, string>> = {}): Promise<TwoRevisions> =>
  await twoRevisions(t, named('one'), named('two'), env)

const ids = (count: number) => Array.from({ length: count }, (_, index) => `C-${index}`)
const csv = (ids: readonly string[]) => `ID,X\n${ids.map(id => `${id},1\n`).join('')}`
const post = async (
  service: TwoRevisions,
  query: string,
  body: string,
  type = 'text/csv'
): Promise<Answer> =>
  await stubbornPost(`${service.url}/models/m/score?${query}`, {
    headers: { 'content-type': type },
    body
  })

async function scored (
  service: TwoRevisions,
  query: string,
  given: readonly string[]
): Promise<Row[]> {
  const { body } = await post(service, `${query}&columns=ID&onError=fail&revisionColumn=true`,
    csv(given))
  return body.trimEnd().split('\n').slice(1).map(line => {
    const [ID = '', BY = '', revision = ''] = line.split(',')
    return { ID, BY, revision }
  })
}

/** The revision of each key. */
const placed = (rows: readonly Row[]) => new Map(rows.map(({ ID, revision }) => [ID, revision]))

for (const route of ['mixed', 'sticky:ID']) {
  t.test(`route=${route} spreads rows by percent, in order, and _revision is who answered`, async t => {
    const service = await split(t)
    await service.share(70)
    const rows = await scored(service, `route=${route}`, ids(600))
    t.strictSame(rows.map(({ ID }) => ID), ids(600))
    t.strictSame(
      rows.filter(({ BY, revision }) => revision !== { one: 'm-00001', two: 'm-00002' }[BY]),
      []
    )
    const found = rows.filter(({ BY }) => BY === 'one').length
    t.ok(Math.abs(found - 420) < 5 * Math.sqrt(600 * 0.7 * 0.3), `${found} of 600 rows at 70%`)
  })
}

t.test('the same key has the same revision, within a file, between files and in another order', async t => {
  const service = await split(t)
  await service.share(50)
  const first = await scored(service, 'route=sticky:ID', [...ids(100), ...ids(100)])
  t.strictSame(first.slice(0, 100), first.slice(100))
  const again = await scored(service, 'route=sticky:id&concurrency=1', ids(100).reverse())
  t.strictSame(again.reverse(), first.slice(0, 100))
})

t.test('a JSON row with a key goes where the file\'s row with it went', async t => {
  const service = await split(t)
  await service.share(50)
  const numbers = ids(10).map(id => id.slice(2))
  const where = placed(await scored(service, 'route=sticky:ID', numbers))
  for (const id of numbers) {
    const { body } = await post(service, 'route=sticky:ID&revisionColumn=true',
      JSON.stringify({ data: { X: 1, ID: Number(id) } }), 'application/json')
    const { data } = JSON.parse(body) as { data: { _revision: string } }
    t.equal(data._revision, where.get(id), id)
  }
})

t.test('moving percents moves keys only from the revision that shrinks', async t => {
  const service = await split(t)
  await service.share(80)
  const before = placed(await scored(service, 'route=sticky:ID', ids(300)))
  await service.share(50)
  const after = placed(await scored(service, 'route=sticky:ID', ids(300)))
  const moved = ids(300).filter(id => before.get(id) !== after.get(id))
  t.ok(moved.length > 0, `${moved.length} keys moved`)
  t.strictSame([...new Set(moved.map(id => after.get(id)))], ['m-00002'])
})

t.test('from outside the cluster rows are spread over the tags\' addresses', async t => {
  const service = await split(t, { DATA_PATH: 'route' })
  await service.share(50)
  for (const route of ['mixed', 'sticky:ID']) {
    const rows = await scored(service, `route=${route}`, ids(60))
    t.strictSame([...new Set(rows.map(({ BY, revision }) => `${BY} ${revision}`))].sort(), [
      'one m-00001',
      'two m-00002'
    ], route)
  }
})

t.test('from outside the cluster a routed revision without a tag is 409, and the remedy is to tag it', async t => {
  const service = await split(t, { DATA_PATH: 'route' })
  await service.share(50, 'untagged')
  const { status, body } = await post(service, 'route=mixed', csv(['a']))
  const { type, detail, remedy } = JSON.parse(body) as Problem
  t.equal(`${status} ${type} ${detail}`,
    '409 /problems/revision-not-addressable the revision m-00001 has no tag, so it has no address outside the cluster')
  t.match(remedy, /give the revision a tag/)
})

t.test('from outside the cluster, where the platform chooses, the revision of a row is not known', async t => {
  const service = await split(t, { DATA_PATH: 'route' })
  await service.share(50)
  t.strictSame([
    ...new Set((await scored(service, 'concurrency=4', ids(20))).map(({ revision }) => revision))
  ], [''])
})

const refused: ReadonlyArray<{ query: string, says: RegExp }> = [
  {
    query: 'route=sticky:KEY',
    says: /^422 request-invalid: route: the data has no column "KEY"; it has ID, X/
  },
  {
    query: 'route=sticky:',
    says: /^422 request-invalid: query\.route: "sticky:" is neither mixed nor sticky:COLUMN/
  },
  {
    query: 'route=random',
    says: /^422 request-invalid: query\.route: "random" is neither mixed nor sticky:COLUMN/
  },
  {
    query: 'route=mixed&tag=two',
    says: /^422 request-invalid: query\.route: can't be combined with tag/
  },
  {
    query: 'revision=m-00001&tag=two',
    says: /^422 request-invalid: query\.tag: can't be combined with revision/
  }
]
t.test('options of routing that make no sense are refused before a row is scored', async t => {
  const service = await split(t)
  for (const { query, says } of refused) {
    const { status, body } = await post(service, query, csv(['a']))
    const { type, detail } = JSON.parse(body) as Problem
    t.match(`${status} ${type.replace('/problems/', '')}: ${detail}`, says, query)
  }
})
