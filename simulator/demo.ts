import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

// The demo. It starts the simulator and the service as two programs. Then it makes the calls of a
// user and shows each as a curl line. With `--once` it ends after them, with exit code 0 or 1.
// Otherwise everything stays up until Ctrl-C.

const MODEL = 'sr-hmeq-logreg'
const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
const ROWS = 200
const START_MS = 60_000

const root = fileURLToPath(new URL('../..', import.meta.url))
const sample = path.join(root, 'examples', 'hmeq-sample.csv')
const running: ChildProcess[] = []
let ending = false
const folder = await mkdtemp(path.join(tmpdir(), 'scr-modelops-demo-'))

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    void endDemo(0)
  })
}
process.stdout.on('error', () => {
  void endDemo(1)
}) // The reader has left, as after `| head`.
try {
  await runDemo(process.argv.includes('--once'))
} catch (error) {
  if (!ending) console.error(`\nThe demo failed: ${(error as Error).message}`)
  await endDemo(1)
}

async function runDemo (once: boolean): Promise<void> {
  console.log('Starting a simulated cluster and the service …')
  const cluster = await startSimulator()
  const base = await startService(cluster)
  console.log(
    `Each step below is a line that you can type in another shell${once ? '' : ' while this runs'}.`
  )

  await runStep('Deploy a model from its image, and wait until it serves (PUT may be repeated):', {
    method: 'PUT',
    url: `${base}/models/${MODEL}?wait=60`,
    json: { image: IMAGE },
    show: formatModel
  })
  await runStep('See it:', { url: `${base}/models/${MODEL}`, show: formatModel })
  await runStep('See which columns it needs:', {
    url: `${base}/models/${MODEL}/signature`,
    show: body => takeLines(body, 1)
  })
  await runStep(`Score a CSV of ${ROWS} rows (blank and "." are missing values):`, {
    url: `${base}/models/${MODEL}/score`,
    form: sample,
    show: checkScores
  })
  await runStep('The same, the file as the body:', {
    url: `${base}/models/${MODEL}/score?columns=outputs`,
    binary: sample,
    show: checkScores
  })
  await runStep('Score one row as JSON:', {
    method: 'POST',
    url: `${base}/models/${MODEL}/score`,
    json: {
      data: {
        CLAGE: 94.4,
        CLNO: 9,
        DEBTINC: null,
        DELINQ: 0,
        DEROG: 0,
        JOB: 'Other',
        LOAN: 1100,
        MORTDUE: 25860,
        NINQ: 1,
        REASON: 'HomeImp',
        VALUE: 39025,
        YOJ: 10.5
      }
    },
    show: body => body
  })

  if (once) return await endDemo(0)
  console.log(`\nUp until Ctrl-C:
  service          ${base}  (${base}/docs describes every call)
  simulated API    ${cluster.apiUrl}  (KUBECONFIG=${cluster.kubeconfig})
  simulated models ${cluster.gatewayUrl}`)
}

interface Cluster {
  readonly kubeconfig: string
  readonly apiUrl: string
  readonly gatewayUrl: string
}

async function startSimulator (): Promise<Cluster> {
  const program = startProgram(
    ['dist/simulator/main.js', '--kubeconfig', path.join(folder, 'kubeconfig')],
    {}
  )
  const lines = createInterface({ input: program.stdout! })
  const { value: line } = await lines[Symbol.asyncIterator]().next()
  if (line === undefined) throw new Error('the simulator ended before it was ready')
  return JSON.parse(line) as Cluster
}

async function startService ({ kubeconfig, gatewayUrl }: Cluster): Promise<string> {
  const port = await findFreePort(Number(process.env['PORT'] ?? 8080))
  const base = `http://127.0.0.1:${port}`
  const service = startProgram(['dist/src/main.js'], {
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
    const ready = await fetch(`${base}/readyz`).then(
      ({ ok }) => ok,
      () => false
    )
    if (ready) return base
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('the service did not become ready; its messages are above')
}

function startProgram (args: string[], env: Record<string, string>): ChildProcess {
  const program = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  running.push(program)
  return program
}

/** Finds a free port: the wanted one, or any other if that is taken. */
async function findFreePort (wanted: number): Promise<number> {
  const probe = createServer()
  try {
    probe.listen(wanted, '127.0.0.1')
    await once(probe, 'listening')
    return (probe.address() as AddressInfo).port
  } catch {
    return await findFreePort(0)
  } finally {
    probe.close()
  }
}

interface Call {
  readonly method?: string
  readonly url: string
  readonly json?: unknown
  /** A file to send as the file part of a form. */
  readonly form?: string
  /** A file to send as the body. */
  readonly binary?: string
  readonly show: (body: string) => string
}

/** Prints a call as a curl line, makes it, and prints its answer. */
async function runStep (title: string, call: Call): Promise<void> {
  console.log(`\n${title}\n  ${formatCurl(call)}`)
  const response = await fetch(call.url, await requestOf(call))
  const body = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${body}`)
  console.log(call.show(body).replaceAll(/^/gm, '    '))
}

function formatCurl ({ method, url, json, form, binary }: Call): string {
  const words = ['curl -sS']
  if (method === 'PUT') words.push('-X PUT')
  if (json !== undefined) {
    words.push("-H 'content-type: application/json'", `-d '${JSON.stringify(json)}'`)
  }
  if (form !== undefined) words.push(`-F file=@${form}`)
  if (binary !== undefined) words.push("-H 'content-type: text/csv'", `--data-binary @${binary}`)
  return [...words, `'${url}'`].join(' ')
}

async function requestOf ({ method, json, form, binary }: Call): Promise<RequestInit> {
  if (json !== undefined) {
    return {
      method: method ?? 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(json)
    }
  }
  if (binary !== undefined) {
    return { method: 'POST', headers: { 'content-type': 'text/csv' }, body: await readFile(binary) }
  }
  if (form === undefined) return {}
  const body = new FormData()
  body.set('file', new Blob([await readFile(form)], { type: 'text/csv' }), path.basename(form))
  return { method: 'POST', body }
}

function formatModel (body: string): string {
  const {
    name,
    image,
    status: { phase, replicas, url, explanation }
  } = JSON.parse(body)
  return JSON.stringify({ name, image, status: { phase, replicas, url, explanation } }, null, 2)
}

function checkScores (body: string): string {
  const rows = body.trimEnd().split('\n').length - 1
  const failed = body
    .trimEnd()
    .split('\n')
    .slice(1)
    .filter(line => !line.endsWith(',')).length
  if (rows !== ROWS || failed > 0) {
    throw new Error(
      `${rows} rows came back, ${failed} of them without a score; expected ${ROWS} and 0`
    )
  }
  return `${takeLines(body, 4)}\n… ${rows} rows, all scored`
}

function takeLines (text: string, count: number): string {
  return text
    .split('\n')
    .slice(0, count)
    .map(line => (line.length > 160 ? `${line.slice(0, 157)}…` : line))
    .join('\n')
}

/**
 * Ends the programs and then this one. It does so only once: a program that fails because it is
 * being ended must not end this one too early.
 */
async function endDemo (code: number): Promise<void> {
  if (ending) return
  ending = true
  for (const program of running.splice(0).reverse()) {
    // The service ends before the cluster that it watches.
    if (program.exitCode !== null || program.signalCode !== null) continue
    const ended = once(program, 'exit')
    program.kill('SIGTERM')
    await ended
  }
  await rm(folder, { recursive: true, force: true })
  process.exit(code)
}
