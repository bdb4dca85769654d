import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type, type Static } from 'typebox'
import { invalidFields, type DomainError } from '../../domain/errors.js'
import type { ModelStore } from '../../domain/models/model/model-store.js'
import type { Outcome } from '../../domain/models/wait-for-model.js'
import { promote } from '../../domain/rollout/promote.js'
import { rollBack } from '../../domain/rollout/roll-back.js'
import { setTraffic } from '../../domain/rollout/set-traffic.js'
import type { DesiredTarget } from '../../domain/traffic/traffic.js'
import { callerSignal } from '../caller-signal.js'
import { PROMOTED, TRAFFIC } from './examples.js'
import { etagOf } from './etag.js'
import { NAME_MAX, Name } from './model.schemas.js'
import { problems } from '../problem.js'
import {
  audit,
  ETag,
  IfMatch,
  RETRY_SECONDS,
  RetryAfter,
  readRolloutOptions,
  TAG,
  Write
} from './mutations.js'

interface TrafficRoutes {
  readonly models: ModelStore
  /** Fires when waits have to end because the service stops. */
  readonly abandon: AbortSignal
}

const NewRow = Type.Object(
  {
    revision: Type.Optional(Type.String({ maxLength: NAME_MAX })),
    latest: Type.Optional(
      Type.Boolean({ description: 'true: the row follows the latest ready revision' })
    ),
    percent: Type.Integer({ minimum: 0, maximum: 100 }),
    tag: Type.Optional(TAG)
  },
  { additionalProperties: false, description: 'either a revision or latest: true' }
)

const describeTraffic = (description: string, headers: object = ETag) => ({
  description,
  headers,
  content: { 'application/json': { schema: Type.Ref('Traffic') } }
})
const progressing = describeTraffic('not in force yet when wait= was over', { ...ETag, ...RetryAfter })

export const trafficRoutes: FastifyPluginAsyncTypebox<TrafficRoutes> = async (
  app,
  { models, abandon }
) => {
  app.get(
    '/models/:name/traffic',
    {
      schema: {
        operationId: 'getTraffic',
        tags: ['revisions'],
        summary: 'The traffic table: what serves, what was asked for, and earlier ones',
        params: Name,
        response: { 200: describeTraffic('the table'), ...problems(403, 404, 503) }
      }
    },
    async (request, reply) =>
      await sendTraffic(reply, {
        model: await models.get(request.params.name, callerSignal(reply, abandon)),
        done: true
      })
  )

  app.put(
    '/models/:name/traffic',
    {
      schema: {
        operationId: 'putTraffic',
        tags: ['revisions'],
        summary: 'Replaces the whole traffic table',
        description:
          'Percents total 100. Rows of 0 % with a tag keep a revision reachable by that tag. The table before is what rollback goes back to.',
        params: Name,
        headers: IfMatch,
        body: Type.Array(NewRow, { maxItems: 100, examples: [TRAFFIC] }),
        querystring: Write,
        response: {
          200: describeTraffic('in force with wait=, stored without'),
          202: progressing,
          ...problems(400, 403, 404, 409, 412, 415, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const outcome = await setTraffic(
        models,
        request.params.name,
        readTable(request.body),
        readRolloutOptions(request),
        callerSignal(reply, abandon)
      )
      audit(request, outcome.model, 'traffic set', { desired: outcome.model.desired })
      return await sendTraffic(reply, outcome)
    }
  )

  app.post(
    '/models/:name/promote',
    {
      schema: {
        operationId: 'promote',
        tags: ['revisions'],
        summary: 'Gives a revision all the traffic',
        description: 'Tags stay where they are, at 0 %. Traffic only: no new revision.',
        params: Name,
        headers: IfMatch,
        body: Type.Object(
          {
            revision: Type.Optional(Type.String({ maxLength: NAME_MAX })),
            tag: Type.Optional(TAG),
            rolloutSeconds: Type.Optional(
              Type.Integer({
                minimum: 0,
                description: '0 only: what is promoted by name is in force at once'
              })
            )
          },
          {
            additionalProperties: false,
            description: 'either a revision or a tag',
            examples: [PROMOTED]
          }
        ),
        querystring: Write,
        response: {
          200: describeTraffic('in force with wait=, stored without'),
          202: progressing,
          ...problems(400, 403, 404, 409, 412, 415, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const { revision, tag, rolloutSeconds = 0 } = request.body
      if (rolloutSeconds > 0) throw refuseGradualPromote()
      if ((revision === undefined) === (tag === undefined)) {
        throw invalidFields([
          { field: 'body', detail: 'needs either revision or tag', remedy: 'give one of the two' }
        ])
      }
      const choice = revision === undefined ? { tag: tag! } : { revision }
      const outcome = await promote(
        models,
        request.params.name,
        choice,
        readRolloutOptions(request),
        callerSignal(reply, abandon)
      )
      audit(request, outcome.model, 'promoted', { ...choice })
      return await sendTraffic(reply, outcome)
    }
  )

  app.post(
    '/models/:name/rollback',
    {
      schema: {
        operationId: 'rollback',
        tags: ['revisions'],
        summary:
          'Goes back to the traffic table before the present one, and again to the one before that',
        description: 'Exactly that table, of revisions by name. Traffic only: no new revision.',
        params: Name,
        headers: IfMatch,
        querystring: Write,
        response: {
          200: describeTraffic('in force with wait=, stored without'),
          202: progressing,
          ...problems(403, 404, 409, 412, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const outcome = await rollBack(
        models,
        request.params.name,
        readRolloutOptions(request),
        callerSignal(reply, abandon)
      )
      audit(request, outcome.model, 'rolled back', { desired: outcome.model.desired })
      return await sendTraffic(reply, outcome)
    }
  )
}

/**
 * Knative's rollout-duration applies only from one latest revision to the next (seen on 1.15).
 * Traffic from or to a named revision jumps.
 */
function refuseGradualPromote (): DomainError {
  return invalidFields([
    {
      field: 'rolloutSeconds',
      detail:
        'the cluster moves traffic gradually only to the newest revision of a table that follows the latest; a promoted revision gets it at once',
      remedy:
        'raise its share in steps with PUT /models/{name}/traffic, or set rolloutSeconds on the model and deploy by PUT with traffic=latest'
    }
  ])
}

function readTable (rows: ReadonlyArray<Static<typeof NewRow>>): DesiredTarget[] {
  const faults = rows.flatMap(({ revision, latest = false }, index) =>
    (revision === undefined) === latest
      ? []
      : [
          {
            field: String(index),
            detail: 'needs either a revision or latest: true',
            remedy: 'give one of the two'
          }
        ]
  )
  if (faults.length > 0) throw invalidFields(faults)
  return rows.map(({ revision, percent, tag }) => {
    const tagged = tag === undefined ? {} : { tag }
    return revision === undefined
      ? { latest: true, percent, ...tagged }
      : { latest: false, revision, percent, ...tagged }
  })
}

async function sendTraffic (reply: FastifyReply, { model, done }: Outcome): Promise<FastifyReply> {
  const {
    traffic,
    desired,
    history,
    version,
    status: { explanation }
  } = model
  void reply.header('etag', etagOf(version))
  if (!done) void reply.header('retry-after', RETRY_SECONDS)
  return await reply.code(done ? 200 : 202).send({ traffic, desired, history, explanation })
}
