import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { deferred } from '../domain/deferred.js'
import { DomainError } from '../domain/errors.js'
import { untilAborted } from '../domain/until-aborted.js'
import { fileOfForm } from './form-file.js'
import { gunzipped, GZIP_TYPES } from './gzip.js'
import { readOn } from './read-on.js'
import type { SpoolArea } from './spool-area.js'

export interface UploadLimits {
  readonly maxBytes: number
  /** How long an upload may stand still. */
  readonly idleMs: number
}

export interface Upload {
  readonly kind: 'csv' | 'json' | 'ndjson'
  /** The form fields that came before the file. */
  readonly fields: Readonly<Record<string, string>>
  /**
   * The file's bytes, to be read once. Ends with DomainError `upload-too-large` (nothing is ever cut), `upload-stalled`,
   * `upload-incomplete`, `request-unreadable`, or the signal's reason. Leaving early leaves the rest in the request: see discardRest.
   */
  readonly bytes: AsyncIterable<Buffer>
  /** Resolves when the request's body has been read to its end. */
  readonly ended: Promise<void>
  readonly size: () => number
}

const CSV_TYPES = new Set(['', 'text/csv', 'application/csv', 'text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded', 'application/vnd.ms-excel'])
const NDJSON_TYPES = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl'])

/** Who reads a request's body. A failure further on leaves its reader half way, and nobody else gets a byte while it is there. */
const readers = new WeakMap<IncomingMessage, AsyncGenerator<Buffer>>()

/** Finds the file in a request: the body itself, or the one file part of a form. The disk is for what comes while its reader pauses. */
export async function openUpload (request: FastifyRequest, limits: UploadLimits, spoolArea: SpoolArea, signal: AbortSignal): Promise<Upload> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  const isForm = type === 'multipart/form-data'
  const isGzip = isGzipped(request.headers['content-encoding'], isForm) || GZIP_TYPES.has(type)
  const { promise: ended, resolve: atEnd } = deferred()
  let size = 0
  const counted = async function * (chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of watched(chunks, limits.idleMs, signal)) {
      size += chunk.length
      if (size > limits.maxBytes) throw new DomainError('upload-too-large', `the file is larger than ${limits.maxBytes} bytes; nothing of it was scored into an answer`)
      yield chunk
    }
    atEnd()
  }
  const made = (chunks: AsyncIterator<Buffer>) => {
    const bytes = readOn(counted(chunks), spoolArea)
    readers.set(request.raw, bytes)
    return { ended, size: () => size, bytes }
  }
  if (isForm) {
    const { fields, chunks } = await fileOfForm(request).catch(error => { throw uploadFault(error) })
    return { ...made(chunks), kind: 'csv', fields }
  }
  const kind = CSV_TYPES.has(type) || GZIP_TYPES.has(type) ? 'csv' : type === 'application/json' ? 'json' : NDJSON_TYPES.has(type) ? 'ndjson' : undefined
  if (kind === undefined) {
    throw new DomainError('media-type-unsupported', `a body of type ${type} can't be scored`, { remedy: 'send text/csv, multipart/form-data with one file, application/json or application/x-ndjson' })
  }
  const body = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
  return { ...made(isGzip ? gunzipped(body) : body), kind, fields: {} }
}

function isGzipped (encoding = 'identity', isForm: boolean): boolean {
  switch (encoding.trim().toLowerCase()) {
    case '': case 'identity': return false
    case 'gzip': case 'x-gzip':
      if (!isForm) return true
      throw new DomainError('media-type-unsupported', 'a form as a whole is not taken as gzip', { remedy: 'send the form as it is, with a file part that is gzip and whose file name ends in .gz' })
    default: throw new DomainError('media-type-unsupported', `Content-Encoding ${encoding} is not taken here`, { remedy: 'send the body as it is, or with Content-Encoding: gzip' })
  }
}

/** Chunks with a limit on how long one may take to come, ended by the signal; the stream behind is left whole. */
async function * watched (chunks: AsyncIterator<Buffer>, idleMs: number, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  try {
    while (true) {
      const { done, value } = await inTime(chunks.next(), idleMs, signal)
      if (done === true) return
      yield value
    }
  } finally {
    // Lets go of the stream, so that discardRest can read it on. Not awaited: a read may still be pending.
    chunks.return?.().catch(() => {})
  }
}

async function inTime<T> (read: Promise<T>, idleMs: number, signal: AbortSignal): Promise<T> {
  const { promise: stopped, reject: stop } = deferred<never>()
  const stalled = setTimeout(() => stop(new DomainError('upload-stalled', `the upload stood still for ${idleMs / 1000} s`)), idleMs)
  try {
    return await untilAborted(Promise.race([read, stopped]), signal)
  } catch (error) {
    throw uploadFault(error)
  } finally {
    clearTimeout(stalled)
  }
}

function uploadFault (error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ECONNRESET' || code === 'FST_MP_PREMATURE_CLOSE') return new DomainError('caller-gone', 'the caller closed the connection during the upload', { cause: error })
  if (code === 'FST_FIELDS_LIMIT' || code === 'FST_PARTS_LIMIT') {
    return new DomainError('request-invalid', 'the form has too many fields', { cause: error })
  }
  if (code?.startsWith('Z_') === true) return new DomainError('request-unreadable', `the file is not gzip, or not whole: ${message}`, { cause: error, remedy: 'send the whole file, or leave out what says that it is gzip' })
  if (error instanceof DomainError || (code === undefined && !/multipart|terminated early/i.test(message))) return error
  return new DomainError('upload-incomplete', `the form ends too early: ${message}`, { cause: error })
}

/**
 * Ends the reading of an upload. To be called when its answer is over, not before: an answer that streams after the hold begins while rows
 * of a body that has long ended are still to be read from the disk.
 */
export function letGo (request: IncomingMessage): void {
  readers.get(request)?.return(undefined).catch(() => {})
}

/**
 * Reads what is left of a request's body, for clients that write all of it before they read the answer: an answer sent earlier
 * would fill the pipes until both sides wait, or be lost in a reset. Gives up after `maxBytes` or a pause of `idleMs`; false then.
 */
export async function discardRest (request: IncomingMessage, { maxBytes, idleMs }: UploadLimits): Promise<boolean> {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  if (!hasBody || request.readableEnded || request.destroyed) return true
  letGo(request)
  return await new Promise(resolve => {
    let left = maxBytes
    const finish = (whole: boolean) => () => {
      clearTimeout(stalled)
      request.off('data', count).off('end', ended).off('close', gone)
      resolve(whole)
    }
    const ended = finish(true)
    const gone = finish(false)
    const stalled = setTimeout(gone, idleMs)
    const count = (chunk: Buffer) => {
      left -= chunk.length
      stalled.refresh()
      if (left < 0) gone()
    }
    request.unpipe()
    request.on('data', count).once('end', ended).once('close', gone)
    request.resume()
  })
}
