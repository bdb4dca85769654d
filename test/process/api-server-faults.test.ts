import t, { type Test } from 'tap'
import type { Simulator } from '../../simulator/simulator.js'
import { livesThrough } from '../contract/models/outage.js'
import { sample } from '../contract/scores.js'
import { Kube, until } from '../support/contract.js'
import { openBeside, openSimulator, openTestService } from '../support/service.js'

// What becomes of the service when the cluster's API fails it. The same on a real cluster:
// test/e2e/faults.ts.

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
interface Problem {
  type: string
  detail: string
  remedy: string
}

async function open (t: Test) {
  const { simulator, cluster } = await openSimulator(t)
  const { url } = await openTestService(t, cluster)
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (response.status === 204 ? {} : await response.json()) as Problem
    }
  }
  const made = await call('POST', '/models?wait=30', {
    name: 'm',
    image: IMAGE,
    scaling: { minScale: 1 }
  })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  return { simulator, url, call }
}

async function scores (url: string): Promise<number> {
  const response = await fetch(`${url}/models/m/score`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: await sample()
  })
  await response.text()
  return response.status
}

const OUTAGES: Array<
  { how: string, begin: (simulator: Simulator) => unknown, end: (simulator: Simulator) => unknown }
> = [
  {
    how: 'hangs',
    begin: simulator => simulator.hangApi(true),
    end: simulator => simulator.hangApi(false)
  },
  {
    how: 'refuses connections',
    begin: async simulator => await simulator.stopApi(),
    end: async simulator => await simulator.startApi()
  }
]

t.jobs = 2
t.setTimeout(300_000) // the outages take a minute each
for (const { how, begin, end } of OUTAGES) {
  t.test(`while the API server ${how} for a minute a known model is scored, a change is 503, and afterwards all is as before`, async t => {
    const { simulator, cluster } = await openSimulator(t)
    const { url } = await openTestService(t, cluster)
    const world = {
      service: url,
      kube: new Kube(cluster.kubeconfig),
      imagePrefix: 'registry.demo',
      openService: openBeside(cluster, {}),
      privateImage: undefined
    }
    await livesThrough(t, world, {
      lastsMs: 55_000,
      begin: () => begin(simulator),
      end: () => end(simulator)
    })
  })
}

t.test('an unknown model is not scored while the API is down, and the answer says why', async t => {
  const { simulator, url } = await open(t)
  await simulator.stopApi()
  const response = await fetch(`${url}/models/nosuch/score`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: 'A\n1\n'
  })
  t.match({ status: response.status, body: await response.json() }, {
    status: 503,
    body: { type: '/problems/cluster-unreachable' }
  })
})

t.test('a change that the API server refuses as too much is sent again after Retry-After', async t => {
  const { simulator, call } = await open(t)
  simulator.refuse({ verb: 'update', status: 429, retryAfterSeconds: 1 })
  const start = performance.now()
  const changing = call('PATCH', '/models/m', { description: 'patient' })
  await until('one was refused',
    async () => simulator.requests.filter(({ method }) => method === 'PUT').length,
    count => count > 0, 10)
  simulator.refuse()
  t.equal((await changing).status, 200)
  t.ok(performance.now() - start >= 1_000, 'not before the time was over')
})

t.test('an API server that stays too busy is 503 with its own Retry-After', async t => {
  const { simulator, call } = await open(t)
  simulator.refuse({ verb: 'update', status: 429, retryAfterSeconds: 30 })
  const { status, headers, body } = await call('PATCH', '/models/m', { description: 'x' })
  t.match({ status, type: body.type, after: headers.get('retry-after') }, {
    status: 503,
    type: '/problems/cluster-busy',
    after: '30'
  })
})

t.test('without the right to delete the answer names the right and the Role, and the model stays', async t => {
  const { simulator, call } = await open(t)
  simulator.refuse({ verb: 'delete', resource: 'services', status: 403 })
  const { body } = await call('DELETE', '/models/m')
  t.match(body, {
    type: '/problems/cluster-forbidden',
    detail: /lacks the right to delete services\.serving\.knative\.dev in sas-model-inference/
  })
  t.match(body.remedy,
    /add delete on services\.serving\.knative\.dev to the Role of this service in sas-model-inference \(scr-modelops/)
  simulator.refuse()
  t.equal((await call('GET', '/models/m')).status, 200)
  t.equal((await call('DELETE', '/models/m')).status, 204)
})

t.test('while its store fails, changes are 503 and reads and scores go on', async t => {
  const { simulator, url, call } = await open(t)
  simulator.refuse({ status: 500, message: 'etcdserver: request timed out' })
  simulator.cutWatches()
  t.match(await call('PATCH', '/models/m', { description: 'x' }), {
    status: 503,
    body: { type: '/problems/cluster-busy' }
  })
  t.equal((await call('GET', '/models/m')).status, 200)
  t.equal(await scores(url), 200)
  simulator.refuse()
  await until('a change is made again',
    async () => (await call('PATCH', '/models/m', { description: 'after' })).status,
    status => status === 200, 30)
})
