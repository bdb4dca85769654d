import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { invalidFields } from '../domain/errors.js'
import { sasStep } from '../domain/scoring/sas-step.js'
import { callerSignal } from './caller-signal.js'
import { dialectOf } from './csv-options.js'
import { problems } from './problem.js'
import { columnsOf, PinQuery, ScoreOptions } from './score-options.js'
import { Name, routingOf, type ScoringOptions } from './score-request.js'

const Variable = {
  name: Type.String(),
  type: Type.Enum(['number', 'string']),
  length: Type.Optional(Type.Integer({ description: 'of a text, in characters' }))
}
const Signature = Type.Object({
  inputs: Type.Array(Type.Object({ ...Variable, required: Type.Boolean({ description: 'the column has to be there; its cells may be missing values' }) })),
  outputs: Type.Array(Type.Object(Variable)),
  inferred: Type.Boolean({ description: 'the model describes nothing: types come from how values look' }),
  revision: Type.Union([Type.String(), Type.Null()], { description: 'null: the platform chooses among several' })
}, { $id: 'Signature' })

const SIGNATURE_ANSWER = {
  description: 'Inputs and outputs with their types; with format=sas a SAS program that reads a scored CSV, the fileref ANSWER, into WORK.SCORED.',
  content: {
    'application/json': { schema: Signature },
    'text/plain': { schema: Type.String() }
  }
}

/** What a score call says about the columns of its answer. */
const { onError, revisionColumn, delimiter } = ScoreOptions.properties
const SignatureQuery = Type.Object({
  ...PinQuery,
  format: Type.Optional(Type.Enum(['json', 'sas'], {
    description: 'sas: a DATA step for the answer of a score call. Give it the options of that call which shape its columns: columns, onError, revisionColumn, delimiter'
  })),
  columns: Type.Optional(Type.String({
    description: 'with format=sas. The columns before the outputs: outputs (none), or names separated by commas: those of the score call, or those of the file if it has columns=all; default: the model\'s inputs'
  })),
  onError,
  revisionColumn,
  delimiter
}, { additionalProperties: false })

/** Registered by the scoring routes: refused while the service stops. */
export const signatureRoutes: FastifyPluginAsyncTypebox<ScoringOptions> = async (app, options) => {
  app.get('/models/:name/signature', {
    schema: {
      operationId: 'getSignature',
      tags: ['scoring'],
      summary: 'What a model takes and gives, by its own description; wakes a sleeping model',
      params: Name,
      querystring: SignatureQuery,
      response: { 200: SIGNATURE_ANSWER, ...problems(404, 409, 422, 502, 503, 504) }
    }
  }, async (request, reply) => {
    const { name } = request.params
    const { revision: _revision, tag: _tag, format = 'json', ...shape } = request.query
    if (format === 'json' && Object.keys(shape).length > 0) {
      throw invalidFields(Object.keys(shape).map(option => ({ field: `query.${option}`, detail: 'is about a CSV', remedy: `leave ${option} out, or ask for format=sas` })))
    }
    const dialect = dialectOf(shape.delimiter === undefined ? {} : { delimiter: shape.delimiter })
    const { routes, signature } = await routingOf(options, name, request.query, callerSignal(reply, options.abandon))
    if (format === 'json') return { ...signature, revision: routes.length === 1 ? routes[0]!.target.revision ?? null : null }
    const { onError = 'report', revisionColumn = false } = shape
    return await reply.type('text/plain; charset=utf-8').send(sasStep(name, signature, { columns: columnsOf(shape.columns), onError, revisionColumn, dialect }))
  })
}
