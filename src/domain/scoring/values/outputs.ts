import { DomainError } from '../../errors.js'
import { ExactNumber, type Json, type JsonObject } from '../../json/json.js'
import { CellFault, numberOf } from './cell.js'
import type { Outputs } from '../scorer/scorer.js'
import { showValue } from './shown.js'
import type { Signature, Variable } from '../scorer/signature.js'

/** A row may have so many outputs, since each may become a column. */
const OUTPUTS_MAX = 10_000
/** A longer text is never read as a number. */
const NUMBER_MAX_CHARS = 400
const WHOLE_NUMBER = /^-?\d+$/
/** A message lists at most so many names or faults. */
const TOLD_MAX = 5

type Reader = (value: Json) => Json

/**
 * Makes the function that turns a model's answer into outputs; nothing else does that. First come
 * the outputs that the signature declares, in its order, each of its declared type. After them come
 * the other outputs that the model answered. Names match exactly, else without regard to case.
 * Texts lose their blank padding. The returned function throws DomainError `row-answer-invalid`.
 */
export function outputsReader (signature: Signature): (answered: JsonObject) => Outputs {
  if (signature.inferred) return readUndeclared
  const declared = signature.outputs.map(output => ({ ...output, read: valueReader(output) }))
  const names = new Set(declared.map(({ name }) => name))
  return answered => {
    checkCount(answered)
    const outputs = new Map<string, Json>()
    const faults: string[] = []
    let folded: FoldedNames | undefined
    let taken = 0
    for (const { name, read } of declared) {
      let key: string | undefined = name
      if (!answered.has(name)) {
        folded ??= foldedNames(answered, names)
        key = folded.match(name, faults)
      }
      if (key === undefined) continue
      taken++
      try {
        outputs.set(name, read(answered.get(key)!))
      } catch (error) {
        if (!(error instanceof CellFault)) throw error
        faults.push(
          `answered ${showValue(answered.get(key))} for the output ${name}, which ${error.message}`
        )
      }
    }
    if (faults.length > 0) throw unusableFault(faults)
    if (taken < answered.size) addUndeclared(outputs, answered, folded)
    return outputs
  }
}

function readUndeclared (answered: JsonObject): Outputs {
  checkCount(answered)
  if (answered.size === 0) throw unusableFault(['answered no outputs'])
  const outputs = new Map<string, Json>()
  for (const [name, value] of answered) outputs.set(name, withoutPadding(value))
  return outputs
}

/**
 * Adds the answered outputs that were not declared, each under its own name, even if a declared
 * name differs from it by case only.
 */
function addUndeclared (
  outputs: Map<string, Json>,
  answered: JsonObject,
  folded: FoldedNames | undefined
): void {
  for (const [name, value] of answered) {
    if (!outputs.has(name) && folded?.isTaken(name) !== true) {
      outputs.set(name, withoutPadding(value))
    }
  }
}

interface FoldedNames {
  /**
   * Finds the one answered name that is the same without regard to case. Adds a fault if there is
   * none or more than one.
   */
  match: (name: string, faults: string[]) => string | undefined
  isTaken: (name: string) => boolean
}

/** Leaves out answered names that are exactly declared ones: they belong to these outputs. */
function foldedNames (answered: JsonObject, declared: ReadonlySet<string>): FoldedNames {
  const byFolded = new Map<string, string[]>()
  for (const name of answered.keys()) {
    if (declared.has(name)) continue
    const same = byFolded.get(name.toLowerCase())
    if (same === undefined) byFolded.set(name.toLowerCase(), [name])
    else same.push(name)
  }
  const taken = new Set<string>()
  return {
    isTaken: name => taken.has(name),
    match (name, faults) {
      const found = byFolded.get(name.toLowerCase()) ?? []
      const free = found.filter(candidate => !taken.has(candidate))
      if (free.length !== 1) {
        faults.push(
          free.length === 0
            ? `did not answer the output ${name}`
            : `answered ${free.slice(0, TOLD_MAX).map(showValue).join(' and ')}, which could both be the output ${name}`
        )
        return undefined
      }
      taken.add(free[0]!)
      return free[0]
    }
  }
}

function checkCount ({ size }: JsonObject): void {
  if (size > OUTPUTS_MAX) {
    throw unusableFault([`answered ${size} outputs; at most ${OUTPUTS_MAX} are read`])
  }
}

function unusableFault (faults: readonly string[]): DomainError {
  const more = faults.length > TOLD_MAX ? ` and ${faults.length - TOLD_MAX} more` : ''
  return new DomainError(
    'row-answer-invalid',
    `the model ${faults.slice(0, TOLD_MAX).join('; it ')}${more}`
  )
}

function valueReader ({ type, format }: Variable): Reader {
  if (format === 'int64') return readWholeNumber
  if (format === 'json') return readStructure
  return type === 'number' ? readDouble : readTextOrGrid
}

/** Reads a number, rounded to a double. A text is taken too: data grids give numbers as text. */
function readDouble (value: Json): number | null {
  if (typeof value === 'number' || value === null) return value
  if (value instanceof ExactNumber) return checkFinite(Number(value.text))
  if (typeof value === 'string' && value.length <= NUMBER_MAX_CHARS) {
    try {
      return numberOf(value)
    } catch {}
  }
  throw new CellFault('is a number')
}

function checkFinite (number: number): number {
  if (Number.isFinite(number)) return number
  throw new CellFault('is a number that a double can hold')
}

/** Reads a whole number and keeps its digits, also beyond 2^53. */
function readWholeNumber (value: Json): Json {
  if (value === null) return null
  if (typeof value === 'string') {
    const text = value.trim()
    if (text.length <= NUMBER_MAX_CHARS && WHOLE_NUMBER.test(text)) return exactNumber(text)
    const number = readDouble(value)
    if (number === null || Number.isSafeInteger(number)) return number
  }
  if (typeof value === 'number' && Number.isInteger(value)) return value
  if (
    value instanceof ExactNumber &&
    (WHOLE_NUMBER.test(value.text) || Number.isSafeInteger(Number(value.text)))
  ) { return value }
  throw new CellFault('is a whole number')
}

/** Reads digits exactly. Leading zeros are dropped, since a JSON number has none. */
function exactNumber (digits: string): number | ExactNumber {
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : new ExactNumber(String(BigInt(digits)))
}

/** SCR declares a data grid as a text and answers `[{"metadata":[…]},{"data":[…]}]`. */
function readTextOrGrid (value: Json): Json {
  if (typeof value === 'string') return withoutPadding(value)
  if (value === null || isGrid(value)) return value
  throw new CellFault('is a text')
}

function isGrid (value: Json): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(part => part instanceof Map && (part.has('metadata') || part.has('data')))
  )
}

function readStructure (value: Json): Json {
  if (value === null || typeof value === 'string' || Array.isArray(value) || value instanceof Map) {
    return value
  }
  throw new CellFault('is a data grid or list')
}

/** CHAR values are padded with blanks at either end; other white space belongs to the value. */
function withoutPadding (value: Json): Json {
  if (typeof value !== 'string') return value
  let from = 0
  let to = value.length
  while (from < to && value.charCodeAt(from) === 32) from++
  while (to > from && value.charCodeAt(to - 1) === 32) to--
  return value.slice(from, to)
}
