/** Names that SAS itself uses in a DATA step; a variable can't have them. */
const RESERVED = [
  '_N_',
  '_ERROR_',
  '_ALL_',
  '_NUMERIC_',
  '_CHARACTER_',
  '_CHAR_',
  '_INFILE_',
  '_FILE_',
  '_I_',
  '_CMD_',
  '_MSG_'
]
const NAME_BYTES = 32
const PLAIN = /^[A-Za-z_]\w*$/

/**
 * Names the SAS variables for these columns, in their order. A column's own name is kept if SAS
 * takes it. Otherwise it is cut to 32 bytes and made unique by a number at its end (SAS ignores
 * case). `mine` are names that no column gets.
 */
export function sasNames (columns: readonly string[], mine: readonly string[] = []): string[] {
  const taken = new Set([...RESERVED, ...mine].map(name => name.toLowerCase()))
  const kept = columns.map(column => {
    const folded = column.toLowerCase()
    if (!fits(column) || taken.has(folded)) return undefined
    taken.add(folded)
    return column
  })
  const numbers = new Numbers()
  return columns.map((column, index) => {
    const own = kept[index]
    if (own !== undefined) return own
    const plain = withoutControls(column).trim()
    const base = plain === '' ? `VAR${index + 1}` : plain
    const short = cutToBytes(base, NAME_BYTES)
    const name = taken.has(short.toLowerCase()) ? numbers.nameOf(base, taken) : short
    taken.add(name.toLowerCase())
    return name
  })
}

/**
 * Remembers the next number for each stem. Counting from the start for each name would take
 * quadratic time.
 */
class Numbers {
  readonly #next = new Map<string, number>()

  nameOf (base: string, taken: ReadonlySet<string>): string {
    for (let digits = 1; ; digits++) {
      const stem = `${cutToBytes(base, NAME_BYTES - 1 - digits)}_`
      const key = `${digits}${stem.toLowerCase()}`
      for (
        let number = this.#next.get(key) ?? (digits === 1 ? 2 : 10 ** (digits - 1));
        number < 10 ** digits;
        number++
      ) {
        this.#next.set(key, number + 1)
        if (!taken.has((stem + number).toLowerCase())) return stem + number
      }
    }
  }
}

/** Whether a program can write the name as it is, without `options validvarname=any`. */
export function isPlain (name: string): boolean {
  return name.length <= 32 && PLAIN.test(name)
}

/** Writes the name as a SAS program has it. */
export function nameLiteral (name: string): string {
  return isPlain(name) ? name : `${quoteText(name)}n`
}

/** Writes a character constant, in single quotes because SAS resolves no macros in these. */
export function quoteText (text: string): string {
  return `'${withoutControls(text).replaceAll("'", "''")}'`
}

function fits (name: string): boolean {
  return (
    name !== '' && withoutControls(name).trim() === name && Buffer.byteLength(name) <= NAME_BYTES
  )
}

function withoutControls (text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}

/** Returns the first characters, as many as fit into so many bytes of UTF-8. */
function cutToBytes (text: string, bytes: number): string {
  let fitting = ''
  for (const character of text) {
    if (Buffer.byteLength(fitting + character) > bytes) break
    fitting += character
  }
  return fitting.trimEnd()
}
