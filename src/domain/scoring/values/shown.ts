import { writeBeginning } from '../../json/write-json.js'

const SHOWN_CHARS = 60

/** Writes a value for a message, shortened to one line. Only the beginning of the value is read. */
export function showValue (value: unknown): string {
  if (value === undefined) return 'nothing'
  const text =
    typeof value === 'string'
      ? `"${value.slice(0, SHOWN_CHARS + 1)}"`
      : writeBeginning(value, 2 * SHOWN_CHARS)
  const line = text.slice(0, 2 * SHOWN_CHARS).replaceAll(/\s+/g, ' ')
  return line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS - 3)}…"` : line
}
