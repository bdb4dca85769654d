import { Ajv, type Options } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'

const COMMON: Options = { allErrors: true, useDefaults: false, removeAdditional: false, strict: false }
/** Bodies are taken as they are: Fastify's own compiler would turn null into 0 and "00501" into 501. */
const asTheyAre = new Ajv({ ...COMMON, coerceTypes: false })
/** Query strings and path parameters have no types of their own. */
const coerced = new Ajv({ ...COMMON, coerceTypes: 'array', useDefaults: true })

export const validatorCompiler: FastifySchemaCompiler<object> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? asTheyAre : coerced).compile(schema)

/** For routes whose body is described for readers of the API, while the handler reads it as a stream and checks it itself. */
export const unreadBodyCompiler: FastifySchemaCompiler<object> = given => given.httpPart === 'body' ? () => true : validatorCompiler(given)

/** Answers are written as they are: a serializer made from a schema would write null as 0 or "" and drop what it does not know. */
export const serializerCompiler = () => (body: unknown): string => JSON.stringify(body)
