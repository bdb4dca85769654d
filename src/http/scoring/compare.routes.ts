import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { invalidFields } from '../../domain/errors.js'
import { compareFile } from '../../domain/scoring/compare-file.js'
import { Name } from '../models/model.schemas.js'
import { problems } from '../problem.js'
import { unreadBodyCompiler } from '../validation.js'
import { COMPARE_ANSWER, CompareOptions } from './compare.schemas.js'
import { answerOptions } from './score-options.js'
import { SCORE_BODY } from './score.schemas.js'
import { runScoring, type ScoringService } from './scoring-call.js'
import { sendScored } from './send-scored.js'

const WORST = 10

/** The scoring routes register this, because bodies are streams there. */
export const compareRoutes: FastifyPluginAsyncTypebox<ScoringService> = async (app, service) => {
  app.post(
    '/models/:name/compare',
    {
      validatorCompiler: unreadBodyCompiler,
      config: { readsOwnBody: true },
      schema: {
        operationId: 'compareRevisions',
        tags: ['scoring'],
        summary: 'Scores the same rows on two revisions and tells how they agree',
        description:
          'Takes bodies as score does. Both revisions get every row with the same inputs, whatever the traffic table says; nothing is routed differently by it. ' +
          'Outside the cluster both need a tag. Options in the query may also be form fields before the file.',
        params: Name,
        querystring: CompareOptions,
        body: SCORE_BODY,
        response: {
          200: COMPARE_ANSWER,
          ...problems(400, 403, 404, 406, 408, 409, 413, 415, 422, 429, 502, 503, 504, 507)
        }
      }
    },
    async (request, reply) => {
      const model = request.params.name
      const what = { kind: 'compare', model, options: CompareOptions } as const
      return await runScoring(request, reply, service, what, async call => {
        const { given, upload: body, place, signal, scoring: { progress } } = call
        const { champion, challenger, step, worst = WORST } = given
        if (challenger === undefined) throw noChallenger()
        const answer = answerOptions(given, request, body, 'json')
        const wanted = { model, champion, challenger, step, worst }
        const file = { ...wanted, body, answer, place, progress }
        const compared = await compareFile(service, file, signal)
        const revisions = [compared.revisions.champion, compared.revisions.challenger]
        void reply.headers({ 'scoring-champion': revisions[0], 'scoring-challenger': revisions[1] })
        // The comparison is one piece that comes last, so there is nothing to stream before it.
        const holdMs = answer.format === 'json' ? Infinity : service.holdMs
        return await sendScored(reply, service, call, compared, { revisions, holdMs })
      })
    }
  )
}

function noChallenger (): Error {
  return invalidFields([
    {
      field: 'query.challenger',
      detail: 'is missing',
      remedy: "name the challenger's tag or revision: challenger=NAME"
    }
  ])
}
