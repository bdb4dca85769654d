import http from 'node:http'
import t from 'tap'
import { conditionOf, REVISIONS, startCluster, until, type Cluster } from '../support.js'

const SLOW = 'dev.local/slow:1'
const SILENT = 'dev.local/silent:1'
const programs: Record<string, http.RequestListener> = {
  [SLOW]: (request, response) => {
    request.resume().on('end', () => {
      setTimeout(() => response.end('slow'), 200)
    })
  },
  [SILENT]: request => {
    request.resume()
  }
}
const fast = { podStartMs: 300, windowMs: 300, graceMs: 50, drainMs: 200 }
const scaling = (settings: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`autoscaling.knative.dev/${name}`, value])
  )
const revision = async (cluster: Cluster, name: string) =>
  (await cluster.api('GET', `${REVISIONS}/${name}-00001`)).body
const asleep = async (cluster: Cluster, name: string) =>
  await until(`${name} asleep`, () => revision(cluster, name), ({ status }) =>
    status.actualReplicas === 0 && conditionOf(status.conditions, 'Active') === 'False NoTraffic')
const count = (texts: string[]) =>
  texts.reduce<Record<string, number>>(
    (counts, text) => ({ ...counts, [text]: (counts[text] ?? 0) + 1 }),
    {}
  )

t.test('without requests a revision goes to zero; the ksvc stays Ready', async t => {
  const cluster = await startCluster(t, { timing: fast })
  await cluster.create('a')
  await cluster.ready('a')
  const { status } = await asleep(cluster, 'a')
  t.equal(status.desiredReplicas, 0)
  t.equal(conditionOf(status.conditions, 'Ready'), 'True')
  t.equal(conditionOf((await cluster.ksvc('a')).status.conditions, 'Ready'), 'True')
  await until('no pods', () => cluster.pods('a'), pods => pods.length === 0)
})

t.test('a request at zero waits for a pod, and all that come meanwhile are answered by it', async t => {
  const cluster = await startCluster(t, { timing: fast })
  await cluster.create('a', { annotations: scaling({ 'target-burst-capacity': '0' }) })
  await cluster.ready('a')
  await asleep(cluster, 'a')
  const began = Date.now()
  const answers = await Promise.all(Array.from({ length: 10 }, () => cluster.score('a')))
  t.strictSame(count(answers.map(({ status, text }) => `${status} ${text}`)), { '200 v1': 10 })
  t.ok(Date.now() - began >= 250, 'a pod had to start')
  await until('Active again', () => revision(cluster, 'a'),
    ({ status }) => conditionOf(status.conditions, 'Active') === 'True')
})

t.test('min-scale holds pods awake only while a route names the revision', async t => {
  const cluster = await startCluster(t, { timing: fast })
  await cluster.create('a', { annotations: scaling({ 'min-scale': '2' }) })
  await cluster.ready('a')
  await until('two pods', () => revision(cluster, 'a'), ({ status }) => status.actualReplicas === 2)
  await cluster.change('a', read => {
    read.spec.template.metadata.annotations = scaling({ 'min-scale': '1' })
  })
  await until('the new one', () => cluster.ready('a'),
    ({ status }) => status.latestReadyRevisionName === 'a-00002')
  await asleep(cluster, 'a')
  t.equal((await cluster.api('GET', `${REVISIONS}/a-00002`)).body.status.actualReplicas, 1)
})

t.test('without the activator queue-proxy takes 1 + 10 at containerConcurrency 1 and refuses the rest', async t => {
  const GATE = 'dev.local/gate:1'
  const held: http.ServerResponse[] = []
  let open = false
  const gate: http.RequestListener = (request, response) => {
    request.resume()
    if (open) response.end('passed')
    else held.push(response)
  }
  const cluster = await startCluster(t, { programs: { [GATE]: gate } })
  const annotations = scaling({ 'min-scale': '1', 'max-scale': '1', 'target-burst-capacity': '0' })
  await cluster.create('a', { image: GATE, annotations, spec: { containerConcurrency: 1 } })
  await cluster.ready('a')
  const refused: string[] = []
  const answers = Array.from({ length: 150 }, async () => {
    const answer = await cluster.score('a')
    if (answer.status === 503) refused.push(answer.text)
    return answer
  })
  await until('139 refused', async () => refused.length, length => length === 139)
  open = true
  for (const response of held) response.end('passed')
  const all = await Promise.all(answers)
  t.strictSame(count(all.map(({ status, text }) => `${status} ${text}`)), {
    '200 passed': 11,
    '503 pending request queue full\n': 139
  })
  const full = all.find(({ status }) => status === 503)
  t.match(full?.headers, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff'
  })
  t.equal(full?.headers['retry-after'], undefined)
})

t.test('with the activator requests queue, none fails, and pods are added up to max-scale', async t => {
  const cluster = await startCluster(t, { programs, timing: { podStartMs: 100 } })
  await cluster.create('a', {
    image: SLOW,
    annotations: scaling({ 'max-scale': '3' }),
    spec: { containerConcurrency: 1 }
  })
  await cluster.ready('a')
  const answers = await Promise.all(Array.from({ length: 30 }, () => cluster.score('a')))
  t.strictSame(count(answers.map(({ status, text }) => `${status} ${text}`)), { '200 slow': 30 })
  t.equal((await revision(cluster, 'a')).status.actualReplicas, 3)
})

t.test('no answer within timeoutSeconds is 504, also for a start that takes longer, which goes on', async t => {
  const cluster = await startCluster(t, { programs, timing: { ...fast, podStartMs: 1200 } })
  await cluster.create('silent', { image: SILENT, spec: { timeoutSeconds: 1 } })
  await cluster.create('cold', { spec: { timeoutSeconds: 1 } })
  await cluster.ready('silent')
  t.match(await cluster.score('silent'), { status: 504, text: 'activator request timeout' })
  await cluster.ready('cold')
  await asleep(cluster, 'cold')
  t.match(await cluster.score('cold'), { status: 504, text: 'activator request timeout' })
  t.match(await cluster.score('cold'), { status: 200, text: 'v1' })
})

t.test('a caller who leaves, running or queued, makes room for the next one', async t => {
  const PATIENT = 'dev.local/patient:1'
  const asked: string[] = []
  const patient: http.RequestListener = (request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/answer') request.resume().on('end', () => response.end('answered'))
  }
  const cluster = await startCluster(t, { programs: { [PATIENT]: patient } })
  await cluster.create('a', {
    image: PATIENT,
    annotations: scaling({ 'max-scale': '1' }),
    spec: { containerConcurrency: 1 }
  })
  await cluster.ready('a')
  const headers = { host: 'a.sas-model-inference.scr.test' }
  const hold = () =>
    http.get(`${cluster.simulator.gatewayUrl}/hold`, { headers }).on('error', () => {})
  const running = hold()
  await until('the pod is busy', async () => asked, ({ length }) => length === 1)
  const queued = hold()
  const answer = cluster.score('a', '', '/answer')
  queued.destroy()
  running.destroy()
  t.match(await answer, { status: 200, text: 'answered' })
})
