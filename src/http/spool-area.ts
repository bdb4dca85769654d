import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { DomainError } from '../domain/errors.js'

/** What an answer may take of the room that others leave, so that there always is some for one more: 4/5 alone, 4/9 each of two … */
const SHARE = 4 / 5
const READ_BYTES = 64 * 1024
const NAME = /^scr-modelops-[-0-9a-f]{36}\.spool$/

/**
 * To be called before the first file is opened. Takes away names that a crash between opening and unlinking left. Other processes may
 * share the folder: once its file is open nobody needs a name, so the sweep can't harm them.
 * @throws Error in the words of `readConfig` when files can't be made there
 */
export async function prepareSpool (dir: string): Promise<void> {
  try {
    await (await openUnnamed(dir)).close()
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      if (entry.isFile() && NAME.test(entry.name)) await remove(path.join(dir, entry.name))
    }
  } catch (error) {
    throw new Error(`bad configuration\n  SPOOL_DIR=${dir}: must be a folder in which files can be made (${(error as Error).message})`, { cause: error })
  }
}

/** A file without a name: whatever ends this process, nothing is left behind. */
async function openUnnamed (dir: string): Promise<FileHandle> {
  await mkdir(dir, { recursive: true, mode: 0o700 }) // each time: cleaners of temporary folders take empty ones
  const name = path.join(dir, `scr-modelops-${randomUUID()}.spool`)
  const file = await open(name, 'wx+', 0o600)
  await remove(name)
  return file
}

async function remove (name: string): Promise<void> {
  try {
    await unlink(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // another process has swept it
  }
}

/** The disk area that all requests share. */
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

  /** `share`: what it may take of the room that others leave. */
  async openFile (share = SHARE): Promise<SpoolFile> {
    return new SpoolFile(this, await openUnnamed(this.#dir), share)
  }

  /** For a file that already has `heldBytes`. @throws DomainError `spool-full` */
  reserve (bytes: number, heldBytes: number, share: number): void {
    const others = this.#usedBytes - heldBytes
    const most = Math.floor((this.#maxBytes - others) * share)
    if (heldBytes + bytes > most) throw full(most, this.#maxBytes, others)
    this.#usedBytes += bytes
  }

  release (bytes: number): void {
    this.#usedBytes -= bytes
  }
}

function full (most: number, maxBytes: number, others: number): DomainError {
  const message = `the answer takes more than the ${most} bytes of disk that are left to it: SPOOL_MAX_BYTES is ${maxBytes}, other requests hold ${others}`
  return others > 0
    ? new DomainError('spool-full', message, { retryAfterSeconds: 30 })
    : new DomainError('spool-full', message, {
      remedy: 'split the file, send fewer columns=, ask for Accept-Encoding: gzip, or ask the platform engineer to raise SPOOL_MAX_BYTES'
    })
}

/** Bytes on disk, counted in their area. One writer; readers read what was written. */
export class SpoolFile {
  readonly #area: SpoolArea
  readonly #file: FileHandle
  readonly #share: number
  #reservedBytes = 0
  #size = 0
  #closed = false

  constructor (area: SpoolArea, file: FileHandle, share: number) {
    this.#area = area
    this.#file = file
    this.#share = share
  }

  /** Bytes that can be read. */
  get size (): number {
    return this.#size
  }

  /** @throws DomainError `spool-full` */
  async append (bytes: Buffer): Promise<void> {
    if (this.#closed) throw new Error('the file is closed')
    this.#area.reserve(bytes.length, this.#reservedBytes, this.#share)
    this.#reservedBytes += bytes.length // given back by close, which may come before the bytes are written
    try {
      for (let at = 0; at < bytes.length;) { // a disk that is nearly full takes a part
        at += (await this.#file.write(bytes, at, bytes.length - at, this.#size + at)).bytesWritten
      }
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      throw ['ENOSPC', 'EDQUOT'].includes(code) ? new DomainError('spool-full', 'the disk for waiting answers is full', { cause: error, retryAfterSeconds: 30 }) : error
    }
    this.#size += bytes.length
  }

  /** Up to 64 KiB from there on; at least a byte where there is one. */
  async read (at: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(READ_BYTES), 0, Math.min(READ_BYTES, this.#size - at), at)
    return buffer.subarray(0, bytesRead)
  }

  /** Forgets what was written, to be used again from its start. */
  async clear (): Promise<void> {
    await this.#file.truncate(0)
    this.#size = 0
    this.#giveBack()
  }

  /** A write or read under way comes to its end. */
  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#giveBack()
    await this.#file.close()
  }

  #giveBack (): void {
    this.#area.release(this.#reservedBytes)
    this.#reservedBytes = 0
  }
}
