import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { DomainError, isFault } from '../../domain/errors.js'
import type { ImageAllowList } from '../../domain/models/spec/image-allow-list.js'
import type { Model } from '../../domain/models/model/model.js'
import type { ModelStore, RevisionReport } from '../../domain/models/model/model-store.js'
import type { Challenger } from '../../domain/rollout/challenger.js'
import { deleteRevision } from '../../domain/rollout/delete-revision.js'
import { deployChallenger } from '../../domain/rollout/deploy-challenger.js'
import { tagsOf } from '../../domain/traffic/traffic.js'
import { callerSignal } from '../caller-signal.js'
import { NEW_CHALLENGER, REVISION } from './examples.js'
import { etagOf } from './etag.js'
import { challengerFields, NAME_MAX, Name } from './model.schemas.js'
import { problems } from '../problem.js'
import {
  audit,
  ETag,
  IfMatch,
  RETRY_SECONDS,
  RetryAfter,
  readRolloutOptions,
  TAG,
  WRITE_QUERY
} from './mutations.js'

interface RevisionRoutes {
  readonly models: ModelStore
  readonly allowList: ImageAllowList
  /** Fires when waits have to end because the service stops. */
  readonly abandon: AbortSignal
}

const Names = Type.Object({
  ...Name.properties,
  revision: Type.String({ examples: [REVISION] })
})

const NewChallenger = Type.Object(
  {
    ...challengerFields,
    tag: Type.Optional(TAG),
    percent: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        description:
          'of the traffic, taken from the others in proportion; default 0, or what it has when it is there already'
      })
    ),
    revision: Type.Optional(
      Type.String({
        maxLength: NAME_MAX,
        description: 'its name, MODEL-…; default: the next number'
      })
    )
  },
  {
    additionalProperties: false,
    description: 'fields that it has otherwise than the model; the rest is as the model has it now',
    examples: [NEW_CHALLENGER]
  }
)

