import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { routingOfModel } from '../../domain/scoring/routing/model-routing.js'
import { LANGUAGES, snippetFor } from '../../domain/scoring/snippets/snippet-for.js'
import { callerSignal } from '../caller-signal.js'
import { Name } from '../models/model.schemas.js'
import { problems } from '../problem.js'
import { refuseWhileStopping, type ScoringService } from '../scoring/scoring-call.js'
import { publicUrl } from './public-url.js'

interface SnippetService extends ScoringService {
  /** The service's address for its callers. Undefined: the address that each caller used. */
  readonly publicUrl: string | undefined
  /** Whether callers have to log in. */
  readonly needsToken: boolean
}

const SnippetQuery = Type.Object(
  {
    for: Type.Optional(
      Type.Enum(LANGUAGES, {
        description:
          'curl (default): lines for a shell; python: the standard library alone; pandas: the package of clients/python; ' +
          'sas: the macros of examples/sas; proc-http: SAS without them'
      })
    )
  },
  { additionalProperties: false }
)

const BY_TRAFFIC = { revision: undefined, tag: undefined, spread: false }

export const snippetRoutes: FastifyPluginAsyncTypebox<SnippetService> = async (app, service) => {
  refuseWhileStopping(app, service.isStopping)

  app.get(
    '/models/:name/snippets',
    {
      schema: {
        operationId: 'getSnippet',
        tags: ['scoring'],
        summary: 'A program that scores a row of this model, ready to paste; wakes a sleeping model',
        description:
          "With the service's address as this call had it, the model's own columns, and a value of the right type in each.",
        params: Name,
        querystring: SnippetQuery,
        response: {
          200: {
            description: 'the program',
            content: { 'text/plain': { schema: Type.String() } }
          },
          ...problems(404, 409, 422, 502, 503, 504)
        }
      }
    },
    async (request, reply) => {
      const { name } = request.params
      const { for: language = 'curl' } = request.query
      const url = publicUrl(request.headers, service.publicUrl)
      const signal = callerSignal(reply, service.abandon)
      const wanted = { model: name, wanted: BY_TRAFFIC, stickyColumn: undefined }
      const { signature } = await routingOfModel(service, wanted, signal)
      const { needsToken } = service
      // A cache must not give it to others: the address is what this caller claimed.
      void reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store')
      return await reply.send(snippetFor(language, { url, model: name, signature, needsToken }))
    }
  )
}
