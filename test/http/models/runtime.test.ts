import { once } from 'node:events'
import http from 'node:http'
import t, { type Test } from 'tap'
import { CRASH_LOG } from '../../../simulator/scr/faults.js'
import { until } from '../../support/contract.js'
import { openSimulator, openTestService } from '../../support/service.js'
import {
  IMAGE_1,
  IMAGE_2,
  open,
  served,
  setTo,
  challenged,
  versionsOf,
  type App
} from './revisions-app.js'

interface Pod {
  name: string
  revision: string
  ready: boolean
  restarts: number
  reason?: string
  ending: boolean
}
interface Event {
  time: string
  type: string
  reason: string
  message: string
  object: string
  count: number
}

async function pods ({ url }: App, name = 'm'): Promise<Pod[]> {
  return (await (await fetch(`${url}/models/${name}/pods`)).json() as { items: Pod[] }).items
}

async function events ({ url }: App, name = 'm'): Promise<Event[]> {
  return (await (await fetch(`${url}/models/${name}/events`)).json() as { items: Event[] }).items
}

async function logs ({ url }: App, query = '', name = 'm') {
  const response = await fetch(`${url}/models/${name}/logs?${query}`)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** A followed log: what has come so far, and how it ended. */
async function follow (t: Test, { url }: App, query = '') {
  const request = http.get(`${url}/models/m/logs?follow=true&${query}`, { agent: false })
  const [response] = await once(request, 'response') as [http.IncomingMessage]
  t.teardown(() => request.destroy())
  const seen = { text: '' }
  response.setEncoding('utf8').on('data', text => {
    seen.text += text
  }).on('error', () => {})
  return {
    response,
    seen,
    leave: () => request.destroy(),
    says: async (what: RegExp) =>
      await until(`says ${what}`, async () => seen.text, text => what.test(text), 15)
  }
}

async function asleep (app: App): Promise<void> {
  await until('no pod is left', async () => await pods(app), items => items.length === 0, 15)
}

const SLEEPY = { timing: { windowMs: 300, graceMs: 100 } }

t.test('a pod that serves is ready, has no reason, and is of its revision', async t => {
  const app = await open(t)
  t.match(await pods(app), [{
    name: /^m-00001-deployment-/,
    revision: 'm-00001',
    phase: 'Running',
    ready: true,
    restarts: 0,
    ending: false,
    startedAt: /^20.*Z$/
  }])
  t.notOk('reason' in (await pods(app))[0]!)
})

t.test('pods that end are told as ending and not ready', async t => {
  const app = await open(t, { timing: { drainMs: 5_000 } })
  const [{ name } = { name: '' }] = await pods(app)
  await app.kube.call('DELETE', `/api/v1/namespaces/sas-model-inference/pods/${name}`)
  const items = await until('the pod ends', async () => await pods(app),
    items => items.some(({ ending }) => ending), 10)
  t.match(items.find(pod => pod.name === name), { ending: true, ready: false, phase: 'Running' })
})

t.test('a sleeping model has no pods and no log, and both answers say that it sleeps', async t => {
  const app = await open(t, SLEEPY)
  await asleep(app)
  const answer = await (await fetch(`${app.url}/models/m/pods`)).json()
  t.match(answer, { items: [], explanation: { summary: /^asleep/, needsAction: false } })
  const { status, headers, text } = await logs(app)
  t.same([status, text, headers.get('log-pods')], [200, '', '0/0'])
  t.match(headers.get('content-type'), /^text\/plain/)
  t.match(headers.get('log-note'), /^asleep/)
})

t.test('a crash loop shows in pods, log, previous log and events', async t => {
  const app = await open(t, { image: null })
  await served(app.send('PUT', '/models/m', { image: 'registry.demo/creditwriteoff:1.0-crash' }))
  const [pod] = await until('the pod is restarted', async () => await pods(app),
    ([pod]) => (pod?.restarts ?? 0) > 0 && pod?.reason === 'CrashLoopBackOff', 15)
  t.match(pod, { ready: false, phase: 'Running' })
  t.equal((await logs(app)).text, `${CRASH_LOG}\n`)
  t.equal((await logs(app, 'previous=true')).text, `${CRASH_LOG}\n`)
  const found = await events(app)
  t.match(found.find(({ reason }) => reason === 'BackOff'), {
    type: 'Warning',
    object: `Pod/${pod?.name}`,
    message: /^Back-off restarting/,
    time: /^20/,
    count: Number
  })
  t.same(found.map(({ time }) => time), found.map(({ time }) => time).sort().reverse(),
    'the most recent first')
})

t.test('without an earlier container the previous log is empty and says why', async t => {
  const { status, text, headers } = await logs(await open(t), 'previous=true')
  t.same([status, text, headers.get('log-note')], [200, '',
    'no container of these pods has ended and been started again'])
})

t.test('events of another model are left out, also where its name begins like a revision', async t => {
  const app = await open(t)
  await served(app.send('PUT', '/models/m-00001-deployment?wait=20', { image: IMAGE_1 }))
  await served(app.send('PUT', '/models/m-2?wait=20', { image: IMAGE_1 }))
  const objects = [
    ...new Set((await events(app)).map(({ object }) =>
      object.replace(/-[0-9a-f]{10}(-[0-9a-z]{5})?$/, '')
    ))
  ].sort()
  t.same(objects, ['Configuration/m', 'Deployment/m-00001-deployment', 'Pod/m-00001-deployment',
    'ReplicaSet/m-00001-deployment', 'Revision/m-00001', 'Service/m'])
})

t.test('lines of several pods begin with the pod\'s name, of one pod they do not', async t => {
  const app = await open(t, { image: null })
  await served(app.send('PUT', '/models/m?wait=20', { image: IMAGE_1, scaling: { minScale: 2 } }))
  const running = await until('two pods are ready', async () => await pods(app),
    items => items.filter(({ ready }) => ready).length === 2, 15)
  const { text, headers } = await logs(app, 'tail=1')
  t.equal(headers.get('log-pods'), '2/2')
  t.same(text.split('\n').sort(),
    ['', ...running.map(({ name }) => `[${name}] listening on port 8080`)].sort())
  t.equal((await logs(app, `tail=1&pod=${running[0]?.name}`)).text, 'listening on port 8080\n')
})

t.test('revision= reads the pods of one revision', async t => {
  const app = await open(t)
  await challenged(app, 50)
  await setTo(app, [{ revision: 'm-00001', percent: 50 }, { revision: 'm-00002', percent: 50 }])
  await until('both run', async () => await pods(app),
    items => new Set(items.filter(({ ready }) => ready).map(({ revision }) => revision)).size === 2,
    15)
  const { text } = await logs(app, 'revision=m-00002')
  t.match(text, IMAGE_2)
  t.notMatch(text, IMAGE_1)
})

t.test('what does not belong to the model is 404, what can\'t be followed 422', async t => {
  const app = await open(t)
  await served(app.send('PUT', '/models/other?wait=20', { image: IMAGE_1 }))
  const [other] = await pods(app, 'other')
  const asked = async (query: string, name = 'm') => {
    const { status, text } = await logs(app, query, name)
    return [status, (JSON.parse(text) as { type: string }).type]
  }
  t.same(await asked('revision=other-00001'), [404, '/problems/revision-not-found'])
  t.same(await asked(`pod=${other?.name}`), [404, '/problems/pod-not-found'])
  t.same(await asked('', 'nosuch'), [404, '/problems/model-not-found'])
  t.same(await asked('follow=true&previous=true'), [422, '/problems/request-invalid'])
  t.same(await asked('tail=10001'), [422, '/problems/request-invalid'])
  t.equal((await fetch(`${app.url}/models/nosuch/pods`)).status, 404)
  t.equal((await fetch(`${app.url}/models/nosuch/events`)).status, 404)
})

t.test('a followed log of a sleeping model begins at once, and shows the pod that wakes', async t => {
  const app = await open(t, SLEEPY)
  await asleep(app)
  const { response, says } = await follow(t, app)
  t.match(response.headers['log-note'], /^asleep.*lines follow/)
  await versionsOf(app, 1)
  await says(/^\[m-00001-deployment-\S+\] listening on port 8080$/m)
})

t.test('a followed log shows each line once, also over restarts of the container', async t => {
  const app = await open(t, { image: null })
  await served(app.send('PUT', '/models/m', { image: 'registry.demo/creditwriteoff:1.0-crash' }))
  const { seen } = await follow(t, app)
  const [pod] = await until('two restarts', async () => await pods(app),
    ([pod]) => (pod?.restarts ?? 0) >= 2, 15)
  const count = () => seen.text.split('\n').filter(line => line.endsWith(CRASH_LOG)).length
  await until('a line for each life', async () => count(), lines => lines >= 3, 10)
  t.ok(count() <= (await pods(app))[0]!.restarts + 1, `${count()} lines, ${pod?.restarts} restarts`)
})

t.test('a caller that leaves ends the call to the cluster', async t => {
  const app = await open(t)
  const { says, leave } = await follow(t, app)
  await says(/listening/)
  t.equal(app.simulator.followedLogs(), 1)
  leave()
  await until('the call has ended', async () => app.simulator.followedLogs(), open => open === 0,
    10)
})

t.test('a followed log ends when the model is deleted', async t => {
  const app = await open(t)
  const { response, says } = await follow(t, app)
  await says(/listening/)
  await app.send('DELETE', '/models/m')
  await once(response, 'end')
  t.ok(response.complete)
})

t.test('a service that stops ends followed logs at once, whole and saying so', async t => {
  const { simulator, cluster } = await openSimulator(t, { timing: { podStartMs: 40 } })
  const { url, stop } = await openTestService(t, cluster, { DRAIN_SECONDS: '60' })
  await (await fetch(`${url}/models/m?wait=20`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image: IMAGE_1 })
  })).text()
  const { response, seen, says } = await follow(t, { url } as App)
  await says(/listening/)
  const ended = once(response, 'end')
  const stopped = stop()
  await ended
  t.match(seen.text, /\n-- this replica is shutting down: ask again to go on\n$/)
  t.ok(response.complete)
  await stopped
  t.equal(simulator.followedLogs(), 0)
})

t.test('a service account without the right to logs is 403 and names the right', async t => {
  const app = await open(t)
  app.simulator.refuse({ verb: 'get', resource: 'pods', status: 403 })
  const { status, text } = await logs(app)
  t.equal(status, 403)
  t.match(JSON.parse(text), {
    type: '/problems/cluster-forbidden',
    detail: /the right to get pods\/log in sas-model-inference/
  })
})
