import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { setImmediate as later } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { fileForm, head, openSocket, readAnswer, send } from '../../../support/caller.js'
import { deployed, program, type Row } from '../../../support/model-program.js'
import { answerTo, fileOf, randomTable } from '../../../support/data/random-tables.js'
import { sized } from '../../../support/size.js'

// RANDOM_TABLES and RANDOM_SEED ask for more, or others.
const TABLES = Number(process.env['RANDOM_TABLES'] ?? sized(10_000, 300))
const SEED = Number(process.env['RANDOM_SEED'] ?? 20_261_123)
/** Kept-alive connections, each with tables of its own, one after the other. */
const CALLERS = 8

t.setTimeout(600_000)

/**
 * How a file goes over the wire. `pieces` are shares of its length at which it is cut; none: after
 * every byte, if it is short.
 */
const wire = fc.record({
  as: fc.constantFrom('chunks', 'length', 'form', 'gzip'),
  pieces: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
  concurrency: fc.constantFrom(1, 2, 7, 32)
})
type Wire = typeof wire extends fc.Arbitrary<infer W> ? W : never

/** Answers in another order than it was asked. */
const model = program({
  inputs: { N: 'number', T: 'string' },
  outputs: { OUT_N: 'number', OUT_T: 'string' },
  async score ({ row, index }): Promise<Row> {
    for (let turns = (index * 7919) % 5; turns > 0; turns--) await later()
    return { OUT_T: row['T'], OUT_N: row['N'] }
  }
})

/** A caller that cuts its bodies where it is told to, and keeps its connection. */
class Cutter {
  #socket: Socket | undefined

  async post (url: string, file: Buffer, { as, pieces }: Wire): Promise<string> {
    const { headers, body } = as === 'form'
      ? fileForm(file)
      : {
          headers: { 'content-type': 'text/csv' },
          body: as === 'gzip' ? gzipSync(file, { level: 1 }) : file
        }
    const socket = this.#socket ??= openSocket(url)
    this.#socket = undefined
    const framing = as === 'length'
      ? { 'content-length': String(body.length) }
      : { 'transfer-encoding': 'chunked' }
    await send(socket,
      head(url, {
        ...headers,
        ...(as === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
        ...framing
      }))
    for (const piece of cut(body, pieces)) {
      await send(socket, as === 'length'
        ? piece
        : Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece,
          Buffer.from('\r\n')]))
    }
    if (as !== 'length') await send(socket, '0\r\n\r\n')
    const { status, headers: told, body: answer, whole } = await readAnswer(socket)
    if (whole && told['connection'] !== 'close') this.#socket = socket
    else socket.destroy()
    return `${status} ${told['scoring-rows']} rows, ${told['scoring-failed']} failed\n${answer}`
  }

  end (): void {
    this.#socket?.destroy()
  }
}

function cut (body: Buffer, shares: readonly number[]): Buffer[] {
  const ends = shares.length === 0 && body.length < 500
    ? body.keys()
    : shares.map(share => Math.floor(share * body.length)).sort((a, b) => a - b)
  const pieces: Buffer[] = []
  let from = 0
  for (const end of [...ends, body.length]) {
    if (end > from) pieces.push(body.subarray(from, end))
    from = Math.max(from, end)
  }
  return pieces
}

t.test(`${TABLES} random tables, cut anywhere, are answered as a plain program in memory does (seed ${SEED})`, async t => {
  const service = await deployed(t, model)
  const callers = Array.from({ length: CALLERS }, () => new Cutter())
  t.teardown(() => callers.forEach(caller => caller.end()))
  let [tables, rows, bytes] = [0, 0, 0]
  const law = (caller: Cutter) =>
    fc.asyncProperty(randomTable, wire, async (table, wire) => {
      const file = fileOf(table)
      const delimiter = encodeURIComponent(table.delimiter)
      const answer = await caller.post(
        service.scoreUrl(`delimiter=${delimiter}&concurrency=${wire.concurrency}`),
        file,
        wire
      )
      const failed = table.rows.filter(({ n }) => n.means === undefined).length
      const expected = `200 ${table.rows.length} rows, ${failed} failed\n${answerTo(table)}`
      assert.equal(answer, expected)
      tables++
      rows += table.rows.length
      bytes += file.length
      model.asked.length = 0 // what it remembers would grow
    })
  const startedAt = performance.now()
  const runs = callers.map(async (caller, index) => {
    const numRuns = Math.ceil(TABLES / CALLERS)
    await fc.assert(law(caller), {
      numRuns,
      seed: SEED + index,
      interruptAfterTimeLimit: 500_000,
      markInterruptAsFailure: true
    })
  })
  for (const [index, { status, ...run }] of (await Promise.allSettled(runs)).entries()) {
    t.equal(status, 'fulfilled',
      `tables of seed ${SEED + index}${
        'reason' in run ? `: ${(run.reason as Error).message.slice(0, 3_000)}` : ''
      }`)
  }
  t.comment(
    `${tables} tables, ${rows} rows, ${bytes} bytes in ${
      Math.round(performance.now() - startedAt)
    } ms`
  )
})
