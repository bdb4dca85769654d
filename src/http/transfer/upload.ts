import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { deferred } from '../../async/deferred.js'
import { DomainError } from '../../domain/errors.js'
import { follower } from '../../async/follower.js'
import type { Arrival } from '../../domain/scorings/scoring.js'
import { untilAborted } from '../../async/until-aborted.js'
import { hasStalled, onBodyStandstill, onStandstill } from './standstill.js'
import { charsetOf, contentTypeIn } from './content-type.js'
import { fileOfForm } from './form-file.js'
import { gunzipBytes, GZIP_TYPES } from './gzip.js'
import { readAhead } from './read-ahead.js'
import type { SpoolArea } from './spool-area.js'

export interface UploadLimits {
  readonly maxBytes: number
  /** How long a body may stand still. */
  readonly idleMs: number
}

export interface Upload extends Arrival {
  readonly kind: 'csv' | 'json' | 'ndjson'
  /** The form fields that came before the file. */
  readonly fields: Readonly<Record<string, string>>
  /** The file's charset, by its Content-Type. */
  readonly charset: string | undefined
  /** True when it came as curl -d sends files, which strips their line ends. */
  readonly mayBeStripped: boolean
  /**
   * The file's bytes, to be read once. Ends with DomainError `upload-too-large` (nothing is ever
   * cut), `upload-stalled`, `upload-incomplete`, `request-unreadable`, or the signal's reason.
   * A reader that leaves early leaves the rest in the request, see discardRest.
   */
  readonly bytes: AsyncIterable<Buffer>
  /** Resolves when the request's body has been read to its end. */
  readonly ended: Promise<void>
}

const STRIPPED_TYPE = 'application/x-www-form-urlencoded'
const CSV_TYPES = new Set([
  '',
  'text/csv',
  'application/csv',
  'text/plain',
  'application/octet-stream',
  STRIPPED_TYPE,
  'application/vnd.ms-excel'
])
const NDJSON_TYPES = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl'])

/**
 * The reader of each request's body. After a failure it still holds the body, and nobody else gets
 * a byte until it has let go.
 */
const readers = new WeakMap<IncomingMessage, AsyncGenerator<Buffer>>()

/**
 * Finds the file in a request: the body itself, or the one file part of a form. The disk takes the
 * bytes that come while their reader pauses.
 */
export async function openUpload (
  request: FastifyRequest,
  limits: UploadLimits,
  spoolArea: SpoolArea,
  signal: AbortSignal
): Promise<Upload> {
  const contentType = contentTypeIn(request.headers['content-type'])
  const { type } = contentType
  const isForm = type === 'multipart/form-data'
  const isGzip = isGzipped(request.headers['content-encoding'], isForm) || GZIP_TYPES.has(type)
  const { promise: ended, resolve: atEnd } = deferred()
  const stop = follower(signal)
  const settle = onBodyStandstill(request.raw, limits.idleMs, stop.abort)
  let size = 0
  let hasEnded = false
  const countBytes = async function * (
    chunks: AsyncIterator<Buffer>
  ): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of watchChunks(chunks, stop.signal, settle)) {
      size += chunk.length
      if (size > limits.maxBytes) {
        throw new DomainError(
          'upload-too-large',
          `the file is larger than ${limits.maxBytes} bytes; nothing of it was scored into an answer`
        )
      }
      yield chunk
    }
    hasEnded = true
    atEnd()
  }
  const uploadOf = (chunks: AsyncIterator<Buffer>, isGzip: boolean) => {
    const bytes = readAhead(countBytes(chunks), spoolArea)
    readers.set(request.raw, bytes)
    return {
      ended,
      bytes,
      size: () => size,
      // of a form a little too much; of what is packed nobody knows it
      wholeSize: () => (hasEnded ? size : isGzip ? undefined : lengthOf(request.raw)),
      hasEnded: () => hasEnded
    }
  }
  if (isForm) {
    const file = await untilStopped(fileOfForm(request), stop.signal)
    return {
      ...uploadOf(file.chunks, file.isGzip),
      kind: 'csv',
      fields: file.fields,
      charset: charsetOf(contentTypeIn(file.contentType), 'csv'),
      mayBeStripped: false
    }
  }
  const kind =
    CSV_TYPES.has(type) || GZIP_TYPES.has(type)
      ? 'csv'
      : type === 'application/json'
        ? 'json'
        : NDJSON_TYPES.has(type)
          ? 'ndjson'
          : undefined
  if (kind === undefined) {
    throw new DomainError('media-type-unsupported', `a body of type ${type} can't be scored`, {
      remedy:
        'send text/csv, multipart/form-data with one file, application/json or application/x-ndjson'
    })
  }
  const body = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
  const charset = charsetOf(contentType, kind)
  return {
    ...uploadOf(isGzip ? gunzipBytes(body) : body, isGzip),
    kind,
    fields: {},
    charset,
    mayBeStripped: type === STRIPPED_TYPE && !isGzip
  }
}

