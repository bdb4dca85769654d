// The yardstick: the HTTP client that the service uses, in a loop that posts bodies made in
// advance. No CSV, no typing, no retries.
import { Pool } from 'undici'
import { rowBody, sumOfScores } from '../table-of-rows.js'
import { takeJobs, timed, type Timed } from './jobs.js'

export interface BareJob {
  readonly origin: string
  readonly app: string
  readonly columns: number
  readonly rows: number
  readonly inFlight: number
  /**
   * What becomes of an answer: read and thrown away, or read and parsed (and then every row's score
   * is checked).
   */
  readonly answers: 'dumped' | 'parsed'
  readonly headers?: Readonly<Record<string, string>>
}

const HEADERS = { 'content-type': 'application/json', accept: 'application/json' }
const bodies = new Map<number, string[]>()

takeJobs<BareJob, Timed>(
  async ({ origin, app, columns, rows, inFlight, answers, headers = {} }) => {
    const list = bodiesOf(rows, columns)
    const pool = new Pool(origin, { connections: inFlight, pipelining: 1 })
    const request = {
      method: 'POST',
      path: `/${app}`,
      headers: { ...HEADERS, ...headers }
    } as const
    let next = 0
    let sum = 0
    const caller = async () => {
      for (let row = next++; row < rows; row = next++) {
        const { statusCode, body } = await pool.request({ ...request, body: list[row]! })
        if (statusCode !== 200) throw new Error(`row ${row}: ${statusCode} ${await body.text()}`)
        if (answers === 'dumped') await body.dump()
        else sum += (JSON.parse(await body.text()) as { data: { SCORE: number } }).data.SCORE
      }
    }
    try {
      const taken = await timed(rows, async () => {
        await Promise.all(Array.from({ length: inFlight }, caller))
      })
      if (answers === 'parsed' && sum !== sumOfScores(rows, columns)) {
        throw new Error(`the scores add up to ${sum}, not ${sumOfScores(rows, columns)}`)
      }
      return taken
    } finally {
      await pool.destroy()
    }
  }
)

function bodiesOf (rows: number, columns: number): string[] {
  const made = bodies.get(columns) ?? []
  for (let row = made.length; row < rows; row++) made.push(rowBody(row, columns))
  bodies.set(columns, made)
  return made
}
