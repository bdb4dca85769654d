import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { startSimulator, type Simulator } from '../simulator/simulator.js'
import { Program, ROOT } from './program.js'

const START_MS = 120_000
const READY_PROBE_MS = 10

/**
 * The built service as a process of its own, on a simulated Kubernetes API. Its rows go straight to
 * the stand-in, by no gateway.
 */
export interface Service {
  readonly url: string
  readonly pid: number
  /** From the start of the process to the first 200 of /readyz. */
  readonly readySeconds: number
  readonly stop: () => Promise<void>
}

export interface Cluster {
  readonly simulator: Simulator
  readonly kubeconfig: string
  readonly folder: string
  readonly close: () => Promise<void>
}

/** Models are only objects here: nothing runs for them, the stand-in answers in their place. */
export async function openCluster (): Promise<Cluster> {
  const simulator = await startSimulator({ timing: { podStartMs: 20 } })
  const folder = await mkdtemp(path.join(tmpdir(), 'scr-modelops-bench-'))
  const kubeconfig = path.join(folder, 'kubeconfig')
  await writeFile(kubeconfig, simulator.kubeconfig())
  return {
    simulator,
    kubeconfig,
    folder,
    async close () {
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

export async function startService (
  { kubeconfig, folder }: Cluster,
  standInUrl: string,
  prefix: readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<Service> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const startedAt = performance.now()
  const program = Program.start('src/main.js', {
    prefix,
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      KUBECONFIG: kubeconfig,
      SCORING_GATEWAY_URL: standInUrl,
      DATA_PATH: 'revision',
      AUTH_MODE: 'none',
      IMAGE_ALLOW_LIST: '*',
      SPOOL_DIR: path.join(folder, 'spool'),
      SPOOL_MAX_BYTES: String(8 * 1024 ** 3),
      MAX_UPLOAD_BYTES: String(4 * 1024 ** 3),
      DRAIN_SECONDS: '0',
      LOG_LEVEL: 'warn',
      NODE_OPTIONS: await deployedNodeOptions(),
      ...env
    }
  })
  let over = false
  void program.ended.then(() => {
    over = true
  })
  while (!(await isReady(url))) {
    if (over || performance.now() - startedAt > START_MS) {
      throw new Error('the service did not become ready')
    }
    await sleep(READY_PROBE_MS)
  }
  return {
    url,
    pid: program.pid,
    readySeconds: (performance.now() - startedAt) / 1000,
    stop: async () => await program.stop()
  }
}

/** As deploy/ has them. */
async function deployedNodeOptions (): Promise<string> {
  const { spec } = parse(
    await readFile(path.join(ROOT, 'deploy/base/deployment.yaml'), 'utf8')
  ) as Deployment
  return (
    spec.template.spec.containers[0]?.env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? ''
  )
}

interface Variable {
  readonly name: string
  readonly value?: string
}
interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: ReadonlyArray<{ readonly env: ReadonlyArray<Variable> }>
      }
    }
  }
}

async function isReady (url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`)
    await response.text()
    return response.ok
  } catch {
    return false
  }
}

/** Deploys a model whose rows the stand-in's application scores. The answer: where its rows go. */
export async function deploy (
  { url }: Pick<Service, 'url'>,
  app: string,
  fields: object = { image: 'registry.demo/sr_hmeq_logreg:1.0' }
): Promise<string> {
  const name = `bench-${app}`
  const body = JSON.stringify({ appPath: app, scaling: { minScale: 1, maxScale: 1 }, ...fields })
  const response = await fetch(`${url}/models/${name}?wait=60`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`PUT /models/${name}: ${response.status} ${text}`)
  return `${url}/models/${name}/score`
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
