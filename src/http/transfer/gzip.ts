import { pipeline } from 'node:stream'
import { constants, createGunzip, createGzip } from 'node:zlib'
import Negotiator from 'negotiator'
import { DomainError } from '../../domain/errors.js'

/** The fastest level leaves the processor to the rows, and CSV shrinks well anyway. */
const LEVEL = constants.Z_BEST_SPEED

export const GZIP_TYPES: ReadonlySet<string> = new Set(['application/gzip', 'application/x-gzip'])

/**
 * How an Accept-Encoding header wants the answer (RFC 9110, 12.5.3). Without one it stays as it is:
 * SAS and curl don't unpack unasked. Undefined: neither gzip nor the plain answer is acceptable.
 */
export function acceptedCoding (accept: string | undefined): 'gzip' | 'identity' | undefined {
  const codings = (accept ?? '').replaceAll(/\bx-gzip\b/gi, 'gzip')
  const [coding] = new Negotiator({ headers: { 'accept-encoding': codings } }).encodings([
    'gzip',
    'identity'
  ])
  return coding === 'gzip' || coding === 'identity' ? coding : undefined
}

/**
 * Packs the pieces as gzip. Each piece is flushed, so that its reader can unpack it before the next
 * one is there.
 */
export function gzipPieces (pieces: AsyncIterable<string | Buffer>): AsyncIterable<Buffer> {
  const gzip = createGzip({ level: LEVEL, flush: constants.Z_SYNC_FLUSH })
  return pipeline(pieces, gzip, () => {}) // a failure of the pieces reaches the reader through gzip
}

/**
 * Unpacks gzip bytes of one or more members. It ends with zlib's error, or DomainError
 * `request-unreadable`, where they are damaged, cut, or followed by something else. It begins with
 * the first read: nobody would hear of an earlier failure, and the process would end.
 */
export async function * gunzipBytes (
  packed: AsyncIterable<Buffer>
): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip()
  let taken = 0
  const countBytes = async function * (): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of packed) {
      taken += chunk.length
      yield chunk
    }
  }
  pipeline(countBytes(), gunzip, () => {}) // a failure of either reaches the reader through gunzip
  yield * gunzip as AsyncIterable<Buffer>
  // zlib takes zeros for padding, and passes over whatever comes after them
  if (taken > gunzip.bytesWritten) {
    throw new DomainError(
      'request-unreadable',
      'the gzip data is followed by bytes that are not gzip',
      { remedy: 'send nothing but gzip members' }
    )
  }
}
