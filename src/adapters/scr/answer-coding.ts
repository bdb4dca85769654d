import { promisify } from 'node:util'
import {
  brotliDecompress,
  gunzip,
  inflate,
  inflateRaw,
  type BrotliOptions,
  type InputType,
  type ZlibOptions
} from 'node:zlib'

/** The limit of an answer, both as it comes and unpacked. */
export const ANSWER_MAX_BYTES = 8 * 1024 * 1024

/**
 * An answer whose bytes can't be unpacked. Callers match its `code`, as those of undici's errors.
 */
export class AnswerUnreadable extends Error {
  readonly code = 'SCR_ANSWER_UNREADABLE'
  /** The status of the answer. */
  readonly status: number

  constructor (message: string, status: number, cause?: unknown) {
    super(message, { cause })
    this.name = 'AnswerUnreadable'
    this.status = status
  }
}

const CODINGS_MAX = 3
const NONE: readonly string[] = []

/**
 * The codings of a Content-Encoding header, in the order they were applied. Most answers have none.
 */
export function readCodings (header: string | undefined): readonly string[] {
  if (header === undefined) return NONE
  const codings = header
    .toLowerCase()
    .split(',')
    .map(coding => coding.trim())
  return codings.filter(coding => coding !== '' && coding !== 'identity')
}

/**
 * Unpacks an answer. The service asks nobody to pack, but meshes and models do it unasked.
 * @throws AnswerUnreadable where it is damaged, cut, larger than ANSWER_MAX_BYTES, or in an unknown
 *   coding
 */
export async function unpack (
  packed: Buffer,
  codings: readonly string[],
  status: number
): Promise<Buffer> {
  if (codings.length > CODINGS_MAX) {
    throw new AnswerUnreadable(`its answer is packed ${codings.length} times`, status)
  }
  let bytes = packed
  for (const coding of codings.toReversed()) {
    if (bytes.length === 0) return bytes // there is no body, whatever the head says
    bytes = await unpackOnce(bytes, coding, status)
  }
  return bytes
}

async function unpackOnce (packed: Buffer, coding: string, status: number): Promise<Buffer> {
  const unpack = findUnpacker(coding, packed)
  if (unpack === undefined) {
    const name = JSON.stringify(coding.slice(0, 40))
    throw new AnswerUnreadable(`its answer has the content-encoding ${name}, not read here`, status)
  }
  try {
    const { buffer, engine } = await unpack(packed, {
      maxOutputLength: ANSWER_MAX_BYTES,
      info: true
    })
    if (engine.bytesWritten === packed.length) return buffer
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const what =
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `its answer is larger than ${ANSWER_MAX_BYTES} bytes when unpacked`
        : `its answer is not whole ${coding} data: ${message}`
    throw new AnswerUnreadable(what, status, error)
  }
  throw new AnswerUnreadable(`its answer has bytes after its ${coding} data`, status)
}

/** With the option `info` zlib returns more than its types say. */
interface Unpacked {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}
type Unpack = (bytes: InputType, options: ZlibOptions & BrotliOptions) => Promise<Unpacked>

const decompress = (unpack: unknown) => promisify(unpack as (...all: unknown[]) => void) as Unpack

const GUNZIP = decompress(gunzip)
const INFLATE = decompress(inflate)
const INFLATE_RAW = decompress(inflateRaw)
const UNBROTLI = decompress(brotliDecompress)

/** Undefined for an unknown coding. Some servers say deflate and leave out its zlib header. */
function findUnpacker (coding: string, packed: Buffer): Unpack | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return GUNZIP
    case 'deflate':
      return (packed[0]! & 0x0f) === 0x08 ? INFLATE : INFLATE_RAW
    case 'br':
      return UNBROTLI
    default:
      return undefined
  }
}
