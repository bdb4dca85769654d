import { DomainError } from '../../errors.js'
import { isJsonObject, type Json, type JsonObject } from '../../json/json.js'
import { readWithPlace } from '../../json/read-with-place.js'
import { writeMembers } from '../../json/write-json.js'
import { shortName } from './columns.js'
import { tableOf } from './json-rows.js'
import type { Table } from './table.js'

/**
 * A JSON body in one of three forms: one row as `{"data":{…}}` or as
 * `{"inputs":[{"name","value"}, …]}`, or an array of row objects.
 */
export interface JsonBody {
  readonly form: 'data' | 'inputs' | 'rows'
  readonly table: Table
}

/**
 * @throws DomainError `request-unreadable` for what isn't JSON, `request-invalid` for JSON of
 * another form
 */
export function readJsonBody (text: string): JsonBody {
  const body = readWithPlace(text, 'the body')
  if (Array.isArray(body)) return { form: 'rows', table: tableOf(body as readonly Json[]) }
  const members: JsonObject = isJsonObject(body) ? body : new Map()
  for (const name of members.keys()) {
    if (name !== 'data' && name !== 'inputs') throw malformedFault(`has "${shortName(name)}"`)
  }
  const data = members.get('data')
  const inputs = members.get('inputs')
  if (data !== undefined && inputs === undefined) return { form: 'data', table: tableOf([data]) }
  if (Array.isArray(inputs) && data === undefined) {
    return { form: 'inputs', table: tableOf([rowOf(inputs as readonly Json[])]) }
  }
  throw malformedFault(
    data === undefined && inputs === undefined
      ? 'has neither data nor inputs'
      : data === undefined
        ? 'has inputs that are not a list'
        : 'has both data and inputs'
  )
}

/** Writes the answer to a single row in the form in which the row came. */
export function jsonAnswer (
  form: 'data' | 'inputs',
  outputs: Iterable<readonly [string, unknown]>
): string {
  return form === 'data'
    ? `{"data":${writeMembers(outputs)}}`
    : `{"outputs":[${Array.from(outputs, ([name, value]) =>
        writeMembers([
          ['name', name],
          ['value', value]
        ])
      ).join()}]}`
}

function rowOf (inputs: readonly Json[]): JsonObject {
  const row = new Map<string, Json>()
  for (const [index, input] of inputs.entries()) {
    const members: JsonObject = isJsonObject(input) ? input : new Map()
    const name = members.get('name')
    const value = members.get('value')
    if (typeof name !== 'string' || value === undefined || members.size > 2) {
      throw malformedFault(`has an inputs[${index}] that is not {"name": …, "value": …}`)
    }
    if (row.has(name)) throw malformedFault(`has the input "${shortName(name)}" twice`)
    row.set(name, value)
  }
  return row
}

function malformedFault (what: string): DomainError {
  return new DomainError('request-invalid', `the body ${what}`, {
    remedy:
      'send {"data": {"NAME": value, …}}, {"inputs": [{"name": "NAME", "value": value}, …]} or an array of row objects'
  })
}
