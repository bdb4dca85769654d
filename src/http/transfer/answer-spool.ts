import { deferred } from '../../async/deferred.js'
import type { SpoolArea, SpoolFile } from './spool-area.js'

/** The bytes that one answer may hold in memory. */
const MEMORY_BYTES = 256 * 1024

/**
 * Holds an answer until its reader may have it, in memory first, then on disk. Once reading has
 * begun, new bytes wait in memory for the reader, and the writer waits for room. There is one
 * writer and one reader; `close` ends both and gives everything back.
 */
export class AnswerSpool {
  readonly #area: SpoolArea
  #memory: Buffer[] = []
  #memoryBytes = 0
  #file: SpoolFile | undefined
  #size = 0
  #reading = false
  #ended = false
  #failure: unknown
  #changed = deferred()

  constructor (area: SpoolArea) {
    this.#area = area
  }

  /** Bytes written so far. */
  get size (): number {
    return this.#size
  }

  /** @throws DomainError `spool-full`, or what the spool was closed with */
  async write (piece: string | Buffer): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    this.#size += bytes.length
    this.#memory.push(bytes)
    this.#memoryBytes += bytes.length
    this.#notify()
    if (!this.#reading && this.#memoryBytes > MEMORY_BYTES) await this.#toDisk()
    while (this.#memoryBytes > MEMORY_BYTES && this.#failure === undefined) {
      await this.#changed.promise
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Nothing more will be written. */
  end (): void {
    this.#ended = true
    this.#notify()
  }

  /**
   * Yields all that was written, in order, then what is written from now on. It ends with `end`, or
   * throws the reason that the spool was closed with.
   */
  async * read (): AsyncGenerator<Buffer, void, undefined> {
    this.#reading = true
    for (let at = 0; ;) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#file !== undefined && at < this.#file.size) {
        const bytes = await this.#file.read(at)
        at += bytes.length
        yield bytes
      } else if (this.#memory.length > 0) {
        const bytes = this.#memory.shift()!
        this.#memoryBytes -= bytes.length
        this.#notify()
        yield bytes
      } else if (this.#ended) {
        return
      } else {
        await this.#changed.promise
      }
    }
  }

  /** Gives memory and disk back. A reader or writer that is not done yet gets `reason`. */
  async close (reason: unknown): Promise<void> {
    this.#failure ??= reason
    this.#notify()
    this.#memory = []
    await this.#file?.close()
  }

  async #toDisk (): Promise<void> {
    try {
      this.#file ??= await this.#area.openFile()
      if (this.#failure !== undefined) return await this.#file.close() // closed meanwhile
      const held = this.#memory.splice(0)
      this.#memoryBytes = 0
      await this.#file.append(Buffer.concat(held))
      this.#notify()
    } catch (error) {
      throw this.#failure ?? error
    }
  }

  #notify (): void {
    const { resolve } = this.#changed
    this.#changed = deferred()
    resolve()
  }
}
