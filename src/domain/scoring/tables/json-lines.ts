import { breather } from '../../../async/breather.js'
import { DomainError } from '../../errors.js'

const LINE_MAX_BYTES = 1024 * 1024
/**
 * So many pieces of a line that comes byte by byte are joined into one: small buffers take more
 * memory than their bytes.
 */
const PIECES_MAX = 1_000
const LF = 10

export interface JsonLine {
  readonly line: number
  readonly text: string
}

/**
 * Yields the lines that are not blank, in batches of 1 to `most` lines. Each byte is searched only
 * once, however the bytes are cut.
 * @throws DomainError `request-unreadable` for a line longer than 1 MiB
 */
export async function * jsonLines (
  slices: AsyncIterable<Buffer>,
  most: number
): AsyncGenerator<readonly JsonLine[], void, undefined> {
  const breathe = breather()
  let begun: Buffer[] = []
  let begunBytes = 0
  let line = 0
  let batch: JsonLine[] = []
  const take = (bytes: Buffer) => {
    line++
    checkLength(begunBytes + bytes.length, line)
    const text = (begun.length === 0 ? bytes : Buffer.concat([...begun, bytes])).toString().trim()
    if (text !== '') batch.push({ line, text })
    begun = []
    begunBytes = 0
  }
  for await (const slice of slices) {
    let from = 0
    for (let end = slice.indexOf(LF); end >= 0; end = slice.indexOf(LF, from)) {
      take(slice.subarray(from, end))
      from = end + 1
      if (batch.length < most) continue
      await breathe()
      yield batch
      batch = []
    }
    if (from < slice.length) {
      begun.push(slice.subarray(from))
      begunBytes += slice.length - from
      checkLength(begunBytes, line + 1)
      if (begun.length === PIECES_MAX) begun = [Buffer.concat(begun)]
    }
    await breathe()
    if (batch.length > 0) yield batch
    batch = []
  }
  take(Buffer.alloc(0))
  if (batch.length > 0) yield batch
}

function checkLength (bytes: number, line: number): void {
  if (bytes > LINE_MAX_BYTES) {
    throw new DomainError(
      'request-unreadable',
      `line ${line} is longer than ${LINE_MAX_BYTES} bytes`
    )
  }
}
