import type { Signature, Variable, VariableType } from '../../domain/scoring/signature.js'

type Json = Readonly<Record<string, unknown>>

/**
 * The signature in a model's `apiMeta/api` document: OpenAPI 3 (`components.schemas.SCRInput`, `SCROutput`) or Swagger 2
 * (`definitions.PCRInput`, `PCROutput`), each with a map `properties.data.properties` keyed by variable, `type` one of number,
 * integer, decimal, double, string. Without a list `required` all inputs are. undefined when it is neither.
 */
export function signatureIn (document: unknown): Signature | undefined {
  const schemas = { ...object(object(object(document).components).schemas), ...object(object(document).definitions) }
  const input = dataOf(schemas.SCRInput ?? schemas.PCRInput)
  const output = dataOf(schemas.SCROutput ?? schemas.PCROutput)
  if (input === undefined || output === undefined) return undefined
  const required = Array.isArray(input.required) ? new Set(input.required) : undefined
  return {
    inputs: variablesOf(input).map(variable => ({ ...variable, required: required?.has(variable.name) ?? true })),
    outputs: variablesOf(output),
    inferred: false
  }
}

function dataOf (schema: unknown): Json | undefined {
  const data = object(object(object(schema).properties).data)
  return 'properties' in data ? data : undefined
}

function variablesOf (data: Json): Variable[] {
  return Object.entries(object(data.properties)).map(([key, described]) => {
    const { name, type, maxLength } = object(described)
    const length = typeof maxLength === 'number' ? { length: maxLength } : {}
    return { name: typeof name === 'string' ? name : key, type: typeOf(type), ...length }
  })
}

/** OpenAPI 3.1 writes a type that may be null as a list. */
function typeOf (type: unknown): VariableType {
  switch (Array.isArray(type) ? type.find(one => one !== 'null') : type) {
    case 'number': case 'integer': case 'decimal': case 'double': return 'number'
    default: return 'string'
  }
}

function object (value: unknown): Json {
  return typeof value === 'object' && value !== null ? value as Json : {}
}
