import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { deployed, type Deployed } from '../../support/model-program.js'
import { openTestService, type TestService } from '../../support/service.js'
import { follow, held, list, post, rowsOf, scoringWhen, type Listed } from './support.js'

/** A replica beside the one given, which it asks. */
async function beside (
  t: Test,
  { cluster, url }: Deployed,
  more: Readonly<Record<string, string>> = {}
): Promise<TestService> {
  return await openTestService(t, cluster, { REPLICA_ADDRESSES: new URL(url).host, ...more })
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

t.test('a scoring is found, followed and stopped through another replica than its own', async t => {
  const { model } = held(5)
  const service = await deployed(t, model)
  const other = await beside(t, service)
  const answering = post(service.scoreUrl(), rowsOf(9), { 'x-request-id': 'there' })
  await scoringWhen(other.url, 'there', ({ rowsScored }) => rowsScored === 5)
  t.match(await list(other.url, '?state=running'), [{ id: 'there', rowsScored: 5 }])
  t.same(await list(other.url, '?state=failed'), [])
  const events: string[] = []
  for await (const { event, told } of follow(other.url, 'there')) {
    events.push(`${event} ${told.state}`)
    if (events.length === 2) {
      const { status } = await fetch(`${other.url}/scorings/there`, { method: 'DELETE' })
      t.equal(status, 200)
    }
  }
  t.same(events, ['progress running', 'progress running', 'end stopped'])
  t.equal((await answering).status, 409)
})

t.test('with scope=replica a replica answers for itself', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  const other = await beside(t, service)
  await (await post(service.scoreUrl(), rowsOf(1), { 'x-request-id': 'there' })).text()
  t.equal((await list(other.url)).length, 1)
  t.same(await list(other.url, '?scope=replica'), [])
  t.equal((await fetch(`${other.url}/scorings/there?scope=replica`)).status, 404)
})

t.test('a replica that is among those that it asks tells its scorings once', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  const port = await freePort()
  const other = await beside(t, service, {
    PORT: String(port),
    REPLICA_ADDRESSES: `${new URL(service.url).host},localhost:${port},127.0.0.1:${port}`
  })
  for (const { url } of [service, other]) {
    await (await post(`${url}/models/m/score`, rowsOf(1))).text()
  }
  const ids = (await list(other.url)).map(({ id }) => id)
  t.equal(ids.length, 2)
  t.equal((await fetch(`${other.url}/scorings/nobody`)).status, 404)
})

t.test('a replica that does not answer is told, and nothing is said not to exist', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  const other = await beside(t, service, {
    REPLICA_ADDRESSES: `${new URL(service.url).host},127.0.0.1:${await freePort()}`
  })
  await (await post(service.scoreUrl(), rowsOf(1), { 'x-request-id': 'there' })).text()
  const listed = await (await fetch(`${other.url}/scorings`)).json() as Listed
  t.same([listed.items.map(({ id }) => id), listed.silentReplicas], [['there'], 1])
  t.equal((await fetch(`${other.url}/scorings/there`)).status, 200)
  const unknown = await fetch(`${other.url}/scorings/nobody`)
  t.same([unknown.status, unknown.headers.get('retry-after')], [503, '2'])
  t.match(await unknown.json(), {
    type: '/problems/replica-unreachable',
    detail: /do not know the scoring nobody; 1 did not answer/
  })
})

t.test('while DNS knows no replica this one still tells its own', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  const other = await beside(t, service, { REPLICA_ADDRESSES: 'replicas.invalid:8080' })
  await (await post(`${other.url}/models/m/score`, rowsOf(1), { 'x-request-id': 'here' })).text()
  const listed = await (await fetch(`${other.url}/scorings`)).json() as Listed
  t.same([listed.items.map(({ id }) => id), listed.silentReplicas], [['here'], 1])
  t.equal((await fetch(`${other.url}/scorings/here`)).status, 200)
})
