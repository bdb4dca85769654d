import type { VariableType } from './signature.js'
import type { CsvDialect } from './table.js'

/** A value as it goes to a model. Missing is null, for numbers and for text. */
export type Value = number | string | null

/** SAS writes a missing numeric as nothing, as a dot, or as a dot with one letter or underscore. */
const SAS_MISSING = /^\.[A-Za-z_]?$/
/** A decimal number as SAS and everybody else writes it; not Infinity, NaN, hexadecimal or digits grouped by a separator. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?$/
/** What JSON itself would write for a number: leading zeros, a plus sign or a bare dot make a text of it. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
/** What a file may have where a blank separates thousands: French Excel writes either of the other two. */
const BLANK = '[ \\u00a0\\u202f]'

const [MINUS, POINT, ZERO] = [45, 46, 48]

/** A cell that does not fit its variable. */
export class CellFault extends Error {}

/** What a cell of a CSV means. @throws CellFault */
export type CellReader = (text: string) => Value

type NumberDialect = Pick<CsvDialect, 'decimal' | 'thousands' | 'missing'>

/** The reader of a dialect's cells for variables of this type: made once a column, since it is asked for every cell. */
export function cellReader (type: VariableType, dialect: NumberDialect = {}): CellReader {
  return type === 'number' ? numberReader(dialect) : textValue
}

/** As `cellReader`, without a signature: only canonical JSON numbers, with the dialect's decimal sign, become numbers. */
export function inferredReader ({ decimal = '.', missing = [] }: NumberDialect = {}): CellReader {
  const read = decimal === '.' ? inferredValueOf : (text: string) => text.includes('.') ? text : keptText(inferredValueOf(text.replace(decimal, '.')), text)
  return missing.length === 0 ? read : exceptMissing(read, missing)
}

function keptText (value: Value, text: string): Value {
  return typeof value === 'string' ? text : value
}

function textValue (text: string): string | null {
  return text === '' ? null : text
}

function numberReader ({ decimal = '.', thousands, missing = [] }: NumberDialect): CellReader {
  const read = decimal === '.' && thousands === undefined ? numberOf : localNumberReader(decimal, thousands)
  return missing.length === 0 ? read : exceptMissing(read, missing)
}

function exceptMissing (read: CellReader, missing: readonly string[]): CellReader {
  const texts = new Set(missing)
  return text => texts.has(text.trim()) ? null : read(text)
}

/** Numeric text with surrounding blanks; blank and SAS missings are null. @throws CellFault */
export function numberOf (text: string): number | null {
  if (text === '') return null
  if (hasPlainStart(text)) {
    const number = Number(text)
    if (Number.isFinite(number)) return number
  }
  const trimmed = text.trim()
  if (NUMBER.test(trimmed)) return finiteNumber(trimmed)
  if (trimmed === '' || SAS_MISSING.test(trimmed)) return null
  throw new CellFault('is not a number')
}

/** The usual cell: begins with 1 to 9 or "0.", after a minus or not. What else Number() takes ("0x1", "Infinity", blanks) does not. */
function hasPlainStart (text: string): boolean {
  const at = text.charCodeAt(0) === MINUS ? 1 : 0
  const first = text.charCodeAt(at)
  return (first > ZERO && first <= ZERO + 9) || (first === ZERO && text.charCodeAt(at + 1) === POINT)
}

/** Digits of a number may be grouped by threes, all of them, and only before the decimal sign: 1,00 would be read as 100 otherwise. */
function localNumberReader (decimal: string, thousands: string | undefined): CellReader {
  const sign = escaped(decimal)
  const number = new RegExp(`^[+-]?(?:\\d+(?:${sign}\\d*)?|${sign}\\d+)(?:[eEdD][+-]?\\d+)?$`)
  const separator = thousands === ' ' ? BLANK : escaped(thousands ?? '')
  const separators = new RegExp(separator, 'g')
  const grouped = thousands === undefined ? undefined : new RegExp(`^[+-]?[1-9]\\d{0,2}(?:${separator}\\d{3})+(?:${sign}\\d*)?$`)
  const found = `is not a number with the decimal sign ${decimal}`
  const fault = thousands === undefined ? found : `${found} and ${thousands === ' ' ? 'a blank' : thousands} between thousands`
  return text => {
    const trimmed = text.trim()
    if (number.test(trimmed)) return finiteNumber(trimmed.replace(decimal, '.'))
    if (grouped?.test(trimmed) === true) return finiteNumber(trimmed.replaceAll(separators, '').replace(decimal, '.'))
    if (trimmed === '' || SAS_MISSING.test(trimmed)) return null
    throw new CellFault(fault)
  }
}

function escaped (character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
}

function finiteNumber (text: string): number {
  const number = Number(text.replace(/[dD]/, 'e'))
  if (Number.isFinite(number)) return number
  throw new CellFault('is larger than a double can hold')
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
