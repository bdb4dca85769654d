import { ExactNumber, isJsonObject, type Json } from '../../json/json.js'
import { JsonFault, readJson } from '../../json/read-json.js'
import { writeJson } from '../../json/write-json.js'
import { CellFault } from './cell-fault.js'
import type { Variable, VariableType } from '../scorer/signature.js'
import type { CsvDialect } from '../tables/table.js'
import { wholeNumber } from './whole-number.js'

export { CellFault }

/** SAS writes a missing number as nothing, as a dot, or as a dot and one letter or underscore. */
const SAS_MISSING = /^\.[A-Za-z_]?$/
/**
 * A decimal number as SAS and other programs write it. Infinity, NaN, hexadecimal numbers and
 * digits grouped by a separator do not match.
 */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?$/
/**
 * A number as JSON writes it. A text with a leading zero, a plus sign or a bare dot does not match.
 */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
/**
 * The blanks that may separate thousands: a space, and the two no-break spaces that French Excel
 * writes.
 */
const BLANK = '[ \\u00a0\\u202f]'

const [MINUS, POINT, ZERO] = [45, 46, 48]

/**
 * Reads a cell of a CSV into the value that goes to the model. A missing number or text is null.
 * @throws CellFault
 */
export type CellReader = (text: string) => Json

type NumberDialect = Pick<CsvDialect, 'decimal' | 'thousands' | 'missing'>

/**
 * Makes the reader for a dialect's cells of this type. It is made once per column, because it reads
 * every cell.
 */
export function cellReader (
  type: VariableType,
  dialect: NumberDialect = {},
  format?: Variable['format']
): CellReader {
  if (type === 'number') return numberReader(dialect, format === 'int64')
  return format === 'json' ? structuredValue : textValue
}

/**
 * Makes a reader for a model without a signature. Only canonical JSON numbers, written with the
 * dialect's decimal sign, become numbers; they keep all digits.
 */
export function inferredReader ({ decimal = '.', missing = [] }: NumberDialect = {}): CellReader {
  const read =
    decimal === '.'
      ? inferredValueOf
      : (text: string) =>
          text.includes('.') ? text : keepText(inferredValueOf(text.replace(decimal, '.')), text)
  return missing.length === 0 ? read : readerWithMissing(read, missing)
}

function keepText (value: Json, text: string): Json {
  return typeof value === 'string' ? text : value
}

function textValue (text: string): string | null {
  return text === '' ? null : text
}

/** Reads a data grid or an array from the JSON text in the cell. */
function structuredValue (text: string): Json {
  if (text.trim() === '') return null
  try {
    const value = readJson(text)
    if (Array.isArray(value) || isJsonObject(value)) return value
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
  }
  throw new CellFault('is not the JSON text of an array or an object')
}

function numberReader (
  { decimal = '.', thousands, missing = [] }: NumberDialect,
  isWhole: boolean
): CellReader {
  const isPlain = decimal === '.' && thousands === undefined
  const read = isPlain
    ? isWhole
      ? wholeNumberOf
      : numberOf
    : localNumberReader(decimal, thousands, isWhole ? wholeNumber : readFiniteNumber)
  return missing.length === 0 ? read : readerWithMissing(read, missing)
}

function readerWithMissing (read: CellReader, missing: readonly string[]): CellReader {
  const texts = new Set(missing)
  return text => (texts.has(text.trim()) ? null : read(text))
}

/**
 * Reads a number that may have blanks around it. A blank text and SAS's missing values are null.
 * @throws CellFault
 */
export function numberOf (text: string): number | null {
  if (text === '') return null
  if (hasPlainStart(text)) {
    const number = Number(text)
    if (Number.isFinite(number)) return number
  }
  const trimmed = text.trim()
  if (NUMBER.test(trimmed)) return readFiniteNumber(trimmed)
  if (trimmed === '' || SAS_MISSING.test(trimmed)) return null
  throw new CellFault('is not a number')
}

/** Like `numberOf`, for a whole number of 64 bits. @throws CellFault */
function wholeNumberOf (text: string): number | ExactNumber | null {
  const trimmed = text.trim()
  if (NUMBER.test(trimmed)) return wholeNumber(trimmed)
  if (trimmed === '' || SAS_MISSING.test(trimmed)) return null
  throw new CellFault('is not a number')
}

/**
 * Whether a text begins as most numbers do: an optional minus, then 1 to 9 or "0.". The other texts
 * that Number() takes ("0x1", "Infinity", blanks) begin otherwise.
 */
