import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import { Type } from 'typebox'
import { meantName, type NamedSchema } from './known-names.js'

const COMMON: Options = {
  useDefaults: false,
  removeAdditional: false,
  strict: false,
  verbose: true
}
/**
 * Bodies are not coerced: Fastify's own compiler would turn null into 0 and "00501" into 501.
 */
const AS_THEY_ARE: Options = { ...COMMON, coerceTypes: false }
/** Query strings and path parameters are text, so they are coerced. */
const COERCED: Options = { ...COMMON, coerceTypes: 'array', useDefaults: true }

const bodies = {
  first: new Ajv({ ...AS_THEY_ARE, allErrors: false }),
  all: new Ajv({ ...AS_THEY_ARE, allErrors: true })
}
const others = { all: new Ajv({ ...COERCED, allErrors: true }) }

/** Bodies with more members get only their first fault told. */
const MEMBERS_MAX = 2_000

/**
 * Further faults are counted, not named: a body of 1 MiB can have a hundred thousand.
 */
const NAMED_MAX = 50

export const validatorCompiler: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  const validate =
    httpPart === 'body'
      ? bodyValidator(bodies.first.compile(schema), bodies.all.compile(schema))
      : others.all.compile(schema)
  const check = (data: unknown): boolean => {
    const isValid = validate(data)
    check.errors = isValid ? null : namedFaults(validate.errors ?? [], schema)
    return isValid
  }
  check.errors = null as ErrorObject[] | null
  return check
}

/**
 * Finds all faults of a body of usual size, and only the first one of a huge body: a megabyte of
 * small faults takes seconds to tell.
 */
function bodyValidator (first: ValidateFunction, all: ValidateFunction): ValidateFunction {
  const validate = (body: unknown) => {
    const chosen = isHuge(body) ? first : all
    const isValid = chosen(body)
    validate.errors = chosen.errors
    return isValid
  }
  validate.errors = undefined as ValidateFunction['errors']
  return validate as ValidateFunction
}

/** Counts without recursion, since a body may be nested as deep as it is long. */
function isHuge (body: unknown): boolean {
  let members = 0
  for (const left = [body]; left.length > 0;) {
    const value = left.pop()
    if (typeof value !== 'object' || value === null) continue
    const inner = Object.values(value)
    members += inner.length
    if (members > MEMBERS_MAX) return true
    left.push(...inner)
  }
  return false
}

function namedFaults (errors: readonly ErrorObject[], schema: NamedSchema): ErrorObject[] {
  const named = errors.slice(0, NAMED_MAX).map(error => withoutData(error, schema))
  const left = errors.length - named.length
  const more = {
    instancePath: '',
    schemaPath: '#',
    keyword: 'more',
    params: {},
    message: `has ${left} more faults`
  }
  return left > 0 ? [...named, more] : named
}

/**
 * Keeps only names of what was sent, since faults go into the log. An unknown name gets the one
 * that was probably meant.
 */
function withoutData (
  { schema: _, parentSchema, data: __, ...error }: ErrorObject,
  root: NamedSchema
): ErrorObject {
  if (error.keyword !== 'additionalProperties') return error
  const known = Object.keys((parentSchema as NamedSchema).properties ?? {})
  const meant = meantName(String(error.params['additionalProperty']), known, root)
  return { ...error, params: { ...error.params, known, ...(meant === undefined ? {} : { meant }) } }
}

/**
 * Calls on models and scorings that have no options refuse all query parameters. The calls of
 * probes and scrapers do not.
 */
export function refuseUnknownOptions (app: FastifyInstance): void {
  app.addHook('onRoute', route => {
    if (/^\/(models|scorings)/.test(route.url)) route.schema = { querystring: NO_OPTIONS, ...route.schema }
  })
}

const NO_OPTIONS = Type.Object({}, { additionalProperties: false })

/**
 * For routes whose schema only describes the body. The handler reads it as a stream and checks it
 * itself.
 */
export const unreadBodyCompiler: FastifySchemaCompiler<object> = given =>
  given.httpPart === 'body' ? () => true : validatorCompiler(given)

/**
 * Answers are written without a schema: a serializer made from one would write null as 0 or "" and
 * drop what it does not know.
 */
export const serializerCompiler =
  () =>
    (body: unknown): string =>
      JSON.stringify(body)
