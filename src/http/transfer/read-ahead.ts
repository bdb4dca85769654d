import type { SpoolArea, SpoolFile } from './spool-area.js'

/** How long a reader may pause before the upload is read on without it. */
const PAUSE_MS = 500
/**
 * How much is read on in each such pause. The system itself may hold 10 MB of an upload, and behind
 * them the news that its caller has left.
 */
const STEP_BYTES = 1024 * 1024
/** The part of the free disk that uploads may take, because answers come first. */
const SHARE = 1 / 4

/**
 * The bytes of `source`. While their reader pauses, the source is read on, slowly and onto the
 * disk. Otherwise an upload would stand still behind a silent model, and nobody sees that a caller
 * has left while its socket is not read. Where the disk has no room the upload stands still.
 */
export async function * readAhead (
  source: AsyncGenerator<Buffer, void, undefined>,
  area: SpoolArea
): AsyncGenerator<Buffer, void, undefined> {
  const ahead = new Ahead(source, area)
  try {
    for (let chunk = await ahead.take(); chunk !== undefined; chunk = await ahead.take()) {
      ahead.pause()
      yield chunk
    }
  } finally {
    await ahead.close()
  }
}

class Ahead {
  readonly #source: AsyncGenerator<Buffer, void, undefined>
  readonly #area: SpoolArea
  readonly #clock: NodeJS.Timeout
  #pausedAtMs: number | undefined
  #reading: Promise<void> | undefined
  #file: SpoolFile | undefined
  /** The bytes of the file that the reader has taken. */
  #taken = 0
  /** Bytes that did not fit on the disk. They come after the file. */
  #left: Buffer | undefined
  #ended = false
  #closed = false
  #failure: unknown

  constructor (source: AsyncGenerator<Buffer, void, undefined>, area: SpoolArea) {
    this.#source = source
    this.#area = area
    this.#clock = setInterval(() => {
      if (
        this.#reading !== undefined ||
        this.#pausedAtMs === undefined ||
        performance.now() - this.#pausedAtMs < PAUSE_MS
      ) { return }
      this.#reading = this.#readAhead().finally(() => {
        this.#reading = undefined
      })
    }, PAUSE_MS)
  }

  /** The next bytes; undefined at the end. @throws those of the source */
  async take (): Promise<Buffer | undefined> {
    this.#pausedAtMs = undefined
    if (!this.#hasFile()) await this.#reading
    if (this.#failure !== undefined) throw this.#failure
    if (this.#hasFile()) {
      const bytes = await this.#file!.read(this.#taken)
      this.#taken += bytes.length
      return bytes
    }
    if (this.#taken > 0) {
      await this.#file!.clear()
      this.#taken = 0
    }
    if (this.#left !== undefined) {
      const bytes = this.#left
      this.#left = undefined
      return bytes
    }
    if (this.#ended) return undefined
    const { value } = await this.#source.next()
    return value ?? undefined
  }

  /** The reader has what it asked for. */
  pause (): void {
    this.#pausedAtMs = performance.now()
  }

  async close (): Promise<void> {
    clearInterval(this.#clock)
    this.#closed = true
    this.#pausedAtMs = undefined
    this.#source.return().catch(() => {}) // not awaited: a read may still be pending
    await this.#file?.close()
  }

  #hasFile (): boolean {
    return this.#file !== undefined && this.#taken < this.#file.size
  }

  /** Reads on in steps while the reader pauses. Never rejects: the reader gets its failure. */
  async #readAhead (): Promise<void> {
    for (
      let read = 0;
      read < STEP_BYTES &&
      this.#pausedAtMs !== undefined &&
      !this.#ended &&
      this.#left === undefined;
    ) {
      try {
        const { value } = await this.#source.next()
        if (value === undefined) this.#ended = true
        else await this.#toDisk(value)
        read += value?.length ?? 0
      } catch (error) {
        this.#failure = error
        this.#ended = true
      }
    }
  }

  async #toDisk (bytes: Buffer): Promise<void> {
    try {
      this.#file ??= await this.#area.openFile(SHARE)
      if (this.#closed) await this.#file.close() // closed meanwhile
      await this.#file.append(bytes)
    } catch {
      // without room the bytes stay in memory, and the upload stands still
      this.#left = bytes
    }
  }
}
