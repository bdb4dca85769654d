import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './program.js'

const USAGE = `usage: npm run bench [-- OPTIONS]
  --quick            only the service against the bare loop, at a model that answers at once
  --growth           only what a row costs as files get longer and wider and callers more (some minutes)
  --growth-rows N    rows of the longest file (1000000)
  --memory           only the memory while a large file is scored, against a small one (some minutes)
  --memory-mb N      size of the large one (1000)
  --rounds N         rounds of each comparison, after one that warms up (3)
  --rows N           rows of one measurement (40000; 15000 with --quick or --cluster)
  --cluster          on the cluster of KUBECONFIG, with the kit of CLUSTER_KIT: bare calls by a route against the deployed service
  --no-python        without the Python clients
  --json FILE        where the figures go (bench/results.json)`

export interface Options {
  readonly quick: boolean
  readonly cluster: boolean
  readonly growth: boolean
  readonly growthRows: number
  readonly memory: boolean
  readonly memoryMb: number
  readonly rounds: number
  readonly rows: number
  readonly python: boolean
  readonly json: string
}

/** Reads the command line; a mistake in it ends the program with what is allowed. */
export function optionsOrExit (args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        help: { type: 'boolean', default: false },
        cluster: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        growth: { type: 'boolean', default: false },
        'growth-rows': { type: 'string', default: '1000000' },
        memory: { type: 'boolean', default: false },
        'memory-mb': { type: 'string', default: '1000' },
        rounds: { type: 'string', default: '3' },
        rows: { type: 'string' },
        python: { type: 'boolean', default: true },
        json: { type: 'string', default: path.join(ROOT, 'bench', 'results.json') }
      }
    })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const rows = positive(
      '--rows',
      values.rows ?? (values.quick || values.cluster ? '15000' : '40000')
    )
    return {
      ...values,
      rows,
      rounds: positive('--rounds', values.rounds),
      growthRows: positive('--growth-rows', values['growth-rows']),
      memoryMb: positive('--memory-mb', values['memory-mb']),
      python: values.python && !values.quick
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    process.exit(2)
  }
}

function positive (option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${option} ${text}: a whole number above 0`)
  return Number(text)
}
