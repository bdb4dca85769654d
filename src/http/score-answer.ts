import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { AnswerFormat, Counts } from '../domain/scoring/answer-options.js'
import { UTF_8 } from '../domain/scoring/encoding.js'
import type { CsvDialect } from '../domain/scoring/table.js'
import { AnswerSpool, type SpoolArea } from './answer-spool.js'

export interface Hold {
  /** The answer never begins before this has resolved: many clients write their whole body before they read. */
  readonly uploadEnded: Promise<void>
  /** How long the status is held after that; Infinity: until all is scored. */
  readonly holdMs: number
}

/**
 * Sends an answer while it is made. Until all of it is there, or the hold is over, nothing is sent, so that a failure is still a
 * status; `whole` then adds headers that tell the counts. After that the answer streams, and a failure destroys the connection,
 * so that the part sent can't be taken for the whole.
 */
export async function sendAnswer (
  reply: FastifyReply, area: SpoolArea, pieces: AsyncIterable<string | Buffer>, hold: Hold, whole: () => void, signal: AbortSignal
): Promise<{ sent: Promise<void>, bytes: () => number }> {
  const spool = new AnswerSpool(area)
  const stop = new AbortController()
  const made = (async () => {
    for await (const piece of pieces) await spool.write(piece)
    spool.end()
    return true
  })()
  const held = (async () => {
    await hold.uploadEnded
    await (hold.holdMs === Infinity ? new Promise(() => {}) : sleep(hold.holdMs, undefined, { signal: stop.signal }))
    return false
  })()
  held.catch(() => {})
  let isWhole: boolean
  try {
    isWhole = await Promise.race([made, held])
    if (isWhole) {
      whole()
      void reply.header('content-length', spool.size)
    }
  } catch (error) {
    await spool.close(error)
    throw error
  } finally {
    stop.abort()
  }
  made.catch(error => { void spool.close(error) })
  const close = async () => await spool.close(signal.reason ?? new Error('the answer is no longer wanted'))
  const stream = Readable.from(streamed(spool, reply, isWhole), { objectMode: false, highWaterMark: 64 * 1024 })
  stream.once('close', () => { void close() })
  void reply.send(stream)
  return { sent: made.then(() => {}), bytes: () => spool.size }
}

async function * streamed (spool: AnswerSpool, reply: FastifyReply, isWhole: boolean): AsyncGenerator<Buffer, void, undefined> {
  try {
    if (!isWhole) reply.raw.flushHeaders() // the hold is over, though there may be no row to send yet
    yield * spool.read()
  } catch (error) {
    // A clean end of the connection would look like the end of the answer to an HTTP/1.0 client: reset it.
    reply.raw.socket?.resetAndDestroy()
    throw error
  }
}

/** A CSV in another encoding than UTF-8 as bytes, everything else as it is. */
export function encodedPieces (
  pieces: AsyncIterable<string>, format: AnswerFormat, { encoding = UTF_8 }: CsvDialect
): AsyncIterable<string | Buffer> {
  return format !== 'csv' || encoding === UTF_8 ? pieces : encoded(pieces, encoding.encoder())
}

async function * encoded (pieces: AsyncIterable<string>, encode: (piece: string) => Buffer): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of pieces) yield encode(piece)
}

/** The headers that tell what became of the rows. */
export function countHeaders (reply: FastifyReply, { rows, failed, revisions }: Counts, startedAt: number): void {
  void reply.header('scoring-rows', rows)
  void reply.header('scoring-failed', failed)
  if (revisions.size > 0) void reply.header('scoring-revisions', [...revisions].map(([revision, count]) => `${revision}=${count}`).join(', '))
  void reply.header('server-timing', `total;dur=${(performance.now() - startedAt).toFixed(1)}`)
}