export const revisionRoutes: FastifyPluginAsyncTypebox<RevisionRoutes> = async (
  app,
  { models, allowList, abandon }
) => {
  app.get(
    '/models/:name/revisions',
    {
      schema: {
        operationId: 'listRevisions',
        tags: ['revisions'],
        summary: 'All revisions, the newest first',
        params: Name,
        response: {
          200: Type.Object({ items: Type.Array(Type.Ref('Revision')) }),
          ...problems(403, 404, 503)
        }
      }
    },
    async (request, reply) => {
      const { model, revisions } = await models.listRevisions(
        request.params.name,
        callerSignal(reply, abandon)
      )
      return { items: revisions.map(revision => revisionAnswer(model, revision)) }
    }
  )

  app.get(
    '/models/:name/revisions/:revision',
    {
      schema: {
        operationId: 'getRevision',
        tags: ['revisions'],
        summary: 'One revision, and why it is as it is',
        params: Names,
        response: { 200: Type.Ref('Revision'), ...problems(403, 404, 503) }
      }
    },
    async (request, reply) => {
      const { name, revision } = request.params
      return await answerOf(name, revision, callerSignal(reply, abandon))
    }
  )

  app.post(
    '/models/:name/revisions',
    {
      schema: {
        operationId: 'deployChallenger',
        tags: ['revisions'],
        summary: 'Deploys a challenger beside what serves',
        description:
          'The others are pinned to their revisions and serve until the challenger is ready; its share then moves by itself. ' +
          'With the same fields and tag again nothing changes. A challenger that fails takes no request; the answer tells why.',
        params: Name,
        headers: IfMatch,
        body: NewChallenger,
        querystring: Type.Object(
          {
            ...WRITE_QUERY,
            redeploy: Type.Optional(
              Type.Boolean({
                default: false,
                description:
                  'a new revision even of an unchanged template, e.g. of a tag that was published again'
              })
            )
          },
          { additionalProperties: false }
        ),
        response: {
          200: {
            description: 'it was there already',
            headers: ETag,
            content: { 'application/json': { schema: Type.Ref('Revision') } }
          },
          201: {
            description: 'deployed; with wait=, ready',
            headers: { ...ETag, Location: { type: 'string' } },
            content: { 'application/json': { schema: Type.Ref('Revision') } }
          },
          202: {
            description: 'not ready yet when wait= was over',
            headers: { ...ETag, ...RetryAfter },
            content: { 'application/json': { schema: Type.Ref('Revision') } }
          },
          ...problems(400, 403, 404, 409, 412, 415, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const { name } = request.params
      const { tag, percent, revision: wantedName, ...given } = request.body
      const named = Object.fromEntries(
        Object.entries({ tag, percent, revision: wantedName }).filter(
          ([, value]) => value !== undefined
        )
      )
      const wanted = { given, redeploy: request.query.redeploy ?? false, ...named } as Challenger
      const signal = callerSignal(reply, abandon)
      const { model, done, revision, isNew } = await deployChallenger(
        models,
        name,
        wanted,
        allowList,
        readRolloutOptions(request),
        signal
      )
      audit(request, model, 'challenger deployed', { revision, percent, tag })
      void reply
        .header('etag', etagOf(model.version))
        .header('location', `/models/${name}/revisions/${revision}`)
      if (!done) void reply.header('retry-after', RETRY_SECONDS)
      const answer = await answerOf(name, revision, signal).catch((error: unknown) => {
        if (isFault(error, 'revision-not-found')) return unlistedAnswer(model, revision)
        throw error
      })
      return await reply.code(!done ? 202 : isNew ? 201 : 200).send(answer)
    }
  )

  app.delete(
    '/models/:name/revisions/:revision',
    {
      schema: {
        operationId: 'deleteRevision',
        tags: ['revisions'],
        summary: 'Deletes a revision that nothing uses',
        description:
          '409 while the traffic table names it, it is the latest, or rollback needs it (forget=true gives that up).',
        params: Names,
        headers: IfMatch,
        querystring: Type.Object(
          {
            dryRun: WRITE_QUERY.dryRun,
            forget: Type.Optional(
              Type.Boolean({
                default: false,
                description: 'also from what rollback can go back to'
              })
            )
          },
          { additionalProperties: false }
        ),
        response: {
          204: { type: 'null', description: 'deleted' },
          ...problems(403, 404, 409, 412, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const { name, revision } = request.params
      await deleteRevision(
        models,
        name,
        revision,
        request.query.forget ?? false,
        readRolloutOptions(request),
        callerSignal(reply, abandon)
      )
      audit(request, { name }, 'revision deleted', { revision })
      return await reply.code(204).send(null)
    }
  )

  async function answerOf (name: string, revision: string, signal: AbortSignal): Promise<object> {
    const { model, revisions } = await models.listRevisions(name, signal)
    const report = revisions.find(({ name }) => name === revision)
    if (report === undefined) {
      throw new DomainError('revision-not-found', `${name} has no revision "${revision}"`)
    }
    return revisionAnswer(model, report)
  }
}

function revisionAnswer (
  model: Model,
  { name, image, imageDigest, ready, explanation, replicas, createdAt }: RevisionReport
): object {
  return {
    name,
    image,
    ...(imageDigest === undefined ? {} : { imageDigest }),
    ready: ready ?? null,
    explanation,
    ...sharesOf(model, name),
    replicas,
    ...(createdAt === undefined ? {} : { createdAt })
  }
}

/**
 * The cluster makes the revision a moment after the write, and never after a dry run. Until then
 * only the model has an explanation.
 */
function unlistedAnswer (model: Model, revision: string): object {
  return {
    name: revision,
    image: model.spec.image,
    ready: null,
    explanation: model.status.explanation,
    ...sharesOf(model, revision),
    replicas: 0
  }
}

function sharesOf (
  { traffic, desired }: Model,
  revision: string
): { readonly percent: number; readonly tags: readonly string[] } {
  const percent = traffic.reduce(
    (sum, row) => (row.revision === revision ? sum + row.percent : sum),
    0
  )
  const pinned = desired.filter(row => !row.latest)
  const tags = new Set([...tagsOf(traffic, revision), ...tagsOf(pinned, revision)])
  return { percent, tags: [...tags] }
}
