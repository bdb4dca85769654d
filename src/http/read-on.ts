import type { SpoolArea, SpoolFile } from './spool-area.js'

/** How long a reader may pause before the upload is read on without it. */
const PAUSE_MS = 500
/** What is read on in each such time: the system itself may hold 10 MB of an upload, and behind them the news that its caller has left. */
const STEP_BYTES = 1024 * 1024
/** Of the disk that others leave: answers come first. */
const SHARE = 1 / 4

/**
 * The bytes of `source`, which is read on, slowly and onto the disk, while their reader pauses: behind a model that is silent an upload
 * would stand still, and nobody sees that a caller has left while its socket is not read. Where the disk has no room it stands still.
 */
export async function * readOn (source: AsyncGenerator<Buffer, void, undefined>, area: SpoolArea): AsyncGenerator<Buffer, void, undefined> {
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
  /** How much of the file was taken. */
  #taken = 0
  /** What did not fit on the disk; comes after the file. */
  #left: Buffer | undefined
  #ended = false
  #closed = false
  #failure: unknown

  constructor (source: AsyncGenerator<Buffer, void, undefined>, area: SpoolArea) {
    this.#source = source
    this.#area = area
    this.#clock = setInterval(() => {
      if (this.#reading !== undefined || this.#pausedAtMs === undefined || performance.now() - this.#pausedAtMs < PAUSE_MS) return
      this.#reading = this.#readOn().finally(() => { this.#reading = undefined })
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

  /** A step further, as long as the reader pauses. Never rejects: its failure is the reader's. */
  async #readOn (): Promise<void> {
    for (let read = 0; read < STEP_BYTES && this.#pausedAtMs !== undefined && !this.#ended && this.#left === undefined;) {
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
      if (this.#closed) await this.#file.close() // meanwhile
      await this.#file.append(bytes)
    } catch { // no room: it stays in memory, and the upload stands still
      this.#left = bytes
    }
  }
}
