import { pipeline } from 'node:stream'
import { constants, createGunzip, createGzip } from 'node:zlib'
import { DomainError } from '../domain/errors.js'

/** The fastest: the processor is the rows', and CSV shrinks well anyway. */
const LEVEL = constants.Z_BEST_SPEED

export const GZIP_TYPES: ReadonlySet<string> = new Set(['application/gzip', 'application/x-gzip'])

/** Whether an Accept-Encoding header asks for gzip (RFC 9110, 12.5.3). Without one the answer stays as it is: SAS and curl don't unpack unasked. */
export function acceptsGzip (accept: string | undefined): boolean {
  const codings = new Map((accept ?? '').toLowerCase().split(',').map(coding => {
    const [name = '', ...parameters] = coding.split(';').map(part => part.trim())
    const q = parameters.find(parameter => parameter.startsWith('q='))?.slice(2)
    return [name, q === undefined ? 1 : Number(q) || 0]
  }))
  const wish = codings.get('gzip') ?? codings.get('x-gzip') ?? codings.get('*') ?? 0
  return wish > 0 && wish >= (codings.get('identity') ?? 0)
}

/** The pieces as gzip. Each is flushed, so that its reader can unpack all of it before the next is there. */
export function gzipped (pieces: AsyncIterable<string | Buffer>): AsyncIterable<Buffer> {
  const gzip = createGzip({ level: LEVEL, flush: constants.Z_SYNC_FLUSH })
  return pipeline(pieces, gzip, () => {}) // a failure of the pieces reaches the reader through gzip
}

/**
 * What gzip bytes hold, of all members. Ends with zlib's error, or DomainError `request-unreadable`, where they are damaged, cut, or followed
 * by something else. Begins with the first read: before that nobody would hear of a failure, and the process would end.
 */
export async function * gunzipped (packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip()
  let taken = 0
  const counted = async function * (): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of packed) {
      taken += chunk.length
      yield chunk
    }
  }
  pipeline(counted(), gunzip, () => {}) // a failure of either reaches the reader through gunzip
  yield * gunzip as AsyncIterable<Buffer>
  // zlib takes zeros for padding, and passes over whatever comes after them
  if (taken > gunzip.bytesWritten) throw new DomainError('request-unreadable', 'the gzip data is followed by bytes that are not gzip', { remedy: 'send nothing but gzip members' })
}
