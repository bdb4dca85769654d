const FIRST_BYTES = 16 * 1024

/**
 * Collects the bytes of an answer's body. A single chunk, the usual case, is not copied. More are
 * gathered in one buffer that doubles: a model may send each byte by itself, and a list of a
 * million chunks would take a hundred times their bytes. The pool limits how many bytes come.
 */
export class AnswerBody {
  #bytes: Buffer = Buffer.alloc(0)
  #size = 0
  #isOwn = false

  add (chunk: Buffer): void {
    if (this.#size === 0) {
      this.#bytes = chunk
    } else {
      this.#makeRoom(chunk.length)
      chunk.copy(this.#bytes, this.#size)
    }
    this.#size += chunk.length
  }

  bytes (): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }

  #makeRoom (moreBytes: number): void {
    const needed = this.#size + moreBytes
    if (this.#isOwn && needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, this.#size * 2, needed))
    this.#bytes.copy(larger, 0, 0, this.#size)
    this.#bytes = larger
    this.#isOwn = true
  }
}
