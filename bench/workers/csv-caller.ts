// A caller of the service: posts a CSV, reads the CSV that comes back, and checks every row of it.
import http from 'node:http'
import { AnswerCheck } from './answer-check.js'
import { csvHead, csvLine } from '../table-of-rows.js'
import { takeJobs, timed, type Timed } from './jobs.js'

export interface CsvJob {
  /** Of the route, e.g. `http://127.0.0.1:8080/models/m/score`. */
  readonly url: string
  readonly columns: number
  readonly rows: number
  /** Callers at the same time, each with a file of `rows`. */
  readonly callers?: number
  /** Bytes of a further column that is carried and not sent to the model. */
  readonly noteBytes?: number
  /** The answer is read no faster than this. */
  readonly readBytesPerSecond?: number
}

export interface CsvResult extends Timed {
  /** Of all files sent. */
  readonly sentBytes: number
  readonly receivedBytes: number
}

const CHUNK_ROWS = 1_000
/** Longer files are made while they are sent, so that this program stays small too. */
const KEPT_ROWS_MAX = 200_000

takeJobs<CsvJob, CsvResult>(async job => {
  const { rows, callers = 1, columns, noteBytes = 0, readBytesPerSecond = Infinity } = job
  const file = rows <= KEPT_ROWS_MAX ? [...chunks(job)] : undefined
  const checks = Array.from({ length: callers }, () => new AnswerCheck(rows, columns, noteBytes))
  const received: Buffer[][] = checks.map(() => [])
  let sentBytes = 0
  const taken = await timed(rows * callers, async () => {
    const sizes = await Promise.all(
      checks.map(
        async (check, index) =>
          await post(
            job.url,
            file ?? chunks(job),
            chunk => {
              // what takes time is left for later, unless the file is too long to keep
              if (file === undefined) check.take(chunk)
              else received[index]!.push(chunk)
            },
            readBytesPerSecond
          )
      )
    )
    sentBytes = sizes.reduce((sum, size) => sum + size, 0)
  })
  for (const [index, check] of checks.entries()) {
    for (const chunk of received[index]!) check.take(chunk)
    check.end()
  }
  return { ...taken, sentBytes, receivedBytes: checks.reduce((sum, { bytes }) => sum + bytes, 0) }
})

function * chunks ({ columns, rows, noteBytes = 0 }: CsvJob): Generator<Buffer> {
  const note = noteBytes === 0 ? '' : `,${'n'.repeat(noteBytes)}`
  yield Buffer.from(noteBytes === 0 ? csvHead(columns) : csvHead(columns).replace('\n', ',NOTE\n'))
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    let text = ''
    for (let row = from; row < Math.min(rows, from + CHUNK_ROWS); row++) {
      const line = csvLine(row, columns)
      text += noteBytes === 0 ? line : `${line.slice(0, -1)}${note}\n`
    }
    yield Buffer.from(text)
  }
}

/** Sends as fast as the service takes it. The answer: bytes sent. */
async function post (
  url: string,
  file: Iterable<Buffer>,
  take: (chunk: Buffer) => void,
  readBytesPerSecond: number
): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    let sent = 0
    const request = http.request(
      url,
      { method: 'POST', agent: false, headers: { 'content-type': 'text/csv', accept: 'text/csv' } },
      response => {
        const refusal: Buffer[] = []
        response.on('data', (chunk: Buffer) => {
          if (response.statusCode === 200) take(chunk)
          else refusal.push(chunk)
          if (readBytesPerSecond === Infinity) return
          response.pause()
          setTimeout(() => response.resume(), (chunk.length / readBytesPerSecond) * 1000)
        })
        response.once('end', () => {
          if (response.statusCode === 200) resolve(sent)
          else {
            reject(new Error(`${url}: ${response.statusCode} ${Buffer.concat(refusal).toString()}`))
          }
        })
        response.once('error', reject)
      }
    )
    request.once('error', reject)
    const send = async () => {
      for (const chunk of file) {
        sent += chunk.length
        if (!request.write(chunk)) await new Promise(resolve => request.once('drain', resolve))
      }
      request.end()
    }
    send().catch(reject)
  })
}
