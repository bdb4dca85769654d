import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { DomainError } from '../../domain/errors.js'
import { onAbort } from '../../async/on-abort.js'
import type { AnswerFormat } from '../../domain/scoring/answer/answer-options.js'
import { UTF_8 } from '../../domain/scoring/encodings/encoding.js'
import type { CsvDialect } from '../../domain/scoring/tables/table.js'
import { AnswerSpool } from './answer-spool.js'
import { acceptedCoding, gzipPieces } from './gzip.js'
import type { SpoolArea } from './spool-area.js'

export interface Hold {
  /**
   * The answer never begins before this has resolved: many clients write their whole body before
   * they read.
   */
  readonly uploadEnded: Promise<void>
  /** How long the status is held after that. Infinity holds it until all is scored. */
  readonly holdMs: number
}

/**
 * Sends an answer while it is made. Nothing is sent until all of it is there or the hold is over,
 * so that a failure is still a status. Then `begin` adds headers, and is told whether all was made.
 * After that the answer streams, and a failure destroys the connection, so that the part sent can't
 * be taken for the whole. The signal ends it at any time. Callers who ask for gzip get gzip.
 */
export async function sendAnswer (
  reply: FastifyReply,
  area: SpoolArea,
  pieces: AsyncIterable<string | Buffer>,
  hold: Hold,
  begin: (isWhole: boolean) => void,
  signal: AbortSignal
): Promise<{ sent: Promise<void>; bytes: () => number }> {
  const gzip = isGzipWanted(reply.request.headers['accept-encoding'])
  const spool = new AnswerSpool(area)
  const made = (async () => {
    for await (const piece of gzip ? gzipPieces(pieces) : pieces) await spool.write(piece)
    spool.end()
  })()
  try {
    const isWhole = await holdUntilMade(made, hold)
    begin(isWhole)
    if (isWhole) void reply.header('content-length', spool.size)
    if (gzip) void reply.header('content-encoding', 'gzip')
    void reply.header('vary', 'accept-encoding')
    made.catch(error => {
      void spool.close(error)
    })
    const close = () => {
      void spool.close(signal.reason ?? new Error('the answer is no longer wanted'))
    }
    signal.throwIfAborted()
    // the signal counts even when all is made: a slow reader would hold a service that stops
    const stay = onAbort(signal, close)
    const bytes = Readable.from(streamSpool(spool, reply, isWhole), {
      objectMode: false,
      highWaterMark: 64 * 1024
    })
    void reply.send(bytes.once('close', stay).once('close', close))
  } catch (error) {
    await spool.close(error)
    throw error
  }
  return { sent: made, bytes: () => spool.size }
}

/**
 * @throws DomainError `answer-type-unsupported` for a caller who refuses the answer packed and
 * unpacked
 */
function isGzipWanted (accept: string | undefined): boolean {
  const coding = acceptedCoding(accept)
  if (coding !== undefined) return coding === 'gzip'
  throw new DomainError(
    'answer-type-unsupported',
    `the answer can be gzip or plain, and Accept-Encoding "${accept?.slice(0, 200)}" refuses both`,
    { remedy: 'ask for gzip or identity in Accept-Encoding, or leave it out' }
  )
}

/** Whether all was made before the hold was over. @throws the failure of the making */
async function holdUntilMade (
  made: Promise<void>,
  { uploadEnded, holdMs }: Hold
): Promise<boolean> {
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

async function * streamSpool (
  spool: AnswerSpool,
  reply: FastifyReply,
  isWhole: boolean
): AsyncGenerator<Buffer, void, undefined> {
  try {
    // the hold is over, even if there is no row to send yet
    if (!isWhole) reply.raw.flushHeaders()
    yield * spool.read()
  } catch (error) {
    // An HTTP/1.0 client would take a clean end of the connection for the answer's end, so it is
    // reset.
    reply.raw.socket?.resetAndDestroy()
    throw error
  }
}

/** A CSV in another encoding than UTF-8 as bytes, everything else as it is. */
export function encodePieces (
  pieces: AsyncIterable<string>,
  format: AnswerFormat,
  { encoding = UTF_8 }: CsvDialect
): AsyncIterable<string | Buffer> {
  return format !== 'csv' || encoding === UTF_8 ? pieces : encodeWith(pieces, encoding.encoder())
}

async function * encodeWith (
  pieces: AsyncIterable<string>,
  encode: (piece: string) => Buffer
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of pieces) yield encode(piece)
}
