import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { invalidFields } from '../../domain/errors.js'
import { routingOfModel } from '../../domain/scoring/routing/model-routing.js'
import { dtypesOf } from '../../domain/scoring/pandas/dtypes.js'
import { sasStep } from '../../domain/scoring/sas/sas-step.js'
import { callerSignal } from '../caller-signal.js'
import { dialectOf } from './csv-options.js'
import { Name } from '../models/model.schemas.js'
import { problems } from '../problem.js'
import { columnsOf, COLUMNS_MAX, PinQuery, ScoreOptions, wantedOf } from './score-options.js'
import type { ScoringService } from './scoring-call.js'

const Variable = {
  name: Type.String(),
  type: Type.Enum(['number', 'string']),
  length: Type.Optional(Type.Integer({ description: 'of a text, in characters' })),
  format: Type.Optional(
    Type.Enum(['int64', 'json'], {
      description:
        'int64: a whole number whose digits are kept; json: a data grid or list, JSON text in a CSV'
    })
  )
}
const Signature = Type.Object(
  {
    inputs: Type.Array(
      Type.Object({
        ...Variable,
        required: Type.Boolean({
          description: 'the column has to be there; its cells may be missing values'
        })
      })
    ),
    outputs: Type.Array(Type.Object(Variable)),
    inferred: Type.Boolean({
      description: 'the model describes nothing: types come from how values look'
    }),
    revision: Type.Union([Type.String(), Type.Null()], {
      description: 'null: the platform chooses among several'
    })
  },
  { $id: 'Signature' }
)

const Dtypes = Type.Record(Type.String(), Type.Enum(['Float64', 'Int64', 'string']), {
  $id: 'Dtypes',
  description: 'columns and their types'
})

const SIGNATURE_ANSWER = {
  description:
    'Inputs and outputs with their types; with format=sas a SAS program that reads a scored CSV, the fileref ANSWER, into WORK.SCORED; ' +
    'with format=pandas the dtype of read_csv for each column of such a CSV.',
  content: {
    'application/json': { schema: Type.Union([Signature, Dtypes]) },
    'text/plain': { schema: Type.String() }
  }
}

/** Options of a score call that decide about the columns of its answer. */
const { onError, revisionColumn, delimiter } = ScoreOptions.properties
const SignatureQuery = Type.Object(
  {
    ...PinQuery,
    format: Type.Optional(
      Type.Enum(['json', 'sas', 'pandas'], {
        description:
          'sas: a DATA step for the answer of a score call; pandas: the dtypes for read_csv of it, and of the file that is scored. ' +
          'Give it the options of that call which shape its columns: columns, onError, revisionColumn; for sas also delimiter'
      })
    ),
    columns: Type.Optional(
      Type.String({
        maxLength: COLUMNS_MAX,
        description:
          "with format=sas or pandas. The columns before the outputs: outputs (none), or names separated by commas: those of the score call, or those of the file if it has columns=all; default: the model's inputs"
      })
    ),
    onError,
    revisionColumn,
    delimiter
  },
  { additionalProperties: false }
)

/** The options of a score call that each format depends on. */
const USES: Readonly<Record<'json' | 'sas' | 'pandas', readonly string[]>> = {
  json: [],
  sas: ['columns', 'onError', 'revisionColumn', 'delimiter'],
  pandas: ['columns', 'onError', 'revisionColumn']
}

/** The scoring routes register this, so that it is refused while the service stops. */
export const signatureRoutes: FastifyPluginAsyncTypebox<ScoringService> = async (app, service) => {
  app.get(
    '/models/:name/signature',
    {
      schema: {
        operationId: 'getSignature',
        tags: ['scoring'],
        summary: 'What a model takes and gives, by its own description; wakes a sleeping model',
        params: Name,
        querystring: SignatureQuery,
        response: { 200: SIGNATURE_ANSWER, ...problems(404, 409, 422, 502, 503, 504) }
      }
    },
    async (request, reply) => {
      const { name } = request.params
      const { revision: _revision, tag: _tag, format = 'json', ...shape } = request.query
      const useless = Object.keys(shape).filter(option => !USES[format].includes(option))
      if (useless.length > 0) {
        throw invalidFields(
          useless.map(option => ({
            field: `query.${option}`,
            detail: `is not for format=${format}`,
            remedy: `leave ${option} out, or ask for format=sas`
          }))
        )
      }
      const dialect = dialectOf(shape.delimiter === undefined ? {} : { delimiter: shape.delimiter })
      const signal = callerSignal(reply, service.abandon)
      const wanted = { model: name, ...wantedOf(request.query) }
      const { routes, signature } = await routingOfModel(service, wanted, signal)
      if (format === 'json') {
        return {
          ...signature,
          revision: routes.length === 1 ? (routes[0]!.target.revision ?? null) : null
        }
      }
      const { onError = 'report', revisionColumn = false } = shape
      const options = { columns: columnsOf(shape.columns), onError, revisionColumn }
      if (format === 'pandas') return dtypesOf(name, signature, options)
      return await reply
        .type('text/plain; charset=utf-8')
        .send(sasStep(name, signature, { ...options, dialect }))
    }
  )
}
