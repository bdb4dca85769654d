/** What SAS itself calls something in a DATA step; such a name can't be a variable's. */
const RESERVED = ['_N_', '_ERROR_', '_ALL_', '_NUMERIC_', '_CHARACTER_', '_CHAR_', '_INFILE_', '_FILE_', '_I_', '_CMD_', '_MSG_']
const NAME_BYTES = 32
const PLAIN = /^[A-Za-z_]\w{0,31}$/

/**
 * The variables for columns, in their order: the column's own name where SAS takes it, else cut to 32 bytes, and made unique by a
 * number at its end (SAS knows no case). `mine` are names that stay free.
 */
export function sasNames (columns: readonly string[], mine: readonly string[] = []): string[] {
  const taken = new Set([...RESERVED, ...mine].map(name => name.toLowerCase()))
  const kept = columns.map(column => {
    const folded = column.toLowerCase()
    if (!fits(column) || taken.has(folded)) return undefined
    taken.add(folded)
    return column
  })
  return columns.map((column, index) => {
    const own = kept[index]
    if (own !== undefined) return own
    const plain = withoutControls(column).trim()
    const base = plain === '' ? `VAR${index + 1}` : plain
    let name = cut(base, NAME_BYTES)
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = cut(base, NAME_BYTES - `_${number}`.length) + `_${number}`
    taken.add(name.toLowerCase())
    return name
  })
}

/** Whether the name can be written as it is, without `options validvarname=any`. */
export function isPlain (name: string): boolean {
  return PLAIN.test(name)
}

/** The name as a program writes it. */
export function written (name: string): string {
  return isPlain(name) ? name : `${quoted(name)}n`
}

/** A character constant; in single quotes no macro is resolved. */
export function quoted (text: string): string {
  return `'${withoutControls(text).replaceAll("'", "''")}'`
}

function fits (name: string): boolean {
  return name !== '' && withoutControls(name).trim() === name && Buffer.byteLength(name) <= NAME_BYTES
}

function withoutControls (text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}

/** The first characters that have room in so many bytes of UTF-8. */
function cut (text: string, bytes: number): string {
  let fitting = ''
  for (const character of text) {
    if (Buffer.byteLength(fitting + character) > bytes) break
    fitting += character
  }
  return fitting.trimEnd()
}
