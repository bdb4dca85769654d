import type { VariableType } from './signature.js'

/** A value as it goes to a model. Missing is null, for numbers and for text. */
export type Value = number | string | null

/** SAS writes a missing numeric as nothing, as a dot, or as a dot with one letter or underscore. */
const SAS_MISSING = /^\.[A-Za-z_]?$/
/** A decimal number as SAS and everybody else writes it; not Infinity, NaN, hexadecimal or digits grouped by a separator. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?$/
/** What JSON itself would write for a number: leading zeros, a plus sign or a bare dot make a text of it. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A cell that does not fit its variable. */
export class CellFault extends Error {}

/** What a CSV cell means for a variable of this type. @throws CellFault */
export function valueOf (text: string, type: VariableType): Value {
  return type === 'number' ? numberOf(text) : text === '' ? null : text
}

/** Numeric text with surrounding blanks; blank and SAS missings are null. @throws CellFault */
export function numberOf (text: string): number | null {
  // The usual cell first: Number() also takes what we don't ("0x1", "Infinity", ""), so the pattern decides, not the result.
  const trimmed = text.trim()
  if (NUMBER.test(trimmed)) {
    const number = Number(trimmed.replace(/[dD]/, 'e'))
    if (Number.isFinite(number)) return number
    throw new CellFault('is larger than a double can hold')
  }
  if (trimmed === '' || SAS_MISSING.test(trimmed)) return null
  throw new CellFault('is not a number')
}

/** Without a signature only what is canonically a JSON number that a double can hold becomes one, and only the empty cell null. */
export function inferredValueOf (text: string): Value {
  if (text === '') return null
  const number = JSON_NUMBER.test(text) ? Number(text) : NaN
  return Number.isFinite(number) ? number : text
}

/** A value of a JSON body for a variable of this type: taken as it is, or refused; never converted. @throws CellFault */
export function checkedValue (value: unknown, type: VariableType): Value {
  if (value === null || value === undefined) return null
  // eslint-disable-next-line valid-typeof -- a VariableType is what typeof says
  if (typeof value === type) return finite(value) as Value
  throw new CellFault(type === 'number' ? 'is not a number (JSON null is a missing value)' : 'is not a string (JSON null is a missing value)')
}

/** A JSON value but for what JSON.parse makes of 1e999: sent on as it is, Infinity would arrive as null. @throws CellFault */
export function finite (value: unknown): unknown {
  if (value === Infinity || value === -Infinity) throw new CellFault('is larger than a double can hold')
  return value
}

/** A value as CSV text: missing is empty, doubles read back to the same bits, structured values (datagrids) are JSON text. */
export function textOf (value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  // JavaScript writes the shortest digits that read back to the same double; it only drops the sign of -0.
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  return JSON.stringify(value)
}
