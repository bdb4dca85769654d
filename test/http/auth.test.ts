import Fastify from 'fastify'
import t, { type Test } from 'tap'
import type { Simulator } from '../../simulator/simulator.js'
import { guardRoutes } from '../../src/http/auth.js'
import { account, guardedService, rulesIn, type Account } from '../support/cluster/accounts.js'
import { fileForm, head, openSocket, readAnswer, send, stubbornPost } from '../support/caller.js'
import { Kube, type World } from '../support/contract.js'
import { openBeside, openSimulator } from '../support/service.js'

interface Guarded {
  readonly simulator: Simulator
  readonly world: World
  readonly url: string
  readonly viewer: Account
}

/** A service with a login on a simulated cluster, and an account that may see models. */
async function guarded (t: Test, env: Readonly<Record<string, string>> = {}): Promise<Guarded> {
  const { simulator, cluster } = await openSimulator(t)
  const world: World = {
    service: '',
    kube: new Kube(cluster.kubeconfig),
    imagePrefix: 'registry.demo',
    openService: openBeside(cluster, {}),
    privateImage: undefined
  }
  const viewer = await account(t, world, 'viewer', await rulesIn('deploy/rbac/viewer.yaml'))
  return {
    simulator,
    world,
    viewer,
    url: await guardedService(t, world, { AUTH_MODE: 'kubernetes', ...env })
  }
}

interface Told {
  readonly status: number
  readonly type: string
  readonly detail: string
  readonly remedy: string
  readonly challenge: string | null
  readonly retryAfter: string | null
}

async function get (url: string, authorization?: string): Promise<Told> {
  const response = await fetch(`${url}/models`, {
    headers: authorization === undefined ? {} : { authorization }
  })
  const { type = '', detail = '', remedy = '' } = await response.json() as Partial<Told>
  const { status, headers } = response
  return {
    status,
    type,
    detail,
    remedy,
    challenge: headers.get('www-authenticate'),
    retryAfter: headers.get('retry-after')
  }
}

const reviews = ({ requests }: Simulator, kind: string) =>
  requests.filter(({ path }) => path.split('?')[0]!.endsWith(`/${kind}`)).length

const refusals: ReadonlyArray<
  readonly [it: string, authorization: string | undefined, detail: RegExp, challenge: string]
> = [
  ['no token', undefined, /the request has no token/, 'Bearer realm="scr-modelops"'],
  ['a name and a password', 'Basic YTpi', /holds no bearer token/, 'Bearer realm="scr-modelops"'],
  ['an empty token', 'Bearer ', /holds no bearer token/, 'Bearer realm="scr-modelops"'],
  ['a token with odd characters', 'Bearer a b', /holds no bearer token/,
    'Bearer realm="scr-modelops"'],
  ['nonsense', 'Bearer nonsense', /the cluster does not accept this token/,
    'Bearer realm="scr-modelops", error="invalid_token"']
]
for (const [it, authorization, detail, challenge] of refusals) {
  t.test(`with ${it} the answer is 401, says how to log in, and what to do`, async t => {
    const { url } = await guarded(t)
    const told = await get(url, authorization)
    t.same([told.status, told.type, told.challenge], [401, '/problems/unauthenticated', challenge])
    t.match(told.detail, detail)
    t.match(told.remedy, /Authorization: Bearer TOKEN|kubectl create token/)
  })
}

t.test('a token that has expired is 401', async t => {
  const { url, viewer, simulator } = await guarded(t)
  const [good, expired] = [simulator.tokenOf(viewer.name, 60), simulator.tokenOf(viewer.name, -1)]
  t.same([(await get(url, `Bearer ${good}`)).status, (await get(url, `Bearer ${expired}`)).status],
    [200, 401])
})

t.test('the word Bearer may be written as one likes', async t => {
  const { url, viewer } = await guarded(t)
  t.equal((await get(url, `bEARER  ${viewer.token}`)).status, 200)
})

