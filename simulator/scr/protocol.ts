// A call of SCR sends a JSON body with one row and gets a JSON body with its outputs.
import type { DemoModel, Row, Value, Variable } from './model.js'

/**
 * A request: `{"data":{NAME: value}}` or `{"inputs":[{"name","value"}]}`. The answer has the form
 * of its request.
 */
export interface Call {
  readonly form: 'data' | 'inputs'
  readonly row: Row
}

/**
 * The container can read the request but refuses to score it. `details` has one sentence for each
 * fault.
 */
export class Refusal extends Error {
  readonly details: readonly string[]
  constructor (message: string, details: readonly string[] = []) {
    super(message)
    this.details = details
  }
}

/**
 * Reads a parsed body. Unknown variables are ignored, absent ones are missing.
 * @throws Refusal when the body has no row, is in a form the model does not take, or holds a value
 *   of the wrong type
 */
export function readCall (body: unknown, { inputs, wire }: DemoModel): Call {
  const { form, values } = valuesIn(body)
  if (form === 'data' && wire.accepts === 'inputs') {
    throw new Refusal('The request body must contain an "inputs" array.')
  }
  const faults = inputs.filter(input => !isValueOf(input, values[input.name] ?? null))
  if (faults[0] !== undefined) {
    const details = faults.map(
      ({ name, type }) => `Input variable ${name} must be a ${type} or null.`
    )
    throw new Refusal(`Wrong type of input variable ${faults[0].name}.`, details)
  }
  const row = Object.fromEntries(
    inputs.map(input => [input.name, cutText(input, (values[input.name] as Value) ?? null)])
  )
  return { form, row }
}

function valuesIn (body: unknown): { form: Call['form']; values: Record<string, unknown> } {
  if (isObject(body) && isObject(body['data'])) return { form: 'data', values: body['data'] }
  if (isObject(body) && Array.isArray(body['inputs'])) {
    const inputs: unknown[] = body['inputs']
    if (!inputs.every(isNamed)) {
      throw new Refusal('Each element of "inputs" must have a "name" and a "value".')
    }
    return {
      form: 'inputs',
      values: Object.fromEntries(inputs.map(({ name, value }) => [name, value]))
    }
  }
  throw new Refusal('The request body must contain a "data" object or an "inputs" array.')
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNamed (value: unknown): value is { name: string; value: unknown } {
  return isObject(value) && typeof value['name'] === 'string' && 'value' in value
}

/** JSON can spell numbers that no double holds (1e999). They are refused like text. */
function isValueOf ({ type }: Variable, value: unknown): boolean {
  return value === null || (type === 'number' ? Number.isFinite(value) : typeof value === 'string')
}

/** SAS cuts text at the declared length of its variable. */
function cutText (variable: Variable, value: Value): Value {
  return variable.type === 'string' && typeof value === 'string'
    ? value.slice(0, variable.length)
    : value
}

/**
 * Makes the answer to `call`: it pads `outputs` and puts them in the order of the model's keys.
 * `elapsedNanos` is a whole number.
 */
export function formatAnswer (
  call: Call,
  outputs: Row,
  module: string,
  model: DemoModel,
  elapsedNanos: number
): string {
  const { wire, step } = model
  const values = model.outputs.map(variable => ({
    name: variable.name,
    value: padText(variable, outputs[variable.name] ?? null)
  }))
  const answer: Record<string, unknown> = {}
  for (const key of wire.keys) {
    if (key === 'version') answer['version'] = 1
    else if (key === 'metadata') {
      answer['metadata'] = {
        module_id: module,
        step_id: step,
        timestamp: new Date().toISOString(),
        elapsed_nanos: wire.elapsedNanos === 'string' ? String(elapsedNanos) : elapsedNanos
      }
    } else if (call.form === 'inputs') answer['outputs'] = values
    else answer['data'] = Object.fromEntries(values.map(({ name, value }) => [name, value]))
  }
  return JSON.stringify(answer)
}

function padText (variable: Variable, value: Value): Value {
  if (variable.type === 'number' || typeof value !== 'string') return value
  return variable.pad === 'leading'
    ? value.padStart(variable.length)
    : value.padEnd(variable.length)
}