function lengthOf ({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}

function isGzipped (encoding = 'identity', isForm: boolean): boolean {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return false
    case 'gzip':
    case 'x-gzip':
      if (!isForm) return true
      throw new DomainError('media-type-unsupported', 'a form as a whole is not taken as gzip', {
        remedy:
          'send the form as it is, with a file part that is gzip and whose file name ends in .gz'
      })
    default:
      throw new DomainError(
        'media-type-unsupported',
        `Content-Encoding ${encoding} is not taken here`,
        { remedy: 'send the body as it is, or with Content-Encoding: gzip' }
      )
  }
}

/**
 * Yields chunks until the signal fires, and leaves the stream behind whole. `settle` is called when
 * they end, however they end.
 */
async function * watchChunks (
  chunks: AsyncIterator<Buffer>,
  signal: AbortSignal,
  settle: () => void
): AsyncGenerator<Buffer, void, undefined> {
  try {
    while (true) {
      const { done, value } = await untilStopped(chunks.next(), signal)
      if (done === true) return
      yield value
    }
  } finally {
    settle()
    // Lets go of the stream, so that discardRest can read it on. Not awaited: a read may still be
    // pending.
    chunks.return?.().catch(() => {})
  }
}

async function untilStopped<T> (read: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await untilAborted(read, signal)
  } catch (error) {
    throw uploadFault(error)
  }
}

function uploadFault (error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ECONNRESET' || code === 'FST_MP_PREMATURE_CLOSE') {
    return new DomainError('caller-gone', 'the caller closed the connection during the upload', {
      cause: error
    })
  }
  if (code === 'FST_PROTO_VIOLATION') {
    return new DomainError('request-invalid', 'the form has a field of a name that no option has', {
      cause: error,
      remedy: 'see /docs for the options'
    })
  }
  if (code === 'FST_FIELDS_LIMIT' || code === 'FST_PARTS_LIMIT') {
    return new DomainError('request-invalid', 'the form has too many fields', { cause: error })
  }
  if (code?.startsWith('Z_') === true) {
    return new DomainError('request-unreadable', `the file is not gzip, or not whole: ${message}`, {
      cause: error,
      remedy: 'send the whole file, or leave out what says that it is gzip'
    })
  }
  if (
    error instanceof DomainError ||
    (code === undefined && !/multipart|terminated early/i.test(message))
  ) { return error }
  return new DomainError('upload-incomplete', `the form ends too early: ${message}`, {
    cause: error
  })
}

/**
 * Ends the reading of an upload. Call it when the answer is over, not before: after the hold an
 * answer begins while rows of a body that has long ended are still read from the disk.
 */
export function releaseReader (request: IncomingMessage): void {
  readers
    .get(request)
    ?.return(undefined)
    .catch(() => {})
}

export function hasBody ({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * Reads the rest of a request's body, for clients that write all of it before they read the answer.
 * An answer sent earlier would fill the pipes until both sides wait, or be lost in a reset. Gives
 * up after `maxBytes`, or when the body stands still for `idleMs`, and then returns false.
 */
export async function discardRest (
  request: IncomingMessage,
  { maxBytes, idleMs }: UploadLimits
): Promise<boolean> {
  if (!hasBody(request) || request.readableEnded || request.destroyed) return true
  releaseReader(request)
  if (hasStalled(request)) return false
  return await new Promise(resolve => {
    let left = maxBytes
    const finishWith = (whole: boolean) => () => {
      settle()
      request.off('data', countRest).off('end', ended).off('close', gone)
      resolve(whole)
    }
    const ended = finishWith(true)
    const gone = finishWith(false)
    const flowOfRest = () => ({ bytes: request.socket.bytesRead, isCallers: true })
    const settle = onStandstill(idleMs, flowOfRest, gone)
    const countRest = (chunk: Buffer) => {
      left -= chunk.length
      if (left < 0) gone()
    }
    request.unpipe()
    request.on('data', countRest).once('end', ended).once('close', gone)
    request.resume()
  })
}
