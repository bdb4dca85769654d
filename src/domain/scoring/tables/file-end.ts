const [LF, CR, CTRL_Z] = [10, 13, 26]
/** At most so many bytes of blank lines are held back; longer runs become rows of one column. */
const HELD_MAX_BYTES = 1024 * 1024

/**
 * Removes what only marks the end of a file: blank lines after the last row, and DOS's Ctrl-Z with
 * the line ends after it. They are removed only if nothing else follows. If the file has no quotes,
 * blank lines stay, because they are the only way to write an empty cell. A line's own end is never
 * held back, so that its row does not wait for the next line.
 */
export async function * withoutEnd (
  slices: AsyncIterable<Buffer>,
  quote: string
): AsyncGenerator<Buffer, void, undefined> {
  const last = quote === '' ? new LastUnquoted() : new LastLine()
  for await (const slice of slices) {
    const from = lastRun(slice)
    if (from > 0 || last.heldBytes > HELD_MAX_BYTES) yield * last.begin()
    const to = from + last.ownEnd(slice.subarray(from))
    if (to > 0) yield slice.subarray(0, to)
    if (to < slice.length) last.hold(slice.subarray(to))
  }
}

/** The line ends and Ctrl-Z after the last other byte. */
class LastLine {
  #end: 'open' | 'cr' | 'ended' = 'open'
  #held: Buffer[] = []
  heldBytes = 0

  /** Begins a new line. Returns the bytes held so far, which are part of the file after all. */
  begin (): Buffer[] {
    const held = this.#held
    this.#held = []
    this.heldBytes = 0
    this.#end = 'open'
    return held
  }

  /** Returns how many of these bytes are the line's own end. */
  ownEnd (run: Buffer): number {
    if (this.#held.length > 0 || run.length === 0 || this.#end === 'ended') return 0
    if (this.#end === 'cr') {
      this.#end = 'ended'
      return run[0] === LF ? 1 : 0
    }
    if (run[0] === CTRL_Z) return 0
    const length = run[0] === CR && run[1] === LF ? 2 : 1
    this.#end = run[0] === CR && run.length === 1 ? 'cr' : 'ended'
    return length
  }

  hold (run: Buffer): void {
    this.#held.push(run)
    this.heldBytes += run.length
  }
}

class LastUnquoted extends LastLine {
  override ownEnd (run: Buffer): number {
    const at = run.indexOf(CTRL_Z)
    return this.heldBytes > 0 ? 0 : at < 0 ? run.length : at
  }
}

/** Returns where the line ends and Ctrl-Z at the end of these bytes begin. */
function lastRun (bytes: Buffer): number {
  let from = bytes.length
  while (from > 0 && isEnd(bytes[from - 1]!)) from--
  return from
}

function isEnd (byte: number): boolean {
  return byte === LF || byte === CR || byte === CTRL_Z
}
