import { isJsonObject, type Json, type JsonObject } from '../../domain/json/json.js'
import { DomainError } from '../../domain/errors.js'
import type { InputVariable, Signature, Variable } from '../../domain/scoring/scorer/signature.js'
import { showValue } from '../../domain/scoring/values/shown.js'
import { resolveReference, typeOf } from './variable-type.js'

/** Inputs or outputs of one step; each may be a column. */
const VARIABLES_MAX = 10_000

/** The schemas of a step's inputs and outputs. */
interface StepSchemas {
  readonly input: Json | undefined
  readonly output: Json | undefined
}

/**
 * The signature in a model's `apiMeta/api` document: OpenAPI 3 (`components.schemas.SCRInput`,
 * `SCROutput`) or Swagger 2 (`definitions.PCRInput`, `PCROutput`), each with a map
 * `properties.data.properties` keyed by variable. Without a list `required` all inputs are
 * required. Those of a `step` are the schemas of its own path, `/{app}/{step}`. Returns undefined
 * when the document has no such schemas.
 * @throws DomainError `signature-invalid` for types that are not known, and for a step without
 *   inputs or outputs
 */
export function findSignature (document: Json, step?: string): Signature | undefined {
  if (!isJsonObject(document)) return undefined
  const { input, output } =
    step === undefined ? findDefaultSchemas(document) : findStepSchemas(document, step)
  const given = dataOf(input, document)
  const taken = dataOf(output, document)
  if (given === undefined || taken === undefined) return undefined
  const required = given.get('required')
  const names = Array.isArray(required) ? new Set<unknown>(required) : undefined
  const inputs: InputVariable[] = variablesOf(given, 'input', document).map(
    ({ key, ...variable }) => ({
      ...variable,
      required: names === undefined || names.has(variable.name) || names.has(key)
    })
  )
  return {
    inputs,
    outputs: variablesOf(taken, 'output', document).map(({ key: _, ...variable }) => variable),
    inferred: false
  }
}

function findDefaultSchemas (document: JsonObject): StepSchemas {
  const schemas = memberOf(memberOf(document, 'components'), 'schemas')
  const definitions = memberOf(document, 'definitions')
  const findNamed = (...names: readonly string[]) =>
    names
      .map(name => memberOf(schemas, name) ?? memberOf(definitions, name))
      .find(schema => schema !== undefined)
  return { input: findNamed('SCRInput', 'PCRInput'), output: findNamed('SCROutput', 'PCROutput') }
}

/** The schemas of the operation `POST /{app}/{step}`. */
function findStepSchemas (document: JsonObject, step: string): StepSchemas {
  const paths = memberOf(document, 'paths')
  const endings = [`/${step}`, `/${encodeURIComponent(step)}`]
  const isSteps = (path: string) =>
    endings.some(ending => path.endsWith(ending) && path.length > ending.length)
  const path = isJsonObject(paths) ? [...paths.keys()].find(isSteps) : undefined
  const operation = path === undefined ? undefined : memberOf(memberOf(paths, path), 'post')
  const answers = memberOf(operation, 'responses')
  const answer = memberOf(answers, '200') ?? memberOf(answers, '201')
  const parameters = memberOf(operation, 'parameters')
  const body = Array.isArray(parameters)
    ? (parameters as readonly Json[]).find(parameter => memberOf(parameter, 'in') === 'body')
    : undefined
  return {
    input: schemaOfContent(memberOf(operation, 'requestBody')) ?? memberOf(body, 'schema'),
    output: schemaOfContent(answer) ?? memberOf(answer, 'schema')
  }
}

function schemaOfContent (body: Json | undefined): Json | undefined {
  const content = memberOf(body, 'content')
  return isJsonObject(content) ? memberOf([...content.values()][0], 'schema') : undefined
}

function dataOf (schema: Json | undefined, document: JsonObject): JsonObject | undefined {
  const data = resolveReference(
    memberOf(resolveReference(memberOf(resolveReference(schema, document), 'properties'), document), 'data'),
    document
  )
  return isJsonObject(data) && data.has('properties') ? data : undefined
}

type Described = Variable & { readonly key: string }

function variablesOf (
  data: JsonObject,
  kind: 'input' | 'output',
  document: JsonObject
): Described[] {
  const properties = resolveReference(data.get('properties'), document)
  if (!isJsonObject(properties) || properties.size === 0) throw signatureInvalid(`describes no ${kind}s`)
  if (properties.size > VARIABLES_MAX) {
    throw signatureInvalid(`describes ${properties.size} ${kind}s; at most ${VARIABLES_MAX} are read`)
  }
  const seen = new Set<string>()
  return Array.from(properties, ([key, described]) => {
    const given = memberOf(described, 'name')
    const name = typeof given === 'string' && given !== '' ? given : key
    if (seen.has(name)) throw signatureInvalid(`describes the ${kind} ${showValue(name)} twice`)
    seen.add(name)
    const found = typeOf(described, document)
    if ('fault' in found) throw signatureInvalid(`describes the ${kind} ${showValue(name)} ${found.fault}`)
    return { key, name, ...found }
  })
}

function memberOf (value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value.get(name) : undefined
}

function signatureInvalid (what: string): DomainError {
  return new DomainError('signature-invalid', `the model ${what}`)
}
