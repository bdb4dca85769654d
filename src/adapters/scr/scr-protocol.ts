import type { Inputs, Outputs } from '../../domain/scoring/scorer.js'

/** The two bodies that SCR models take; which one is learnt by trying (SCR.md of the field: clients of 2021 to 2026 use both). */
export type BodyStyle = 'data' | 'inputs'

/** `{"data":{NAME: value, …}}` or `{"inputs":[{"name":NAME,"value":value}, …]}`. Missing is null in both. */
export function requestBody (inputs: Inputs, style: BodyStyle): string {
  const names = Object.keys(inputs)
  if (style === 'data') {
    if (!hasNegativeZero(inputs, names)) return `{"data":${JSON.stringify(inputs)}}`
    return `{"data":{${names.map(name => `${JSON.stringify(name)}:${jsonOf(inputs[name])}`).join()}}}`
  }
  return `{"inputs":[${names.map(name => `{"name":${JSON.stringify(name)},"value":${jsonOf(inputs[name])}}`).join()}]}`
}

/** Which JSON.stringify would write as 0. */
function hasNegativeZero (inputs: Inputs, names: readonly string[]): boolean {
  for (const name of names) if (Object.is(inputs[name], -0)) return true
  return false
}

function jsonOf (value: unknown): string {
  return Object.is(value, -0) ? '-0' : JSON.stringify(value ?? null)
}

/**
 * The outputs in a model's answer: `{"data":{…}}` or `{"outputs":[{"name","value"}, …]}`, with or without the envelope of version
 * and metadata, members in any order. CHAR values are blank padded at either end and lose that; missing is null.
 * undefined when it is neither.
 */
export function outputsOf (text: string): Outputs | undefined {
  const { data, outputs } = parsed(text)
  const found = isObject(data) ? data : Array.isArray(outputs) ? fromPairs(outputs) : undefined
  if (found === undefined) return undefined
  for (const name of Object.keys(found)) {
    const value = found[name]
    if (typeof value === 'string') found[name] = trimmed(value)
  }
  return found
}

function fromPairs (outputs: readonly unknown[]): Record<string, unknown> | undefined {
  const pairs = outputs.map(output => isObject(output) && typeof output.name === 'string' ? [output.name, output.value ?? null] as const : undefined)
  return pairs.every(pair => pair !== undefined) ? Object.fromEntries(pairs) : undefined
}

/** Without blanks at either end; other white space is part of the value. */
function trimmed (text: string): string {
  let from = 0
  let to = text.length
  while (from < to && text.charCodeAt(from) === 32) from++
  while (to > from && text.charCodeAt(to - 1) === 32) to--
  return text.slice(from, to)
}

/**
 * What a model says of a failure, in one line: Viya's `{errorCode, message, details, httpStatusCode}`, Spring's
 * `{timestamp, status, error, path}`, or the text itself.
 */
export function errorText (text: string): string {
  const { message, details, error, path } = parsed(text)
  const parts = typeof message === 'string' && message !== ''
    ? [message, ...(Array.isArray(details) ? details.filter(detail => typeof detail === 'string') : [])]
    : typeof error === 'string' ? [error, ...(typeof path === 'string' ? [`at ${path}`] : [])] : [text]
  return parts.join('; ').replaceAll(/\s+/g, ' ').trim().slice(0, 500)
}

/** Whether a failure was told by the model itself rather than by what stands in front of it. */
export function isModelsOwn (text: string): boolean {
  const { message, error, errorCode } = parsed(text)
  return typeof message === 'string' || typeof error === 'string' || errorCode !== undefined
}

function parsed (text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
