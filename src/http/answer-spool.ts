import { randomUUID } from 'node:crypto'
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { deferred } from '../domain/deferred.js'
import { DomainError } from '../domain/errors.js'

/** What one answer may hold in memory. */
const MEMORY_BYTES = 1024 * 1024
const READ_BYTES = 64 * 1024

/** The disk area that all answers share. */
export class SpoolArea {
  readonly #dir: string
  readonly #maxBytes: number
  #usedBytes = 0

  constructor (dir: string, maxBytes: number) {
    this.#dir = dir
    this.#maxBytes = maxBytes
  }

  get usedBytes (): number {
    return this.#usedBytes
  }

  /** A file without a name: whatever ends this process, nothing is left behind. */
  async openFile (): Promise<FileHandle> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 })
    const name = path.join(this.#dir, randomUUID())
    const file = await open(name, 'wx+', 0o600)
    await unlink(name)
    return file
  }

  /** @throws DomainError `spool-full` */
  reserve (bytes: number): void {
    if (this.#usedBytes + bytes > this.#maxBytes) {
      throw new DomainError('spool-full', `the answers waiting here would need more than the ${this.#maxBytes} bytes of disk set aside for them`, { retryAfterSeconds: 30 })
    }
    this.#usedBytes += bytes
  }

  release (bytes: number): void {
    this.#usedBytes -= bytes
  }
}

/**
 * Holds an answer until its reader may have it: in memory first, then on disk. Once reading has begun, what is written after that
 * waits in memory for the reader, and the writer for room. One writer, one reader; `close` ends both and gives everything back.
 */
export class AnswerSpool {
  readonly #area: SpoolArea
  #memory: Buffer[] = []
  #memoryBytes = 0
  #file: FileHandle | undefined
  #fileBytes = 0
  #reservedBytes = 0
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
  async write (text: string | Buffer): Promise<void> {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    this.#size += bytes.length
    if (this.#reading) {
      this.#hold(bytes)
      this.#notify()
      while (this.#memoryBytes > MEMORY_BYTES && this.#failure === undefined) await this.#changed.promise
    } else if (this.#file === undefined && this.#memoryBytes + bytes.length <= MEMORY_BYTES) {
      this.#hold(bytes)
    } else {
      await this.#open()
      const held = this.#memory.splice(0)
      this.#memoryBytes = 0
      await this.#append(Buffer.concat([...held, bytes]))
      this.#notify()
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Nothing more will be written. */
  end (): void {
    this.#ended = true
    this.#notify()
  }

  /** All that was written, in order, then what is written from now on; ends with `end`, or with what the spool was closed with. */
  async * read (): AsyncGenerator<Buffer, void, undefined> {
    this.#reading = true
    for (let at = 0; ;) {
      if (this.#failure !== undefined) throw this.#failure
      if (at < this.#fileBytes) {
        const { buffer, bytesRead } = await this.#file!.read(Buffer.allocUnsafe(READ_BYTES), 0, Math.min(READ_BYTES, this.#fileBytes - at), at)
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
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
    const file = this.#file
    this.#file = undefined
    this.#area.release(this.#reservedBytes)
    this.#reservedBytes = 0
    this.#fileBytes = 0
    await file?.close()
  }

  #hold (bytes: Buffer): void {
    this.#memory.push(bytes)
    this.#memoryBytes += bytes.length
  }

  async #open (): Promise<void> {
    if (this.#file !== undefined) return
    const file = await this.#area.openFile()
    if (this.#failure === undefined) {
      this.#file = file
    } else { // closed meanwhile
      await file.close()
      throw this.#failure
    }
  }

  async #append (bytes: Buffer): Promise<void> {
    this.#area.reserve(bytes.length)
    this.#reservedBytes += bytes.length // given back by close, which may come before the bytes are written
    const at = this.#fileBytes
    try {
      await this.#file!.write(bytes, 0, bytes.length, at)
      if (this.#failure === undefined) this.#fileBytes = at + bytes.length
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? new DomainError('spool-full', 'the disk for waiting answers is full', { cause: error, retryAfterSeconds: 30 }) : error
    }
  }

  #notify (): void {
    const { resolve } = this.#changed
    this.#changed = deferred()
    resolve()
  }
}