function hasPlainStart (text: string): boolean {
  const at = text.charCodeAt(0) === MINUS ? 1 : 0
  const first = text.charCodeAt(at)
  return (
    (first > ZERO && first <= ZERO + 9) || (first === ZERO && text.charCodeAt(at + 1) === POINT)
  )
}

/**
 * Makes a reader for numbers with another decimal sign or a separator of thousands. Either all
 * digits before the decimal sign are grouped by threes, or none. Otherwise 1,00 would be read as
 * 100.
 */
function localNumberReader (
  decimal: string,
  thousands: string | undefined,
  numberOfText: (text: string) => Json
): CellReader {
  const sign = escapePattern(decimal)
  const number = new RegExp(`^[+-]?(?:\\d+(?:${sign}\\d*)?|${sign}\\d+)(?:[eEdD][+-]?\\d+)?$`)
  const separator = thousands === ' ' ? BLANK : escapePattern(thousands ?? '')
  const separators = new RegExp(separator, 'g')
  const grouped =
    thousands === undefined
      ? undefined
      : new RegExp(`^[+-]?[1-9]\\d{0,2}(?:${separator}\\d{3})+(?:${sign}\\d*)?$`)
  const found = `is not a number with the decimal sign ${decimal}`
  const fault =
    thousands === undefined
      ? found
      : `${found} and ${thousands === ' ' ? 'a blank' : thousands} between thousands`
  return text => {
    const trimmed = text.trim()
    if (number.test(trimmed)) return numberOfText(trimmed.replace(decimal, '.'))
    if (grouped?.test(trimmed) === true) {
      return numberOfText(trimmed.replaceAll(separators, '').replace(decimal, '.'))
    }
    if (trimmed === '' || SAS_MISSING.test(trimmed)) return null
    throw new CellFault(fault)
  }
}

function escapePattern (character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
}

function readFiniteNumber (text: string): number {
  const number = Number(text.replace(/[dD]/, 'e'))
  if (Number.isFinite(number)) return number
  throw new CellFault('is larger than a double can hold')
}

/**
 * Reads a cell for a model without a signature. A canonical JSON number within the range of doubles
 * becomes a number with its digits as written. The empty cell is null. Any other text stays text.
 */
export function inferredValueOf (text: string): Json {
  if (text === '') return null
  if (!JSON_NUMBER.test(text)) return text
  const number = Number(text)
  if (!Number.isFinite(number)) return text
  return String(number) === text ? number : new ExactNumber(text)
}

/**
 * Checks a value of a JSON body for a variable of this type. It is taken as it is or refused, never
 * converted. But a number is rounded to a double unless the variable takes whole numbers of 64
 * bits.
 * @throws CellFault
 */
export function checkValue (
  value: Json | undefined,
  type: VariableType,
  format?: Variable['format']
): Json {
  if (value === null || value === undefined) return null
  if (type === 'string') {
    if (
      typeof value === 'string' ||
      (format === 'json' && (Array.isArray(value) || isJsonObject(value)))
    ) { return value }
    throw new CellFault(
      `is not ${format === 'json' ? 'an array, an object or a string' : 'a string'} (JSON null is a missing value)`
    )
  }
  if (typeof value !== 'number' && !(value instanceof ExactNumber)) {
    throw new CellFault('is not a number (JSON null is a missing value)')
  }
  if (format === 'int64') return wholeNumber(textOf(value))
  const number = typeof value === 'number' ? value : Number(value.text)
  if (Number.isFinite(number)) return number
  throw new CellFault('is larger than a double can hold')
}

/**
 * Words that other programs write for a missing value. SAS itself writes its .A as A unless told to
 * write the dot.
 */
const MISSING_WORDS =
  /^(?:[A-Z_?*-]|[#<(]?(?:n\/?a|nan|null|n\/d|nil|none|missing|unknown)[>)!?]?|n\.a\.?|n\.d\.?|nd|\\N|-+)$/i
const WORD_CHARS = 10

/**
 * Returns advice for a cell of a numeric column that looks like a missing value, '' for other
 * cells.
 */
export function missingHint (text: string): string {
  const word = text.trim()
  if (word.length > WORD_CHARS || !MISSING_WORDS.test(word) || /^[a-z]$/.test(word)) return ''
  return `; if it stands for a missing value, give missing=${encodeURIComponent(word)}`
}

/**
 * Writes a value as the text of a CSV cell. A missing value is empty, numbers keep their digits,
 * and structured values (data grids) become JSON text.
 */
export function textOf (value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  // String() writes the shortest digits that read back to the same double, but drops the sign of
  // -0.
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  return writeJson(value)
}
