import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { output, ROOT, startWorker } from './program.js'
import { deploy } from './service.js'
import { spread, type Spread } from './statistics.js'
import { csvHead, csvLine, scoreOfRow } from './table-of-rows.js'
import { takeTime, type Taken, type World } from './bench-world.js'
import type { FloodJob } from './workers/flood.js'
import type { Timed } from './workers/jobs.js'

/** One way to have rows scored, at one model latency. */
export interface Contender {
  readonly name: string
  readonly run: () => Promise<Taken>
}

/** What the rounds of a contender came to. */
export interface Rate {
  readonly name: string
  readonly rowsPerSecond: Spread
  /** CPU time of the contender a row. */
  readonly cpuMicroseconds: number
  /** Highest share of its core that the stand-in needed. */
  readonly standInBusy: number
}

export interface Throughput {
  readonly latencyMs: number
  readonly inFlight: number
  readonly rates: readonly Rate[]
}

export interface Sizes {
  readonly columns: number
  readonly rounds: number
  /**
   * Of one measurement by the service or the bare loop; the Python clients get fewer, in proportion
   * to their speed.
   */
  readonly rows: number
  /**
   * With the clients in Python: those of the standard library, and where it is installed that of
   * aiohttp.
   */
  readonly python: boolean
}

/**
 * The service and what it is compared with, in turns: whatever else the machine does then meets all
 * of them.
 */
export async function throughput (
  world: World,
  latencyMs: number,
  inFlight: number,
  sizes: Sizes
): Promise<Throughput> {
  const contenders = await contendersAt(world, latencyMs, inFlight, sizes)
  const taken = contenders.map((): Taken[] => [])
  for (let round = 0; round <= sizes.rounds; round++) {
    for (const [index, { run }] of contenders.entries()) {
      const one = await run()
      if (round > 0) taken[index]!.push(one) // the first one warms up: compilers and connections
    }
  }
  return {
    latencyMs,
    inFlight,
    rates: contenders.map(({ name }, index) => rateOf(name, taken[index]!))
  }
}

export function rateOf (name: string, taken: readonly Taken[]): Rate {
  return {
    name,
    rowsPerSecond: spread(taken.map(({ rows, seconds }) => rows / seconds)),
    cpuMicroseconds: spread(taken.map(({ rows, cpuSeconds }) => (cpuSeconds / rows) * 1e6)).median,
    standInBusy: Math.max(...taken.map(({ standInBusy }) => standInBusy))
  }
}

export const DUMPED = 'undici loop, answers dumped'
export const PARSED = 'undici loop, answers parsed'
export const SERVICE = 'the service, CSV to CSV'
export const ONE_BY_ONE = 'Python http.client, CSV to CSV, one by one'
export const ASYNCIO = 'Python asyncio, CSV to CSV, 64 in flight'
export const AIOHTTP = 'Python aiohttp, CSV to CSV, 64 in flight'
const PYTHON_IN_FLIGHT = 64

/** Whether there is a python3 that can run this. */
export function runs (python: string): boolean {
  return spawnSync('python3', ['-c', python]).status === 0
}

async function contendersAt (
  world: World,
  latencyMs: number,
  inFlight: number,
  { columns, rows, python }: Sizes
): Promise<Contender[]> {
  const { standIn, bare, caller, service } = world
  const app = `c${columns}l${latencyMs}`
  const url = `${await deploy(service, app)}?concurrency=${inFlight}`
  const loop = (name: string, answers: 'dumped' | 'parsed'): Contender => ({
    name,
    run: async () =>
      await takeTime(
        standIn,
        async () => await bare.run({ origin: standIn.url, app, columns, rows, inFlight, answers })
      )
  })
  const script = (name: string, file: string, share: number, ...more: string[]): Contender => ({
    name,
    run: async () =>
      await takeTime(
        standIn,
        async () => await askPython(world, file, app, columns, Math.ceil(rows / share), more)
      )
  })
  return [
    loop(DUMPED, 'dumped'),
    {
      name: SERVICE,
      run: async () =>
        await takeTime(standIn, async () => await caller.run({ url, columns, rows }), service.pid)
    },
    loop(PARSED, 'parsed'),
    ...(python
      ? [
          script(ONE_BY_ONE, 'one_row_a_call.py', latencyMs === 0 ? 10 : 40),
          script(ASYNCIO, 'many_in_flight.py', 4, String(PYTHON_IN_FLIGHT)),
          ...(runs('import aiohttp')
            ? [script(AIOHTTP, 'with_aiohttp.py', 4, String(PYTHON_IN_FLIGHT))]
            : [])
        ]
      : [])
  ]
}

async function askPython (
  world: World,
  script: string,
  app: string,
  columns: number,
  rows: number,
  more: string[]
): Promise<Timed> {
  const { pinning, standIn, cluster } = world
  const file = path.join(cluster.folder, `${columns}-${rows}.csv`)
  const lines = Array.from({ length: rows }, (_, row) => csvLine(row, columns))
  await writeFile(file, csvHead(columns) + lines.join(''))
  const where = ['127.0.0.1', String(standIn.port), `/${app}`]
  const [command = '', ...rest] = [
    ...pinning.measured,
    'python3',
    path.join(ROOT, 'bench', 'python', script),
    ...where,
    file,
    `${file}.scored`,
    ...more
  ]
  const taken = JSON.parse(await output(command, rest)) as Timed
  const scored = (await readFile(`${file}.scored`, 'utf8')).trimEnd().split('\r\n')
  const right =
    scored.length === rows &&
    scored.every((line, row) => {
      const [score, half] = line.split(',').slice(columns).map(Number)
      const wanted = scoreOfRow(row, columns)
      return score === wanted.SCORE && half === wanted.HALF
    })
  if (!right) throw new Error(`${script}: its scores are not those of the formula`)
  return { ...taken, rows }
}

const FLOOD_ROWS = 200_000

/** What the stand-in can do when it is asked without a pause, many rows in one write. */
export async function standInCapacity (
  { standIn, pinning }: World,
  columns: number
): Promise<Taken> {
  const flood = await startWorker<FloodJob, Timed>('flood.js', { prefix: pinning.measured })
  const job = { port: standIn.port, app: `c${columns}l0`, columns, connections: 32, ahead: 16 }
  try {
    await flood.run({ ...job, rows: FLOOD_ROWS / 4 })
    return await takeTime(standIn, async () => await flood.run({ ...job, rows: FLOOD_ROWS }))
  } finally {
    await flood.stop()
  }
}
