import { rateOf } from '../throughput.js'
import { spread } from '../statistics.js'
import type { Taken } from '../bench-world.js'
import type { Worker } from '../program.js'
import type { BareJob } from '../workers/bare-loop.js'
import type { CsvJob, CsvResult } from '../workers/csv-caller.js'
import type { Timed } from '../workers/jobs.js'
import { cpuMeter, difference, type CpuShares } from './cpu.js'
import { DEFAULT_ROUTE, SERVICE_URL } from './install.js'

const COLUMNS = 12
export const APP = `c${COLUMNS}l0`
const IN_FLIGHT = 32

/** One way to the model, over all rounds. */
export interface Way {
  readonly name: string
  readonly rowsPerSecond: ReturnType<typeof spread>
  /** Microseconds a row, by who spent them. */
  readonly cpuMicroseconds: CpuShares
}

export interface DataPath {
  readonly byRoute: Way
  readonly byService: Way
  /** Of each round, service to route. */
  readonly ratio: ReturnType<typeof spread>
}

export interface Callers {
  readonly bare: Worker<BareJob, Timed>
  readonly csv: Worker<CsvJob, CsvResult>
}

/**
 * The same rows as bare one-row calls by the route of a ksvc with Knative's defaults, and as a CSV
 * through the deployed service, in turns.
 */
export async function dataPath (
  { bare, csv }: Callers,
  rows: number,
  rounds: number
): Promise<DataPath> {
  const ways = [
    {
      name: "bare calls by the route, Knative's defaults",
      run: async () =>
        await bare.run({
          origin: DEFAULT_ROUTE,
          app: APP,
          columns: COLUMNS,
          rows,
          inFlight: IN_FLIGHT,
          answers: 'parsed'
        })
    },
    {
      name: 'a CSV through the deployed service',
      run: async () =>
        await csv.run({ url: `${SERVICE_URL}/models/bench-model/score`, columns: COLUMNS, rows })
    }
  ]
  const taken = ways.map((): Taken[] => [])
  const spent: CpuShares[][] = ways.map(() => [])
  for (const { run } of ways) await run() // wakes what sleeps, warms what runs
  const meter = await cpuMeter()
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of ways.entries()) {
      const before = meter()
      const one = await run()
      spent[index]!.push({ caller: one.cpuSeconds, ...difference(meter(), before) })
      taken[index]!.push({ ...one, standInBusy: 0 })
    }
  }
  const [byRoute, byService] = ways.map(({ name }, index): Way => ({
    name,
    rowsPerSecond: rateOf(name, taken[index]!).rowsPerSecond,
    cpuMicroseconds: perRow(spent[index]!, rows * rounds)
  })) as [Way, Way]
  const rate = ({ rows, seconds }: Timed) => rows / seconds
  return {
    byRoute,
    byService,
    ratio: spread(taken[1]!.map((one, round) => rate(one) / rate(taken[0]![round]!)))
  }
}

function perRow (spent: readonly CpuShares[], rows: number): CpuShares {
  const sums: Record<string, number> = {}
  for (const shares of spent) {
    for (const [name, seconds] of Object.entries(shares)) {
      sums[name] = (sums[name] ?? 0) + (seconds / rows) * 1e6
    }
  }
  return sums
}
