/** The outcomes of the rows so far. */
export interface RowCounts {
  readonly rows: number
  readonly failed: number
  /** Number of rows by the revision that scored them. */
  readonly revisions: ReadonlyMap<string, number>
}

/** The largest chunk the reader takes, so that bytes taken are close to bytes read. */
const TAKEN_BYTES = 16 * 1024

const NONE: RowCounts = { rows: 0, failed: 0, revisions: new Map() }

/**
 * Counts how far the scoring of a file is. The counts are cheap: they exist anyway, or are taken
 * once for many rows.
 */
export class Progress {
  /** Bytes of the file that the reader has taken. */
  bytesTaken = 0
  /** Byte offset where the rows read so far end. Undefined: where the reader is. */
  position: number | undefined
  rowsRead = 0
  /** The number of rows in the file, once it is known. */
  rowsInAll: number | undefined
  /** Counts of the rows in the answer. */
  counts: RowCounts = NONE

  /** Returns the share of the file's `bytes` that the rows read so far take. */
  shareOf (bytes: number): number {
    return (this.position ?? this.bytesTaken) / bytes
  }

  /**
   * Starts a chunk of `length` bytes, in any encoding, made of the bytes taken last. The function
   * returned is called with how many of them were read.
   */
  advance (length: number): (read: number) => void {
    const from = this.position ?? 0
    const way = this.bytesTaken - from
    return read => {
      this.position = from + way * Math.min(1, read / length)
    }
  }

  /** Passes bytes on to the reader and counts them. */
  async * taking (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += TAKEN_BYTES) {
        const piece = chunk.subarray(at, at + TAKEN_BYTES)
        this.bytesTaken += piece.length
        yield piece
      }
    }
  }

  /** Passes rows on and counts them as they are read. */
  async * reading<Row> (
    batches: AsyncIterable<readonly Row[]>
  ): AsyncGenerator<readonly Row[], void, undefined> {
    for await (const batch of batches) {
      this.rowsRead += batch.length
      yield batch
    }
    this.rowsInAll = this.rowsRead
  }
}
