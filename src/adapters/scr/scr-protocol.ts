import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json/json.js'
import { JsonFault, readJson } from '../../domain/json/read-json.js'
import { writeJson, writeMembers } from '../../domain/json/write-json.js'
import type { Inputs } from '../../domain/scoring/scorer/scorer.js'
import { showValue } from '../../domain/scoring/values/shown.js'

/**
 * The two forms of body that SCR models take. Clients of 2021 to 2026 use both, so the form is
 * learnt by trying.
 */
export type BodyStyle = 'data' | 'inputs'

/**
 * `{"data":{NAME: value, …}}` or `{"inputs":[{"name":NAME,"value":value}, …]}`. Missing is null in
 * both.
 */
export function writeBody (inputs: Inputs, style: BodyStyle): string {
  const names = Object.keys(inputs)
  if (style === 'data') {
    return `{"data":${writeMembers(names.map(name => [name, inputs[name]] as const))}}`
  }
  return `{"inputs":[${names.map(name => `{"name":${JSON.stringify(name)},"value":${writeJson(inputs[name])}}`).join()}]}`
}

/**
 * An answer without outputs. `isJson` is false when it is no JSON at all, e.g. a web server's page.
 */
export class AnswerFault extends Error {
  readonly isJson: boolean

  constructor (isJson: boolean, message: string) {
    super(message)
    this.isJson = isJson
  }
}

/**
 * Reads the outputs in a model's answer: `{"data":{…}}` or `{"outputs":[{"name","value"}, …]}`, or
 * both where they agree, with or without the envelope of version and metadata, in any order.
 * Missing is null. Values stay as they came.
 * @throws AnswerFault for everything else, also for an error document
 */
export function readOutputs (text: string): JsonObject {
  const answer = parseAnswer(text)
  if (!isJsonObject(answer)) {
    throw new AnswerFault(true, `answered ${showValue(answer)}, which has neither data nor outputs`)
  }
  checkOutcome(answer, text)
  const data = answer.has('data') ? readDataObject(answer.get('data')!) : undefined
  const outputs = answer.has('outputs') ? readPairs(answer.get('outputs')!) : undefined
  if (data !== undefined && outputs !== undefined && !agree(data, outputs)) {
    throw new AnswerFault(true, 'answered data and outputs that do not agree')
  }
  const found = data ?? outputs
  if (found === undefined) {
    throw new AnswerFault(true, `answered ${showValue(answer)}, which has neither data nor outputs`)
  }
  return found
}

function parseAnswer (text: string): Json {
  try {
    return readJson(text.startsWith('\ufeff') ? text.slice(1) : text)
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    if (error.kind !== 'syntax') {
      throw new AnswerFault(true, `gave an answer that can't be used: ${error.message}`)
    }
    throw new AnswerFault(
      false,
      text.trim() === ''
        ? 'answered nothing'
        : `answered ${showValue(text)}, which is not JSON: ${error.message}`
    )
  }
}

/**
 * MAS tells by `executionState` whether a step completed. Viya and Spring tell what went wrong by
 * an error document.
 */
function checkOutcome (answer: JsonObject, text: string): void {
  const metadata = answer.get('metadata')
  const state =
    answer.get('executionState') ??
    (isJsonObject(metadata) ? metadata.get('executionState') : undefined)
  if (state !== undefined && state !== null && String(state).toLowerCase() !== 'completed') {
    throw new AnswerFault(true, `did not complete: its executionState is ${showValue(state)}`)
  }
  const hasOutputs = answer.has('data') || answer.has('outputs')
  if (tellsFailure(answer) || (!hasOutputs && isModelsOwn(text))) {
    throw new AnswerFault(true, `answered an error: ${readErrorText(text)}`)
  }
}

/** Members that tell a failure, unless they are empty. */
const FAILURES = ['errorCode', 'error', 'errors', 'exception']
const STATUSES = ['httpStatusCode', 'status', 'statusCode']

/** Looks for signs of a failure, whatever else the answer has. */
function tellsFailure (answer: JsonObject): boolean {
  return (
    answer.get('success') === false ||
    FAILURES.some(name => isSomething(answer.get(name))) ||
    STATUSES.some(name => Number(answer.get(name)) >= 400)
  )
}

function isSomething (value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false) return false
  if (Array.isArray(value)) return value.length > 0
  if (isJsonObject(value)) return value.size > 0
  return value !== '' && value !== 0 && value !== '0'
}

function readDataObject (data: Json): JsonObject {
  if (isJsonObject(data)) return data
  throw new AnswerFault(true, `answered data that is ${showValue(data)}, not an object of outputs`)
}

function readPairs (outputs: Json): JsonObject {
  if (!Array.isArray(outputs)) {
    throw new AnswerFault(true, `answered outputs that are ${showValue(outputs)}, not a list`)
  }
  const found = new Map<string, Json>()
  for (const output of outputs as readonly Json[]) {
    const name = isJsonObject(output) ? output.get('name') : undefined
    if (!isJsonObject(output) || typeof name !== 'string') {
      throw new AnswerFault(
        true,
        `answered ${showValue(output)} among its outputs, which is not {"name": …, "value": …}`
      )
    }
    if (found.has(name)) throw new AnswerFault(true, `answered the output ${showValue(name)} twice`)
    const value = output.get('value')
    if (value === undefined && output.size > 1) {
      throw new AnswerFault(true, `answered the output ${showValue(name)} without a value`)
    }
    found.set(name, value ?? null) // some writers of JSON leave null out
  }
  return found
}

function agree (data: JsonObject, outputs: JsonObject): boolean {
  return (
    data.size === outputs.size &&
    [...data].every(
      ([name, value]) => outputs.has(name) && isDeepStrictEqual(value, outputs.get(name))
    )
  )
}

const WORDS_MAX = 500
/** A page or document shows its words within this length. */
const READ_MAX = 64 * 1024

/**
 * The model's words about a failure, in one line: those of Viya's `{errorCode, message, details,
 * httpStatusCode}`, Spring's `{timestamp, status, error, path}`, the words of an HTML page, or the
 * text itself.
 */
export function readErrorText (text: string): string {
  const { message, details, error, path } = parseJson(text)
  const parts =
    typeof message === 'string' && message !== ''
      ? [
          message,
          ...(Array.isArray(details)
            ? details.slice(0, 20).filter(detail => typeof detail === 'string')
            : [])
        ]
      : typeof error === 'string'
        ? [error, ...(typeof path === 'string' ? [`at ${path}`] : [])]
        : [wordsOf(text.slice(0, READ_MAX))]
  return parts.join('; ').slice(0, READ_MAX).replaceAll(/\s+/g, ' ').trim().slice(0, WORDS_MAX)
}

/** Whether the model itself told a failure, rather than a proxy in front of it. */
export function isModelsOwn (text: string): boolean {
  const { message, error, errorCode } = parseJson(text)
  return typeof message === 'string' || typeof error === 'string' || errorCode !== undefined
}

/** Gateways, ingresses and meshes answer in HTML; models do not. */
export function isPage (text: string): boolean {
  return /^<(?:!doctype|html|head|body|center|h1)\b/i.test(text.slice(0, 200).trimStart())
}

function wordsOf (text: string): string {
  return isPage(text) ? text.replaceAll(/<[^<>]*>/g, ' ') : text
}

function parseJson (text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {}
  } catch {
    return {}
  }
}
