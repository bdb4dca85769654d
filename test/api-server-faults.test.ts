import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Simulator } from '../simulator/simulator.js'
import { sample, scoredBy } from './contract/scores.js'
import { until } from './support/contract.js'
import { openSimulator, openTestService } from './support/service.js'

// What becomes of the service when the cluster's API fails it. The same on a real cluster: test/e2e-faults.ts.

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
/** Longer than caches count as fresh. */
const OUTAGE_MS = 55_000
/** How long a call waits that an API server does not answer. */
const CALL_LIMIT_MS = 15_000

interface Problem { type: string, detail: string, remedy: string }

async function open (t: Test) {
  const { simulator, cluster } = await openSimulator(t)
  const { url } = await openTestService(t, cluster)
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    })
    return { status: response.status, headers: response.headers, body: (response.status === 204 ? {} : await response.json()) as Problem }
  }
  const made = await call('POST', '/models?wait=30', { name: 'm', image: IMAGE, scaling: { minScale: 1 } })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  return { simulator, url, call }
}

async function scores (url: string): Promise<{ status: number, text: string, ms: number }> {
  const start = performance.now()
  const response = await fetch(`${url}/models/m/score`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: await sample() })
  return { status: response.status, text: await response.text(), ms: performance.now() - start }
}

const OUTAGES: Array<{ how: string, begin: (simulator: Simulator) => unknown, end: (simulator: Simulator) => unknown }> = [
  { how: 'hangs', begin: simulator => simulator.hangApi(true), end: simulator => simulator.hangApi(false) },
  { how: 'refuses connections', begin: async simulator => await simulator.stopApi(), end: async simulator => await simulator.startApi() }
]

t.jobs = 2
for (const { how, begin, end } of OUTAGES) {
  t.test(`while the API server ${how} for a minute a known model is scored, a change is 503, and afterwards all is as before`, async t => {
    const { simulator, url, call } = await open(t)
    const expected = scoredBy(IMAGE, await sample())
    t.equal((await scores(url)).text, expected)
    await begin(simulator)
    const over = performance.now() + OUTAGE_MS
    const refused = call('PATCH', '/models/m', { description: 'while it is down' })
    let slowest = 0
    while (performance.now() < over) {
      const { status, text, ms } = await scores(url)
      slowest = Math.max(slowest, ms)
      if (status !== 200 || text !== expected) return t.fail(`a score was ${status}: ${text.slice(0, 300)}`)
      await sleep(500)
    }
    t.ok(slowest < CALL_LIMIT_MS, `no score waited for the API server: the slowest took ${Math.round(slowest)} ms`)
    const { status, headers, body } = await refused
    t.match({ status, type: body.type }, { status: 503, type: '/problems/cluster-unreachable' })
    t.ok(Number(headers.get('retry-after')) > 0)
    t.equal((await fetch(`${url}/readyz`)).status, 200, 'it stays in service')
    await end(simulator)
    await until('a change is made again', async () => (await call('PATCH', '/models/m', { description: 'after' })).status, status => status === 200, 30)
    await call('PATCH', '/models/m', { labels: { seen: 'yes' } })
    await until('the list shows it from its caches', async () => JSON.stringify((await call('GET', '/models')).body), text => text.includes('"seen":"yes"'), 30)
  })
}

t.test('an unknown model is not scored while the API is down, and the answer says why', async t => {
  const { simulator, url } = await open(t)
  await simulator.stopApi()
  const response = await fetch(`${url}/models/nosuch/score`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'A\n1\n' })
  t.match({ status: response.status, body: await response.json() }, { status: 503, body: { type: '/problems/cluster-unreachable' } })
})

t.test('a change that the API server refuses as too much is sent again after Retry-After', async t => {
  const { simulator, call } = await open(t)
  simulator.refuse({ verb: 'update', status: 429, retryAfterSeconds: 1 })
  const start = performance.now()
  const changing = call('PATCH', '/models/m', { description: 'patient' })
  await until('one was refused', async () => simulator.requests.filter(({ method }) => method === 'PUT').length, count => count > 0, 10)
  simulator.refuse()
  t.equal((await changing).status, 200)
  t.ok(performance.now() - start >= 1_000, 'not before the time was over')
})

t.test('an API server that stays too busy is 503 with its own Retry-After', async t => {
  const { simulator, call } = await open(t)
  simulator.refuse({ verb: 'update', status: 429, retryAfterSeconds: 30 })
  const { status, headers, body } = await call('PATCH', '/models/m', { description: 'x' })
  t.match({ status, type: body.type, after: headers.get('retry-after') }, { status: 503, type: '/problems/cluster-busy', after: '30' })
})

t.test('without the right to delete the answer names the right and the Role, and the model stays', async t => {
  const { simulator, call } = await open(t)
  simulator.refuse({ verb: 'delete', resource: 'services', status: 403 })
  const { body } = await call('DELETE', '/models/m')
  t.match(body, { type: '/problems/cluster-forbidden', detail: /lacks the right to delete services\.serving\.knative\.dev in sas-model-inference/ })
  t.match(body.remedy, /add delete on services\.serving\.knative\.dev to the Role of this service in sas-model-inference \(scr-modelops/)
  simulator.refuse()
  t.equal((await call('GET', '/models/m')).status, 200)
  t.equal((await call('DELETE', '/models/m')).status, 204)
})

t.test('while its store fails, changes are 503 and reads and scores go on', async t => {
  const { simulator, url, call } = await open(t)
  simulator.refuse({ status: 500, message: 'etcdserver: request timed out' })
  simulator.cutWatches()
  t.match(await call('PATCH', '/models/m', { description: 'x' }), { status: 503, body: { type: '/problems/cluster-busy' } })
  t.equal((await call('GET', '/models/m')).status, 200)
  t.equal((await scores(url)).status, 200)
  simulator.refuse()
  await until('a change is made again', async () => (await call('PATCH', '/models/m', { description: 'after' })).status, status => status === 200, 30)
})
