import { ExactNumber } from './json.js'

/**
 * Writes a value from `readJson`, or plain objects, arrays and scalars, as JSON text. Numbers keep
 * their digits, also -0. undefined is written as null. The function recurses, and relies on values
 * being no deeper than the reader allows.
 */
export function writeJson (value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      if (Object.is(value, -0)) return '-0'
      return Number.isFinite(value) ? String(value) : 'null'
    case 'boolean':
      return String(value)
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (value instanceof ExactNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(writeJson).join()}]`
  return writeMembers(
    value instanceof Map ? (value as ReadonlyMap<string, unknown>) : Object.entries(value)
  )
}

/** Writes an object with these members, in their order, as JSON text. */
export function writeMembers (members: Iterable<readonly [string, unknown]>): string {
  let text = '{'
  for (const [name, value] of members) {
    if (text.length > 1) text += ','
    text += `${JSON.stringify(name)}:${writeJson(value)}`
  }
  return text + '}'
}

/**
 * Writes the beginning of a value's JSON text, of about `chars` characters, or all of a shorter
 * text. A large value takes no longer than a small one.
 */
export function writeBeginning (value: unknown, chars: number): string {
  if (typeof value === 'string') return writeJson(value.slice(0, chars))
  if (value instanceof ExactNumber) return value.text.slice(0, chars)
  const isList = Array.isArray(value)
  if (!isList && !(value instanceof Map)) return writeJson(value)
  const members: Iterable<unknown> = isList ? value : (value as ReadonlyMap<string, unknown>)
  let text = isList ? '[' : '{'
  for (const member of members) {
    if (text.length > chars) return text
    if (text.length > 1) text += ','
    const left = chars - text.length
    text += isList
      ? writeBeginning(member, left)
      : namedBeginning(member as [string, unknown], left)
  }
  return text + (isList ? ']' : '}')
}

function namedBeginning ([name, value]: readonly [string, unknown], chars: number): string {
  return `${writeJson(name.slice(0, chars))}:${writeBeginning(value, chars)}`
}
