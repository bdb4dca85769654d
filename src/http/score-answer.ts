import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { AnswerFormat, Counts } from '../domain/scoring/answer-options.js'
import { UTF_8 } from '../domain/scoring/encoding.js'
import type { CsvDialect } from '../domain/scoring/table.js'
import { AnswerSpool } from './answer-spool.js'
import { acceptsGzip, gzipped } from './gzip.js'
import type { SpoolArea } from './spool-area.js'

export interface Hold {
  /** The answer never begins before this has resolved: many clients write their whole body before they read. */
  readonly uploadEnded: Promise<void>
  /** How long the status is held after that; Infinity: until all is scored. */
  readonly holdMs: number
}

/**
 * Sends an answer while it is made. Until all of it is there, or the hold is over, nothing is sent, so that a failure is still a
 * status; `whole` then adds headers that tell the counts. After that the answer streams, and a failure destroys the connection,
 * so that the part sent can't be taken for the whole. The signal ends it at any time. Compressed for callers who ask for gzip.
 */
export async function sendAnswer (
  reply: FastifyReply, area: SpoolArea, pieces: AsyncIterable<string | Buffer>, hold: Hold, whole: () => void, signal: AbortSignal
): Promise<{ sent: Promise<void>, bytes: () => number }> {
  const spool = new AnswerSpool(area)
  const gzip = acceptsGzip(reply.request.headers['accept-encoding'])
  const made = (async () => {
    for await (const piece of gzip ? gzipped(pieces) : pieces) await spool.write(piece)
    spool.end()
  })()
  try {
    const isWhole = await heldUntil(made, hold)
    if (isWhole) {
      whole()
      void reply.header('content-length', spool.size)
    }
    if (gzip) void reply.header('content-encoding', 'gzip')
    void reply.header('vary', 'accept-encoding')
    made.catch(error => { void spool.close(error) })
    const close = () => { void spool.close(signal.reason ?? new Error('the answer is no longer wanted')) }
    signal.addEventListener('abort', close, { once: true }) // also when all is made: a slow reader would hold a service that stops
    signal.throwIfAborted()
    void reply.send(Readable.from(streamed(spool, reply, isWhole), { objectMode: false, highWaterMark: 64 * 1024 }).once('close', close))
  } catch (error) {
    await spool.close(error)
    throw error
  }
  return { sent: made, bytes: () => spool.size }
}

/** Whether all was made before the hold was over. @throws what it could not be made for */
async function heldUntil (made: Promise<void>, { uploadEnded, holdMs }: Hold): Promise<boolean> {
  const whole = made.then(() => true)
  if (holdMs === Infinity) return await whole
  const stop = new AbortController()
  const over = (async () => {
    await uploadEnded
    await sleep(holdMs, undefined, { signal: stop.signal })
    return false
  })()
  over.catch(() => {})
  try {
    return await Promise.race([whole, over])
  } finally {
    stop.abort()
  }
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
