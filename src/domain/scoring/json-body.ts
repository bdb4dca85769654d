import { DomainError } from '../errors.js'
import { tableOf } from './json-rows.js'
import type { Table } from './table.js'

/** The three JSON bodies: one row as `{"data":{…}}` or `{"inputs":[{"name","value"}, …]}`, or an array of row objects. */
export interface JsonBody { readonly form: 'data' | 'inputs' | 'rows', readonly table: Table }

/** @throws DomainError `request-unreadable` for what isn't JSON, `request-invalid` for JSON of another form */
export function readJsonBody (text: string): JsonBody {
  const body = parsed(text)
  if (Array.isArray(body)) return { form: 'rows', table: tableOf(body) }
  const { data, inputs, ...others } = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw malformed(`has "${unknown}"`)
  if (data !== undefined && inputs === undefined) return { form: 'data', table: tableOf([data]) }
  if (Array.isArray(inputs) && data === undefined) return { form: 'inputs', table: tableOf([rowOf(inputs)]) }
  throw malformed(data === undefined && inputs === undefined ? 'has neither data nor inputs' : data === undefined ? 'has inputs that are not a list' : 'has both data and inputs')
}

/** The answer to a single row, in the form the row came in. */
export function jsonAnswer (form: 'data' | 'inputs', outputs: Readonly<Record<string, unknown>>): object {
  return form === 'data' ? { data: outputs } : { outputs: Object.entries(outputs).map(([name, value]) => ({ name, value })) }
}

function rowOf (inputs: readonly unknown[]): Record<string, unknown> {
  const row = new Map<string, unknown>()
  for (const [index, input] of inputs.entries()) {
    const { name, value, ...others } = (typeof input === 'object' && input !== null ? input : {}) as { name?: unknown, value?: unknown }
    if (typeof name !== 'string' || value === undefined || Object.keys(others).length > 0) throw malformed(`has an inputs[${index}] that is not {"name": …, "value": …}`)
    if (row.has(name)) throw malformed(`has the input "${name}" twice`)
    row.set(name, value)
  }
  return Object.fromEntries(row)
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DomainError('request-unreadable', `the body is not JSON: ${(error as Error).message}`, { cause: error })
  }
}

function malformed (what: string): DomainError {
  return new DomainError('request-invalid', `the body ${what}`, { remedy: 'send {"data": {"NAME": value, …}}, {"inputs": [{"name": "NAME", "value": value}, …]} or an array of row objects' })
}
