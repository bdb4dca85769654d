import path from 'node:path'
import t, { type Test } from 'tap'
import { until } from '../support/contract.js'
import { BUILT, Program } from '../support/program.js'
import { openSimulator, testSettings, type Cluster } from '../support/service.js'

// Two processes of the built service beside each other on one cluster, as two replicas run: they
// share nothing but the cluster.

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
const NEXT_IMAGE = 'registry.demo/sr_hmeq_logreg:2.0'

interface Body {
  readonly type: string
  readonly labels: Record<string, string>
  readonly description: string
  readonly traffic: ReadonlyArray<{ revision: string, percent: number }>
}
interface Answer {
  readonly status: number
  readonly etag: string
  readonly body: Body
}
type Replica = (
  method: string,
  path: string,
  body?: object,
  headers?: Record<string, string>
) => Promise<Answer>

async function replica (t: Test, cluster: Cluster): Promise<Replica> {
  const program = new Program(t, process.execPath, [path.join(BUILT, 'src/main.js')],
    await testSettings(t, cluster))
  const [, url] = await program.says(/Server listening at (http:\/\/[\d.:]+)/)
  await until('the replica is ready', async () => (await fetch(`${url}/readyz`)).status,
    status => status === 200, 15)
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) })
    })
    const text = await response.text()
    return {
      status: response.status,
      etag: response.headers.get('etag') ?? '',
      body: (text === '' ? undefined : JSON.parse(text)) as Body
    }
  }
}

/** Two replicas, and the model `m` that the first one made. */
async function replicas (t: Test): Promise<[Replica, Replica]> {
  const { cluster } = await openSimulator(t, { timing: { podStartMs: 50 } })
  const [a, b] = await Promise.all([replica(t, cluster), replica(t, cluster)])
  const { status, body } = await a('POST', '/models?wait=30', { name: 'm', image: IMAGE })
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
  return [a, b]
}

t.test('a model that one replica made is at once there for the other, with the same ETag', async t => {
  const [a, b] = await replicas(t)
  const [byA, byB] = [await a('GET', '/models/m'), await b('GET', '/models/m')]
  t.same([byA.status, byB.status], [200, 200])
  t.equal(byA.etag, byB.etag)
  t.match(byA.etag, /^"/)
})

t.test('of many changes through both replicas at the same time those that are answered 200 are there, and no other', async t => {
  const [a, b] = await replicas(t)
  const names = Array.from({ length: 20 }, (_, index) => `label-${index}`)
  const answers = await Promise.all(
    names.map(async (name, index) =>
      await (index % 2 === 0 ? a : b)('PATCH', '/models/m', { labels: { [name]: 'here' } })
    )
  )
  // A change that met others too often is refused, in words that say so.
  t.same(
    answers.filter(({ status, body }) =>
      status !== 200 && body.type !== '/problems/model-conflict'
    ),
    []
  )
  const { body } = await b('GET', '/models/m')
  const changed = names.filter((_, index) => answers[index]?.status === 200)
  t.ok(changed.length > 0)
  t.same(Object.keys(body.labels).sort(), changed.sort())
})

t.test('of two changes made for the same ETag through two replicas one is in force, the other is 412', async t => {
  const [a, b] = await replicas(t)
  for (let round = 0; round < 10; round++) {
    const { etag } = await a('GET', '/models/m')
    const put = async (by: Replica, description: string) =>
      await by('PUT', '/models/m', { image: IMAGE, description }, { 'if-match': etag })
    const answers = await Promise.all([put(a, `a ${round}`), put(b, `b ${round}`)])
    t.same(answers.map(({ status }) => status).sort(), [200, 412], `round ${round}`)
    const winner = answers.findIndex(({ status }) => status === 200) === 0 ? 'a' : 'b'
    t.equal((await b('GET', '/models/m')).body.description, `${winner} ${round}`)
  }
})

t.test('what one replica promoted the other rolls back', async t => {
  const [a, b] = await replicas(t)
  await a('POST', '/models/m/revisions?wait=30', { image: NEXT_IMAGE, tag: 'next' })
  t.equal((await b('POST', '/models/m/promote?wait=30', { tag: 'next' })).status, 200)
  const percentOf = ({ body: { traffic } }: Answer) =>
    traffic.filter(({ percent }) => percent > 0).map(({ revision, percent }) =>
      `${revision}=${percent}`
    )
  t.same(percentOf(await a('GET', '/models/m/traffic')), ['m-00002=100'])
  t.same(percentOf(await a('POST', '/models/m/rollback?wait=30')), ['m-00001=100'])
  t.same(percentOf(await b('GET', '/models/m/traffic')), ['m-00001=100'])
})
