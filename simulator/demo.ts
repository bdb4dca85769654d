import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

// The demo: the simulator and the service as two programs, then the calls a user would make, shown as curl lines.
// `--once` ends after them, with exit code 0 or 1; otherwise everything stays up until Ctrl-C.

const MODEL = 'sr-hmeq-logreg'
const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
const ROWS = 200
const START_MS = 20_000

const root = fileURLToPath(new URL('../..', import.meta.url))
const sample = path.join(root, 'examples', 'hmeq-sample.csv')
const running: ChildProcess[] = []
const folder = await mkdtemp(path.join(tmpdir(), 'scr-modelops-demo-'))

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void end(0) })
try {
  await story(process.argv.includes('--once'))
} catch (error) {
  console.error(`\nThe demo failed: ${(error as Error).message}`)
  await end(1)
}

async function story (once: boolean): Promise<void> {
  console.log('Starting a simulated cluster and the service …')
  const cluster = await startSimulator()
  const base = await startService(cluster)
  console.log(`Each step below is a line that you can type in another shell${once ? '' : ' while this runs'}.`)

  await step('Deploy a model from its image, and wait until it serves (PUT may be repeated):', {
    method: 'PUT', url: `${base}/models/${MODEL}?wait=60`, json: { image: IMAGE }, show: asModel
  })
  await step('See it:', { url: `${base}/models/${MODEL}`, show: asModel })
  await step('See which columns it needs:', { url: `${base}/models/${MODEL}/signature`, show: body => firstLines(body, 1) })
  await step(`Score a CSV of ${ROWS} rows (blank and "." are missing values):`, { url: `${base}/models/${MODEL}/score`, form: sample, show: asScores })
  await step('The same, the file as the body:', { url: `${base}/models/${MODEL}/score?columns=outputs`, binary: sample, show: asScores })
  await step('Score one row as JSON:', {
    method: 'POST',
    url: `${base}/models/${MODEL}/score`,
    json: { data: { CLAGE: 94.4, CLNO: 9, DEBTINC: null, DELINQ: 0, DEROG: 0, JOB: 'Other', LOAN: 1100, MORTDUE: 25860, NINQ: 1, REASON: 'HomeImp', VALUE: 39025, YOJ: 10.5 } },
    show: body => body
  })

  if (once) return await end(0)
  console.log(`\nUp until Ctrl-C:
  service          ${base}  (${base}/docs describes every call)
  simulated API    ${cluster.apiUrl}  (KUBECONFIG=${cluster.kubeconfig})
  simulated models ${cluster.gatewayUrl}`)
}

interface Cluster { readonly kubeconfig: string, readonly apiUrl: string, readonly gatewayUrl: string }

async function startSimulator (): Promise<Cluster> {
  const program = start(['dist/simulator/main.js', '--kubeconfig', path.join(folder, 'kubeconfig')], {})
  const { value: line } = await createInterface({ input: program.stdout! })[Symbol.asyncIterator]().next()
  if (line === undefined) throw new Error('the simulator ended before it was ready')
  return JSON.parse(line) as Cluster
}

async function startService ({ kubeconfig, gatewayUrl }: Cluster): Promise<string> {
  const port = await freePort(Number(process.env['PORT'] ?? 8080))
  const base = `http://127.0.0.1:${port}`
  const service = start(['dist/src/main.js'], {
    PORT: String(port),
    HOST: '127.0.0.1',
    KUBECONFIG: kubeconfig,
    SCORING_GATEWAY_URL: gatewayUrl,
    DATA_PATH: 'revision',
    AUTH_MODE: 'none',
    IMAGE_ALLOW_LIST: 'registry.demo/*',
    SPOOL_DIR: path.join(folder, 'spool'),
    DRAIN_SECONDS: '0',
    LOG_LEVEL: 'error'
  })
  service.stdout!.pipe(process.stderr)
  const deadline = Date.now() + START_MS
  while (service.exitCode === null && Date.now() < deadline) {
    const ready = await fetch(`${base}/readyz`).then(({ ok }) => ok, () => false)
    if (ready) return base
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('the service did not become ready; its messages are above')
}

function start (args: string[], env: Record<string, string>): ChildProcess {
  const program = spawn(process.execPath, args, { cwd: root, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  running.push(program)
  return program
}

/** The port asked for, or any other when it is taken. */
async function freePort (wanted: number): Promise<number> {
  const probe = createServer()
  try {
    probe.listen(wanted, '127.0.0.1')
    await once(probe, 'listening')
    return (probe.address() as AddressInfo).port
  } catch {
    return await freePort(0)
  } finally {
    probe.close()
  }
}

interface Call {
  readonly method?: string
  readonly url: string
  readonly json?: unknown
  /** A file as the file part of a form. */
  readonly form?: string
  /** A file as the body. */
  readonly binary?: string
  readonly show: (body: string) => string
}

/** Shows a call as the curl line that makes it, makes it, and shows its answer. */
async function step (title: string, call: Call): Promise<void> {
  console.log(`\n${title}\n  ${curlLine(call)}`)
  const response = await fetch(call.url, await requestOf(call))
  const body = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${body}`)
  console.log(call.show(body).replaceAll(/^/gm, '    '))
}

function curlLine ({ method, url, json, form, binary }: Call): string {
  const words = ['curl -sS']
  if (method === 'PUT') words.push('-X PUT')
  if (json !== undefined) words.push('-H \'content-type: application/json\'', `-d '${JSON.stringify(json)}'`)
  if (form !== undefined) words.push(`-F file=@${form}`)
  if (binary !== undefined) words.push('-H \'content-type: text/csv\'', `--data-binary @${binary}`)
  return [...words, `'${url}'`].join(' ')
}

async function requestOf ({ method, json, form, binary }: Call): Promise<RequestInit> {
  if (json !== undefined) return { method: method ?? 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }
  if (binary !== undefined) return { method: 'POST', headers: { 'content-type': 'text/csv' }, body: await readFile(binary) }
  if (form === undefined) return {}
  const body = new FormData()
  body.set('file', new Blob([await readFile(form)], { type: 'text/csv' }), path.basename(form))
  return { method: 'POST', body }
}

function asModel (body: string): string {
  const { name, image, status: { phase, replicas, url, explanation } } = JSON.parse(body)
  return JSON.stringify({ name, image, status: { phase, replicas, url, explanation } }, null, 2)
}

function asScores (body: string): string {
  const rows = body.trimEnd().split('\n').length - 1
  const failed = body.trimEnd().split('\n').slice(1).filter(line => !line.endsWith(',')).length
  if (rows !== ROWS || failed > 0) throw new Error(`${rows} rows came back, ${failed} of them without a score; expected ${ROWS} and 0`)
  return `${firstLines(body, 4)}\n… ${rows} rows, all scored`
}

function firstLines (text: string, count: number): string {
  return text.split('\n').slice(0, count).map(line => line.length > 160 ? `${line.slice(0, 157)}…` : line).join('\n')
}

async function end (code: number): Promise<void> {
  for (const program of running.splice(0).reverse()) { // the service before the cluster that it watches
    if (program.exitCode !== null || program.signalCode !== null) continue
    const ended = once(program, 'exit')
    program.kill('SIGTERM')
    await ended
  }
  await rm(folder, { recursive: true, force: true })
  process.exit(code)
}
