// What cells and JSON values mean for the model's inputs, by a reading that shares nothing with the
// service's.
import type { PlainDialect } from './plain-csv.js'
import { Digits, type Plain } from './plain-json.js'

/** What a variable takes: a double, a whole number of 64 bits, a text; or whatever comes. */
export type Kind = 'double' | 'whole' | 'text' | 'any'

/** undefined: it does not fit. */
export type Meaning = Plain | undefined

export function meaningOfCell (text: string, kind: Kind, dialect: PlainDialect): Meaning {
  if (kind === 'text') return text === '' ? null : text
  if (dialect.missing.includes(text.trim())) return null
  if (kind === 'any') return inferred(text, dialect)
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === '.' || /^\.[a-z_]$/i.test(trimmed)) return null
  const number = plainNumber(trimmed, dialect)
  return number === undefined ? undefined : kind === 'double' ? double(number) : whole(number)
}

export function meaningOfValue (value: Plain | undefined, kind: Kind): Meaning {
  if (kind === 'any') return value
  if (value === undefined || value === null) return null
  if (kind === 'text') return typeof value === 'string' ? value : undefined
  if (!(value instanceof Digits)) return undefined
  return kind === 'double' ? double(value.text) : whole(value.text)
}

/** With a point, without separators, and with e for an exponent; undefined: it is no number. */
function plainNumber (text: string, { decimal, thousands }: PlainDialect): string | undefined {
  const [, sign, mantissa, exponent] = /^([+-]?)([^eEdD]*)(?:[eEdD]([+-]?\d+))?$/.exec(text) ?? []
  if (mantissa === undefined) return undefined
  const parts = mantissa.split(decimal)
  if (parts.length > 2) return undefined
  const [before = '', after = ''] = parts
  const groups = thousands === ' '
    ? before.split(/[ \u00a0\u202f]/)
    : thousands === undefined
      ? [before]
      : before.split(thousands)
  if (groups.length > 1) {
    const isGrouped = /^[1-9]\d{0,2}$/.test(groups[0]!) &&
      groups.slice(1).every(group => /^\d{3}$/.test(group))
    if (!isGrouped || exponent !== undefined) return undefined
  }
  const digits = groups.join('')
  if (!/^\d*$/.test(digits) || !/^\d*$/.test(after) || digits + after === '') return undefined
  return `${sign}${digits}.${after}e${exponent ?? '0'}`
}

function double (text: string): Digits | undefined {
  const number = Number(text)
  if (!Number.isFinite(number)) return undefined
  return new Digits(Object.is(number, -0) ? '-0' : String(number))
}

/** By whole numbers alone: no double is in between. */
function whole (text: string): Digits | undefined {
  const [, sign = '', before = '', after = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)!
  const all = (before + after).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  const zeros = all.length - digits.length + Number(exponent) - after.length
  const minus = sign === '-' ? '-' : ''
  if (digits === '') return new Digits(`${minus}0`)
  if (zeros < 0 || zeros > 30) return undefined
  const value = BigInt(minus + digits + '0'.repeat(zeros))
  return BigInt.asIntN(64, value) === value ? new Digits(String(value)) : undefined
}

/** What JSON would write for a number that a double can hold, but for the decimal sign. */
function inferred (text: string, { decimal }: PlainDialect): Plain {
  if (text === '') return null
  if (decimal === ',' && text.includes('.')) return text
  const json = text.replace(decimal, '.')
  const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(json)
  return isNumber && Number.isFinite(Number(json)) ? new Digits(json) : text
}
