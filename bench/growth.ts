import { cpuSeconds, memory } from './machine.js'
import { table, whole } from './report.js'
import { deploy } from './service.js'
import type { World } from './bench-world.js'

const ROWS = [1_000, 10_000, 100_000, 1_000_000]
const COLUMNS = [1, 12, 100, 500, 2_000]
const CALLERS = [1, 4, 16, 64]
/** Cells of a file whose columns grow, and rows of all callers together. */
const CELLS = 1_000_000
const CALLERS_ROWS = 64_000

/** One file or several at once, and what they cost. */
interface Step {
  readonly rows: number
  readonly columns: number
  readonly callers: number
}

interface Cost extends Step {
  readonly seconds: number
  readonly rowsPerSecond: number
  /** CPU time of the service. */
  readonly microsecondsPerRow: number
  readonly nanosecondsPerCell: number
  readonly residentMiB: number
}

/**
 * How the cost of a row changes as files get longer and wider and callers more. `rowsMost` shortens
 * the longest ones.
 */
export async function growth (world: World, rowsMost: number): Promise<Cost[]> {
  const longer = ROWS.filter(rows => rows <= rowsMost).map((rows): Step => ({
    rows,
    columns: 12,
    callers: 1
  }))
  const ofWidth = (columns: number) =>
    Math.min(rowsMost, Math.round(CELLS / Math.max(12, columns)))
  const wider = COLUMNS.map((columns): Step => ({ rows: ofWidth(columns), columns, callers: 1 }))
  const more = CALLERS.map((callers): Step => ({
    rows: Math.ceil(Math.min(rowsMost, CALLERS_ROWS) / callers),
    columns: 12,
    callers
  }))
  await costOf(world, { rows: Math.min(rowsMost, 20_000), columns: 12, callers: 1 }) // compilers
  const costs: Cost[] = []
  for (const [title, steps] of [
    ['Longer files', longer],
    ['Wider files', wider],
    ['More callers at once', more]
  ] as const) {
    const part: Cost[] = []
    for (const step of steps) part.push(await costOf(world, step))
    console.log(`${growthTable(title, part)}\n`)
    costs.push(...part)
  }
  return costs
}

async function costOf (
  { service, caller }: World,
  { rows, columns, callers }: Step
): Promise<Cost> {
  const url = await deploy(service, `c${columns}l0`)
  const before = cpuSeconds(service.pid) ?? 0
  const taken = await caller.run({ url, columns, rows, callers })
  const cpu = (cpuSeconds(service.pid) ?? 0) - before
  return {
    rows,
    columns,
    callers,
    seconds: taken.seconds,
    rowsPerSecond: taken.rows / taken.seconds,
    microsecondsPerRow: (cpu / taken.rows) * 1e6,
    nanosecondsPerCell: (cpu / taken.rows / columns) * 1e9,
    residentMiB: memory(service.pid)?.residentMiB ?? 0
  }
}

function growthTable (title: string, costs: readonly Cost[]): string {
  return table(
    [title, 'columns', 'callers', 'seconds', 'rows/s', 'CPU us/row', 'CPU ns/cell', 'MiB after'],
    costs.map(cost => [
      `${whole(cost.rows)} rows${cost.callers > 1 ? ' each' : ''}`,
      String(cost.columns),
      String(cost.callers),
      cost.seconds.toFixed(2),
      whole(cost.rowsPerSecond),
      cost.microsecondsPerRow.toFixed(1),
      whole(cost.nanosecondsPerCell),
      whole(cost.residentMiB)
    ])
  )
}