t.test('the cluster is asked once about a caller, however many calls he makes', async t => {
  const { url, viewer, simulator } = await guarded(t)
  const before = reviews(simulator, 'subjectaccessreviews')
  const statuses = await Promise.all(
    Array.from({ length: 20 }, async () => (await get(url, `Bearer ${viewer.token}`)).status)
  )
  t.same(new Set(statuses), new Set([200]))
  t.same([reviews(simulator, 'tokenreviews'), reviews(simulator, 'subjectaccessreviews') - before],
    [1, 1])
})

t.test('what needs no login asks nobody', async t => {
  const { url, simulator } = await guarded(t)
  const before = reviews(simulator, 'tokenreviews')
  for (const path of ['/livez', '/readyz', '/metrics', '/openapi.json', '/docs']) {
    const response = await fetch(url + path, { headers: { authorization: 'Bearer nonsense' } })
    t.equal(response.status, 200, path)
    await response.text()
  }
  t.equal(reviews(simulator, 'tokenreviews'), before)
})

t.test('while the cluster answers no review, known callers go on and unknown ones are told to try again, not that their token is bad', async t => {
  const { url, viewer, simulator, world } = await guarded(t)
  const other = await account(t, world, 'other', await rulesIn('deploy/rbac/viewer.yaml'))
  await get(url, `Bearer ${viewer.token}`)
  simulator.refuse({ status: 503 })
  t.equal((await get(url, `Bearer ${viewer.token}`)).status, 200)
  const { status, type, retryAfter, challenge } = await get(url, `Bearer ${other.token}`)
  t.same([status, type, retryAfter, challenge], [503, '/problems/cluster-busy', '5', null])
})

t.test('a service that may not ask says so, and whom to ask for it', async t => {
  const { url, viewer, simulator } = await guarded(t)
  simulator.refuse({ status: 403, resource: 'tokenreviews' })
  const { status, type, remedy } = await get(url, `Bearer ${viewer.token}`)
  t.same([status, type], [503, '/problems/login-unavailable'])
  t.match(remedy,
    /bind the ClusterRole system:auth-delegator to the service account of this service/)
})

const file = fileForm('LOAN\n' + '1\n'.repeat(10_000_000))

for (
  const [it, bearer, status] of [['no token', undefined, 401], ['no right', 'viewer', 403]] as const
) {
  t.test(`who writes 20 MB with ${it} before reading sees the ${status}`, async t => {
    const { url, viewer } = await guarded(t)
    const headers = {
      ...file.headers,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${viewer.token}` })
    }
    const answer = await stubbornPost(`${url}/models/m/score`, { headers, body: file.body })
    t.same([answer.status, answer.whole, answer.headers['connection']], [status, true,
      'keep-alive'], answer.body)
  })
}

t.test('of a stranger\'s body 32 MiB are read and no more', async t => {
  const { url } = await guarded(t)
  const socket = openSocket(url)
  t.teardown(() => socket.destroy())
  await send(socket,
    head(`${url}/models/m/score`, {
      'content-type': 'text/csv',
      'content-length': String(1024 ** 3)
    }))
  // the service may close before it has all
  const sent = send(socket, Buffer.alloc(34 * 1024 * 1024)).catch(() => {})
  const { status, headers } = await readAnswer(socket)
  t.same([status, headers['connection']], [401, 'close'])
  await sent
})

t.test('without a login a token is not looked at, and everybody is anonymous', async t => {
  const { world, simulator } = await guarded(t)
  const url = await world.openService(t, { AUTH_MODE: 'none' },
    world.kube.kubeconfigFor('simulator'))
  const before = reviews(simulator, 'tokenreviews')
  t.equal((await get(url, 'Bearer nonsense')).status, 200)
  t.equal(reviews(simulator, 'tokenreviews'), before)
})

t.test('a route that nobody has decided on ends the start', async t => {
  const app = Fastify()
  guardRoutes(app, { access: undefined, namespace: 'n' })
  t.throws(() => app.get('/models/:name/secrets', async () => ''), {
    message: /GET \/models\/:name\/secrets needs an entry in src\/http\/rights.ts/
  })
  await app.close()
})
