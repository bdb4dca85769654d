import { openWorld, type World } from './bench-world.js'
import { fileMemory } from './file-memory.js'
import { growth } from './growth.js'
import { machine } from './machine.js'
import { atRest, longList } from './operations.js'
import type { Options } from './options.js'
import { stopAll } from './program.js'
import { percent, ratios, throughputTable, whole, type Verdict } from './report.js'
import { runs, standInCapacity, throughput } from './throughput.js'

const COLUMNS = 12
/**
 * Model latency in ms and rows in flight: a model that answers at once, and one that takes its
 * time.
 */
const AT_ONCE = [0, 32] as const
const WITH_LATENCY = [2, 256] as const

export interface Results {
  readonly verdicts: readonly Verdict[]
  readonly [part: string]: unknown
}

/** All parts that need no real cluster. Tables are printed as they come. */
export async function local (options: Options): Promise<Results> {
  const world = await openWorld()
  const about = `${machine()}; ${world.pinning.told}`
  console.log(`${about}\n`)
  try {
    return { about, date: new Date().toISOString(), ...(await part(world, options)) }
  } finally {
    await stopAll()
    await world.cluster.close()
  }
}

async function part (world: World, options: Options): Promise<Results> {
  if (options.growth) return { growth: await growth(world, options.growthRows), verdicts: [] }
  if (options.memory) return await fileMemory(world, options.memoryMb)
  const rest = options.quick ? [] : await atRest(world)
  const capacity = await standInCapacity(world, COLUMNS)
  const standInRows = capacity.rows / capacity.seconds
  console.log(
    `The stand-in takes ${whole(standInRows)} rows/s when they are written to it ahead, ${percent(capacity.standInBusy)} busy;\n` +
      'a measurement in which it was busy for well below 100 % of its core is not limited by it.\n'
  )
  const python = options.python && runs('')
  if (options.python && !python) console.log('No python3 here: without the Python clients.\n')
  const compared = []
  for (const [latencyMs, inFlight] of options.quick ? [AT_ONCE] : [AT_ONCE, WITH_LATENCY]) {
    const one = await throughput(world, latencyMs, inFlight, {
      columns: COLUMNS,
      rows: options.rows,
      rounds: options.rounds,
      python
    })
    console.log(`${throughputTable(one)}\n`)
    compared.push(one)
  }
  const list = options.quick ? [] : await longList(world)
  return {
    standInRows,
    throughput: compared,
    verdicts: [...compared.flatMap(ratios), ...rest, ...list]
  }
}
