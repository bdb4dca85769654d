import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds, memory } from './machine.js'
import { atMost, type Verdict } from './report.js'
import { percentile } from './statistics.js'
import { deploy } from './service.js'
import type { World } from './bench-world.js'

const IDLE_MS = 3_000
const WARM_REQUESTS = 20
const MODELS = 1_000
const LISTS = 200
/** The most that one answer lists. */
const PAGE_MAX = 500
const APPEAR_MS = 120_000

/**
 * Start, idle memory, what a warm request asks of Kubernetes. Comes first: the service must not
 * have worked yet.
 */
export async function atRest (world: World): Promise<Verdict[]> {
  const {
    service,
    caller,
    cluster: { simulator }
  } = world
  const startCpu = cpuSeconds(service.pid)
  await sleep(IDLE_MS)
  const idle = memory(service.pid)
  const job = { url: await deploy(service, 'c12l0'), columns: 12, rows: 10 }
  await caller.run(job)
  const before = simulator.requests.length
  for (let request = 0; request < WARM_REQUESTS; request++) await caller.run(job)
  const calls = simulator.requests.length - before
  return [
    atMost('ready after its start', service.readySeconds, 2, ' s'),
    ...(startCpu === undefined
      ? []
      : [{ what: 'CPU time for it', seen: startCpu, target: '', unit: ' s' }]),
    ...(idle === undefined ? [] : [atMost('resident memory, idle', idle.residentMiB, 200, ' MiB')]),
    atMost(`Kubernetes calls of ${WARM_REQUESTS} warm score requests`, calls, 0)
  ]
}

/**
 * GET /models with a thousand of them, one request after the other: a page as it is by default, and
 * the longest one. Leaves them there.
 */
export async function longList ({ cluster: { simulator }, service }: World): Promise<Verdict[]> {
  const ksvcs = `${simulator.apiUrl}/apis/serving.knative.dev/v1/namespaces/sas-model-inference/services`
  for (let model = 0; model < MODELS; model++) {
    const body = JSON.stringify({
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      metadata: { name: `listed-${model}`, namespace: 'sas-model-inference' },
      spec: { template: { spec: { containers: [{ image: 'registry.demo/sr_hmeq_logreg:1.0' }] } } }
    })
    const response = await fetch(ksvcs, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${response.status} ${text}`)
  }
  await settled(service.url)
  const before = cpuSeconds(service.pid) ?? 0
  const page = await timesOf(`${service.url}/models`)
  const cpuMs = (((cpuSeconds(service.pid) ?? 0) - before) / LISTS) * 1000
  const longest = await timesOf(`${service.url}/models?limit=${PAGE_MAX}`)
  return [
    atMost(
      `GET /models, ${MODELS} models, a page of 100, 95th percentile`,
      percentile(page, 95),
      20,
      ' ms'
    ),
    { what: 'the same, median', seen: percentile(page, 50), target: '', unit: ' ms' },
    { what: 'the same, CPU time of the service', seen: cpuMs, target: '', unit: ' ms' },
    {
      what: `a page of ${PAGE_MAX}, 95th percentile`,
      seen: percentile(longest, 95),
      target: '',
      unit: ' ms'
    }
  ]
}

/**
 * Waits until all are listed and the simulated controllers, which use the callers' core, have
 * calmed down.
 */
async function settled (url: string): Promise<void> {
  const deadline = Date.now() + APPEAR_MS
  let count = 0
  for (let before = ''; Date.now() < deadline;) {
    const models = await all(`${url}/models?limit=${PAGE_MAX}`)
    count = models.filter(({ name }) => name.startsWith('listed-')).length
    const now = JSON.stringify(models.map(({ name, status }) => [name, status.phase]))
    if (count === MODELS && now === before) return
    before = now
    await sleep(1_000)
  }
  throw new Error(`${MODELS} models did not settle; ${count} were listed`)
}

interface Listed {
  readonly name: string
  readonly status: { readonly phase: string }
}

async function all (url: string): Promise<Listed[]> {
  const models: Listed[] = []
  for (let more = ''; ;) {
    const page = (await (await fetch(url + more)).json()) as { items: Listed[]; continue?: string }
    models.push(...page.items)
    if (page.continue === undefined) return models
    more = `&continue=${encodeURIComponent(page.continue)}`
  }
}

/** Milliseconds of each request, the shortest first. */
async function timesOf (url: string): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const times: number[] = []
  for (let list = 0; list < LISTS; list++) {
    const startedAt = performance.now()
    await bytesOf(url, agent)
    times.push(performance.now() - startedAt)
  }
  agent.destroy()
  return times.sort((a, b) => a - b)
}

async function bytesOf (url: string, agent: http.Agent): Promise<number> {
  return await new Promise((resolve, reject) => {
    http
      .get(url, { agent }, response => {
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        response.once('end', () =>
          response.statusCode === 200
            ? resolve(bytes)
            : reject(new Error(`GET ${url}: ${response.statusCode}`))
        )
      })
      .once('error', reject)
  })
}
