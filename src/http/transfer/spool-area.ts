import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { DomainError } from '../../domain/errors.js'

/**
 * The part of the free room that one answer may take, so that there always is room for one more:
 * 4/5 for one alone, 4/9 each for two, and so on.
 */
const SHARE = 4 / 5
const READ_BYTES = 64 * 1024
const NAME = /^scr-modelops-[-0-9a-f]+\.spool$/

/**
 * Sweeps the folder before its first file is opened: a crash between opening and unlinking leaves
 * a name behind. Other processes may share the folder. They need no name once a file is open, so
 * the sweep can't harm them.
 * @throws Error in the words of `readConfig` when files can't be made there
 */
export async function prepareSpool (dir: string): Promise<void> {
  try {
    await (await openUnnamed(dir)).close()
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      if (entry.isFile() && NAME.test(entry.name)) await remove(path.join(dir, entry.name))
    }
  } catch (error) {
    throw new Error(
      `bad configuration\n  SPOOL_DIR=${dir}: must be a folder in which files can be made (${(error as Error).message})`,
      { cause: error }
    )
  }
}

/** A file without a name, so that nothing is left behind whatever ends this process. */
async function openUnnamed (dir: string): Promise<FileHandle> {
  // made each time, since cleaners of temporary folders remove empty ones
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const name = path.join(dir, `scr-modelops-${randomUUID()}.spool`)
  const file = await open(name, 'wx+', 0o600)
  await remove(name)
  return file
}

async function remove (name: string): Promise<void> {
  try {
    await unlink(name)
  } catch (error) {
    // another process has swept it
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
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

  /** `share` is the part of the free room that it may take. */
  async openFile (share = SHARE): Promise<SpoolFile> {
    return new SpoolFile(
      this,
      await openUnnamed(this.#dir).catch((error: unknown) => {
        throw diskFault(error)
      }),
      share
    )
  }

  /** For a file that already has `heldBytes`. @throws DomainError `spool-full` */
  reserve (bytes: number, heldBytes: number, share: number): void {
    const others = this.#usedBytes - heldBytes
    const most = Math.floor((this.#maxBytes - others) * share)
    if (heldBytes + bytes > most) throw fullFault(most, this.#maxBytes, others)
    this.#usedBytes += bytes
  }

  release (bytes: number): void {
    this.#usedBytes -= bytes
  }
}

/**
 * Names a failure of the folder or its disk, which is not the caller's fault.
 */
function diskFault (error: unknown): DomainError {
  const { code = String(error) } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new DomainError('spool-full', 'the disk for waiting answers is full', {
      cause: error,
      retryAfterSeconds: 30
    })
    : new DomainError('spool-unusable', `the folder for waiting answers can't be used (${code})`, {
      cause: error,
      retryAfterSeconds: 30
    })
}

function fullFault (most: number, maxBytes: number, others: number): DomainError {
  const message = `the answer takes more than the ${most} bytes of disk that are left to it: SPOOL_MAX_BYTES is ${maxBytes}, other requests hold ${others}`
  return others > 0
    ? new DomainError('spool-full', message, { retryAfterSeconds: 30 })
    : new DomainError('spool-full', message, {
      remedy:
          'split the file, send fewer columns=, ask for Accept-Encoding: gzip, or ask the platform engineer to raise SPOOL_MAX_BYTES'
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
    // close gives them back, and may come before the bytes are written
    this.#reservedBytes += bytes.length
    try {
      for (let at = 0; at < bytes.length;) {
        // a disk that is nearly full takes only a part
        at += (await this.#file.write(bytes, at, bytes.length - at, this.#size + at)).bytesWritten
      }
    } catch (error) {
      throw diskFault(error)
    }
    this.#size += bytes.length
  }

  /** Reads up to 64 KiB from `at` on, and at least a byte where there is one. */
  async read (at: number): Promise<Buffer> {
    const length = Math.min(READ_BYTES, this.#size - at)
    const { buffer, bytesRead } = await this.#file
      .read(Buffer.allocUnsafe(READ_BYTES), 0, length, at)
      .catch((error: unknown) => {
        throw diskFault(error)
      })
    return buffer.subarray(0, bytesRead)
  }

  /** Forgets what was written, to be used again from its start. */
  async clear (): Promise<void> {
    await this.#file.truncate(0)
    this.#size = 0
    this.#giveBack()
  }

  /** Waits for a write or read under way. */
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
