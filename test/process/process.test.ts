import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import t, { type Test } from 'tap'
import { sample, scoredBy } from '../contract/scores.js'
import { until } from '../support/contract.js'
import { BUILT, Program } from '../support/program.js'
import { folder, openSimulator } from '../support/service.js'

// The built service as its own process, as it runs in a container.

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
const TOKEN = 'token-that-nobody-may-read'

interface Started {
  readonly program: Program
  readonly url: string
  readonly simulator: Awaited<ReturnType<typeof openSimulator>>['simulator']
}

/** Listening, not necessarily ready. */
async function start (
  t: Test,
  env: Record<string, string> = {},
  { unreachable = false } = {}
): Promise<Started> {
  const { simulator, cluster } = await openSimulator(t)
  if (unreachable) simulator.refuse({ verb: 'list', status: 403 })
  const kubeconfig = path.join(await folder(t), 'kubeconfig')
  await writeFile(kubeconfig,
    (await readFile(cluster.kubeconfig, 'utf8')).replace('"token": "simulator"',
      `"token": "${TOKEN}"`))
  const program = new Program(t, process.execPath, [path.join(BUILT, 'src/main.js')], {
    PORT: '0',
    HOST: '127.0.0.1',
    KUBECONFIG: kubeconfig,
    SCORING_GATEWAY_URL: cluster.gatewayUrl,
    AUTH_MODE: 'none',
    IMAGE_ALLOW_LIST: '*',
    SPOOL_DIR: path.join(await folder(t), 'spool'),
    ...env
  })
  const [, url = ''] = await program.says(/Server listening at (http:\/\/[\d.:]+)/)
  return { program, url, simulator }
}

async function statusOf (url: string): Promise<number> {
  const response = await fetch(url)
  await response.text()
  return response.status
}

async function ready (url: string): Promise<void> {
  await until('the service is ready', async () => await statusOf(`${url}/readyz`),
    status => status === 200, 15)
}

async function deploy (url: string): Promise<void> {
  const response = await fetch(`${url}/models/m?wait=60`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image: IMAGE })
  })
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
  await response.text()
}

/**
 * A score that the service has begun, its upload not at its end; its connection is one that the
 * client keeps.
 */
async function beginScore (
  t: Test,
  url: string,
  firstPart: string
): Promise<{ request: http.ClientRequest, answer: Promise<http.IncomingMessage> }> {
  const agent = new http.Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const request = http.request(`${url}/models/m/score`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'text/csv', expect: '100-continue' }
  })
  const answer = once(request, 'response').then(([response]) => response as http.IncomingMessage)
  answer.catch(() => {})
  request.on('error', () => {})
  request.flushHeaders()
  await once(request, 'continue') // the service has it
  request.write(firstPart)
  return { request, answer }
}

t.test('bad settings end the start with exit code 2 and one message that names each', async t => {
  const program = new Program(t, process.execPath, [path.join(BUILT, 'src/main.js')], {
    PORT: 'eighty',
    LOG_LEVEL: 'loud',
    DRAIN_SECONDS: '-1'
  })
  t.same(await program.ended, { code: 2, signal: null })
  for (
    const name of ['PORT=eighty', 'LOG_LEVEL=loud', 'DRAIN_SECONDS=-1', 'AUTH_MODE is not set',
      'IMAGE_ALLOW_LIST is not set']
  ) {
    t.match(program.stderr, name)
  }
  t.equal(program.stdout, '')
  t.notMatch(program.stderr, /at .*\.js:/, 'no stack')
})

t.test('/readyz is 503 until the watch is in sync, /livez is 200 meanwhile', async t => {
  const { url, simulator } = await start(t, {}, { unreachable: true })
  t.equal(await statusOf(`${url}/readyz`), 503)
  t.equal(await statusOf(`${url}/livez`), 200)
  simulator.refuse()
  await ready(url)
})

t.test('SIGTERM during a score ends with a whole file and exit code 0, though the client keeps its connection', async t => {
  const { program, url } = await start(t, { DRAIN_SECONDS: '20' })
  await ready(url)
  await deploy(url)
  const csv = await sample()
  const middle = Math.floor(csv.length / 2)
  const { request, answer } = await beginScore(t, url, csv.slice(0, middle))
  program.signal('SIGTERM')
  await until('/readyz fails', async () => await statusOf(`${url}/readyz`),
    status => status === 503, 10)
  request.end(csv.slice(middle))
  const response = await answer
  t.equal(response.statusCode, 200)
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += piece
  t.equal(text, scoredBy(IMAGE, csv))
  t.same(await program.ended, { code: 0, signal: null })
})

t.test('a service that stops refuses new scoring with 503, Retry-After and the remedy', async t => {
  const { program, url } = await start(t, { DRAIN_SECONDS: '20' })
  await ready(url)
  await deploy(url)
  const { request } = await beginScore(t, url, 'CLAGE\n')
  t.teardown(() => request.destroy())
  program.signal('SIGTERM')
  await until('/readyz fails', async () => await statusOf(`${url}/readyz`),
    status => status === 503, 10)
  const refused = await fetch(`${url}/models/m/score`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: await sample()
  })
  t.same([refused.status, refused.headers.get('retry-after')], [503, '1'])
  t.match(await refused.json(), { type: '/problems/service-stopping', remedy: /another replica/ })
})

t.test('a second signal ends the process at once', async t => {
  const { program, url } = await start(t, { DRAIN_SECONDS: '600' })
  await ready(url)
  await deploy(url)
  await beginScore(t, url, 'CLAGE\n')
  program.signal('SIGTERM')
  await until('/readyz fails', async () => await statusOf(`${url}/readyz`),
    status => status === 503, 10)
  program.signal('SIGTERM')
  t.not((await program.ended).code, 0)
})

t.test('the token is in no line of the log, whatever the cluster answers', async t => {
  const { program, url, simulator } = await start(t, { LOG_LEVEL: 'trace' })
  await ready(url)
  await deploy(url)
  for (const status of [401, 403, 500, 503]) {
    simulator.refuse({ status })
    simulator.cutWatches()
    const response = await fetch(`${url}/models/m`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: '{"description":"x"}'
    })
    t.ok(response.status >= 400, `${status} of the cluster became ${response.status}`)
    t.notMatch(await response.text(), TOKEN)
  }
  program.signal('SIGTERM')
  await program.ended
  t.match(program.stdout, /request failed/)
  t.notMatch(program.stdout + program.stderr, TOKEN)
})
