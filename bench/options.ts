import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './program.js'

const USAGE = `usage: npm run bench [-- OPTIONS]
  --quick            only the service against the bare loop, at a model that answers at once
  --rounds N         rounds of each comparison, after one that warms up (3)
  --rows N           rows of one measurement (40000; 15000 with --quick or --cluster)
  --cluster          on the cluster of KUBECONFIG, with the kit of CLUSTER_KIT: bare calls by a route against the deployed service
  --no-python        without the Python clients
  --json FILE        where the figures go (bench/results.json)`

export interface Options {
  readonly quick: boolean
  readonly cluster: boolean
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
    const rows = positive('--rows', values.rows ?? (values.quick || values.cluster ? '15000' : '40000'))
    return { ...values, rows, rounds: positive('--rounds', values.rounds), python: values.python && !values.quick }
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    process.exit(2)
  }
}

function positive (option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${option} ${text}: a whole number above 0`)
  return Number(text)
}
