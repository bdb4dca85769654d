import { openWorld } from './bench-world.js'
import { machine } from './machine.js'
import type { Options } from './options.js'
import { percent, ratios, throughputTable, whole, type Verdict } from './report.js'
import { standInCapacity, throughput } from './throughput.js'

const COLUMNS = 12
/** Rows in flight when the model answers at once, and when it takes its time. */
const AT_ONCE = 32
const LATENCY_MS = 2
const WITH_LATENCY = 256

export interface Results {
  readonly verdicts: readonly Verdict[]
  readonly [part: string]: unknown
}

/** All parts that need no real cluster. Tables are printed as they come. */
export async function local (options: Options): Promise<Results> {
  const world = await openWorld()
  const about = `${machine()}; ${world.pinning.told}`
  console.log(`${about}\n`)

  const capacity = await standInCapacity(world, COLUMNS)
  const standInRows = capacity.rows / capacity.seconds
  console.log(`The stand-in takes ${whole(standInRows)} rows/s when they are written to it ahead, ${percent(capacity.standInBusy)} busy.\n` +
    'It is not what limits a measurement where it was busy for well below 100 % of its core.\n')

  const sizes = { columns: COLUMNS, rows: options.rows, rounds: options.rounds, python: options.python }
  const compared = []
  for (const [latencyMs, inFlight] of options.quick ? [[0, AT_ONCE]] as const : [[0, AT_ONCE], [LATENCY_MS, WITH_LATENCY]] as const) {
    const one = await throughput(world, latencyMs, inFlight, sizes)
    console.log(`${throughputTable(one)}\n`)
    compared.push(one)
  }
  await world.cluster.close()
  return { about, date: new Date().toISOString(), standInRows, throughput: compared, verdicts: compared.flatMap(ratios) }
}
