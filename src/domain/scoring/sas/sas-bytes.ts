import type { Variable } from '../scorer/signature.js'

/** SAS counts lengths in bytes. A character of UTF-8 has up to four. */
const CHARACTER_BYTES = 4
const CHAR_MAX_BYTES = 32_767
/** The length of a text variable without a declared length, in bytes. */
export const UNKNOWN_BYTES = 1_024

export type SasBytes = number | 'number'

/** Returns the SAS length of a variable. Undefined stands for a column unknown to the model. */
export function bytesOf (variable: Pick<Variable, 'type' | 'length'> | undefined): SasBytes {
  if (variable?.type === 'number') return 'number'
  return variable?.length === undefined
    ? UNKNOWN_BYTES
    : Math.min(CHAR_MAX_BYTES, Math.max(1, variable.length * CHARACTER_BYTES))
}
