import { ExactNumber } from '../../json/json.js'
import { CellFault } from './cell-fault.js'

const PARTS = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eEdD]([+-]?\d+))?$/
/** 2^63 has so many digits. */
const DIGITS_MAX = 19
const LARGEST = 2n ** 63n - 1n

/**
 * Reads the text of a decimal number as a whole number, exact to the last digit:
 * 9007199254740993, 5.0, 1e3.
 * @throws CellFault when it has a fraction or needs more than 64 bits
 */
export function wholeNumber (text: string): number | ExactNumber {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = PARTS.exec(text) ?? []
  const digits = withoutZeros(whole + fraction)
  if (digits === '') return sign === '-' ? -0 : 0
  const zeros = trailingZeros(digits)
  const power = Number(exponent) - fraction.length + zeros
  if (power < 0) throw new CellFault('is not a whole number')
  if (digits.length - zeros + power > DIGITS_MAX) throw tooLargeFault()
  const value = BigInt(
    sign.replace('+', '') + digits.slice(0, digits.length - zeros) + '0'.repeat(power)
  )
  if (value > LARGEST || value < -LARGEST - 1n) throw tooLargeFault()
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : new ExactNumber(String(value))
}

function tooLargeFault (): CellFault {
  return new CellFault('is larger than a whole number of 64 bits can be')
}

function withoutZeros (digits: string): string {
  let from = 0
  while (digits.charCodeAt(from) === 48) from++
  return digits.slice(from)
}

function trailingZeros (digits: string): number {
  let to = digits.length
  while (digits.charCodeAt(to - 1) === 48) to--
  return digits.length - to
}
