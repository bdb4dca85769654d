import multipart from '@fastify/multipart'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { scoreFile } from '../../domain/scoring/score-file.js'
import { Name } from '../models/model.schemas.js'
import { problems } from '../problem.js'
import { unreadBodyCompiler } from '../validation.js'
import { compareRoutes } from './compare.routes.js'
import { answerOptions, ScoreOptions, wantedOf } from './score-options.js'
import { SCORE_ANSWER, SCORE_BODY } from './score.schemas.js'
import { refuseWhileStopping, runScoring, type ScoringService } from './scoring-call.js'
import { sendScored } from './send-scored.js'
import { signatureRoutes } from './signature.routes.js'

export const scoringRoutes: FastifyPluginAsyncTypebox<ScoringService> = async (app, service) => {
  await app.register(multipart)
  // The handlers read bodies as streams and count them. Only these routes also take bodies without
  // a content type.
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null)
  })

  refuseWhileStopping(app, service.isStopping)

  await app.register(signatureRoutes, service)

  app.post(
    '/models/:name/score',
    {
      validatorCompiler: unreadBodyCompiler,
      config: { readsOwnBody: true },
      schema: {
        operationId: 'score',
        tags: ['scoring'],
        summary: 'Scores the rows of a file, or of a JSON body',
        description:
          'Send a CSV with a header line as the one file part of a form (options before it), or as a raw body; NDJSON as a raw body; or JSON as {"data": {…}}, {"inputs": [{"name", "value"}, …]} or an array of row objects. ' +
          'Options in the query may also be form fields before the file.',
        params: Name,
        querystring: ScoreOptions,
        body: SCORE_BODY,
        response: {
          200: SCORE_ANSWER,
          ...problems(400, 403, 404, 406, 408, 409, 413, 415, 422, 429, 502, 503, 504, 507)
        }
      }
    },
    async (request, reply) => {
      const model = request.params.name
      const what = { kind: 'score', model, options: ScoreOptions } as const
      return await runScoring(request, reply, service, what, async call => {
        const { given, upload: body, place, signal, scoring: { progress } } = call
        const answer = answerOptions(given, request, body)
        const wanted = { model, step: given.step, ...wantedOf(given) }
        const file = { ...wanted, body, answer, place, progress }
        const scored = await scoreFile(service, file, signal)
        // An answer without the column _error tells failures by its headers alone.
        const holdMs = answer.onError === 'report' ? service.holdMs : Infinity
        return await sendScored(reply, service, call, scored, { holdMs })
      })
    }
  )

  await app.register(compareRoutes, service)
}
