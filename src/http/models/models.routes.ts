import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type, type Static } from 'typebox'
import { invalidFields } from '../../domain/errors.js'
import type { ImageAllowList } from '../../domain/models/spec/image-allow-list.js'
import type { Model } from '../../domain/models/model/model.js'
import type { ModelStore } from '../../domain/models/model/model-store.js'
import type { GivenSpec } from '../../domain/models/spec/new-spec.js'
import { MODEL_FIELDS } from '../../domain/models/spec/spec-fields.js'
import type { Outcome } from '../../domain/models/wait-for-model.js'
import { createModel, deleteModel, patchModel, putModel } from '../../domain/models/write-model.js'
import { callerSignal } from '../caller-signal.js'
import { jsonParser } from '../json-parser.js'
import { etagOf, readPreconditions } from './etag.js'
import { ModelPatch, Name, NewModel, ReplacedModel } from './model.schemas.js'
import { problems } from '../problem.js'
import {
  audit,
  CONDITION_MAX,
  ETag,
  IfMatch,
  RETRY_SECONDS,
  RetryAfter,
  WRITE_QUERY,
  Write,
  readWriteOptions,
  type WriteRequest
} from './mutations.js'

interface ModelRoutes {
  readonly models: ModelStore
  readonly allowList: ImageAllowList
  /** Pull secrets of models that name none. */
  readonly pullSecrets: readonly string[]
  /** Fires when waits have to end because the service stops. */
  readonly abandon: AbortSignal
}

const Update = Type.Object(
  {
    ...WRITE_QUERY,
    redeploy: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'a new revision of the same image reference, e.g. of a tag that was published again'
      })
    ),
    traffic: Type.Optional(
      Type.Unsafe<'latest'>({
        type: 'string',
        enum: ['latest'],
        description:
          'all traffic goes to the newest revision once it is ready, also when it was pinned to others'
      })
    )
  },
  { additionalProperties: false }
)

const describeModel = (description: string, headers: object) => ({
  description,
  headers,
  content: { 'application/json': { schema: Type.Ref('Model') } }
})
const progressing = describeModel('still progressing when wait= was over', { ...ETag, ...RetryAfter })
const Conditions = Type.Object({
  ...IfMatch.properties,
  'if-none-match': Type.Optional(
    Type.String({ maxLength: CONDITION_MAX, description: '*: create only, never replace' })
  )
})

export const modelRoutes: FastifyPluginAsyncTypebox<ModelRoutes> = async (
  app,
  { models, allowList, pullSecrets, abandon }
) => {
  const context = { models, allowList, pullSecrets }
  app.addContentTypeParser(
    'application/merge-patch+json',
    { parseAs: 'string' },
    jsonParser(app)
  )

  app.get(
    '/models',
    {
      schema: {
        operationId: 'listModels',
        tags: ['models'],
        summary: 'Every model of the namespace, also those made by other tools; by name',
        querystring: Type.Object(
          {
            ready: Type.Optional(
              Type.Boolean({ description: 'only those that are ready, or are not' })
            ),
            labelSelector: Type.Optional(
              Type.String({
                maxLength: 4_000,
                description: "Kubernetes' syntax, e.g. team=risk,stage!=dev"
              })
            ),
            limit: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: 500,
                default: 100,
                description: 'models in one answer'
              })
            ),
            continue: Type.Optional(
              Type.String({
                maxLength: 1_000,
                description: 'from the answer before, for the next page'
              })
            )
          },
          { additionalProperties: false }
        ),
        response: {
          200: {
            description:
              'Cache-Status: scr-modelops; fwd=stale tells that the cluster itself was asked',
            content: {
              'application/json': {
                schema: Type.Object({
                  items: Type.Array(Type.Ref('Model')),
                  continue: Type.Optional(Type.String())
                })
              }
            }
          },
          ...problems(403, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const { limit = 100, ...query } = request.query
      const {
        items,
        stale,
        continue: next
      } = await models.list({ limit, ...query }, callerSignal(reply))
      if (stale) void reply.header('cache-status', 'scr-modelops; fwd=stale')
      return { items: items.map(answerOf), ...(next === undefined ? {} : { continue: next }) }
    }
  )

  app.post(
    '/models',
    {
      schema: {
        operationId: 'createModel',
        tags: ['models'],
        summary: 'Deploys a new model',
        body: NewModel,
        querystring: Write,
        response: {
          201: describeModel('stored; with wait=, it serves', {
            ...ETag,
            Location: { type: 'string' }
          }),
          202: progressing,
          ...problems(400, 403, 409, 415, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const { name, ...given } = request.body
      const outcome = await createModel(
        context,
        name,
        given as GivenSpec,
        readWriteOptions(request),
        callerSignal(reply, abandon)
      )
      void reply.header('location', `/models/${outcome.model.name}`)
      audit(request, outcome.model, 'model created')
      return await sendModel(reply, outcome, 201)
    }
  )

  app.get(
    '/models/:name',
    {
      schema: {
        operationId: 'getModel',
        tags: ['models'],
        summary: 'One model with its status, and why it is so',
        params: Name,
        response: { 200: describeModel('the model', ETag), ...problems(403, 404, 503) }
      }
    },
    async (request, reply) =>
      await sendModel(
        reply,
        { model: await models.get(request.params.name, callerSignal(reply)), done: true },
        200
      )
  )

  app.put(
    '/models/:name',
    {
      schema: {
        operationId: 'putModel',
        tags: ['models'],
        summary: 'Creates or replaces a model; safe to be sent again',
        description:
          "Absent fields go to their defaults, and the answer's warnings name each that was set otherwise; PATCH changes single fields. What other tools have set and this API does not know stays. " +
          'An identical request writes nothing. ' +
          `Every change but ${MODEL_FIELDS.slice(0, -1).join(', ')} and ${MODEL_FIELDS.at(-1)} makes a new revision; the answer's warnings say so.`,
        params: Name,
        headers: Conditions,
        body: ReplacedModel,
        querystring: Update,
        response: {
          200: describeModel('replaced, or unchanged', ETag),
          201: describeModel('created', { ...ETag, Location: { type: 'string' } }),
          202: progressing,
          ...problems(400, 403, 409, 412, 415, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const { name } = request.params
      const options = { ...readUpdateOptions(request), ...readPreconditions(request.headers) }
      const { isNew, ...outcome } = await putModel(
        context,
        name,
        readSpec(name, request.body),
        options,
        callerSignal(reply, abandon)
      )
      if (isNew) void reply.header('location', `/models/${name}`)
      audit(request, outcome.model, isNew ? 'model created' : 'model replaced')
      return await sendModel(reply, outcome, isNew ? 201 : 200)
    }
  )

  app.patch(
    '/models/:name',
    {
      schema: {
        operationId: 'patchModel',
        tags: ['models'],
        summary: 'Changes some fields of a model',
        consumes: ['application/merge-patch+json', 'application/json'],
        params: Name,
        headers: IfMatch,
        body: ModelPatch,
        querystring: Update,
        response: {
          200: describeModel('changed, or unchanged', ETag),
          202: progressing,
          ...problems(400, 403, 404, 409, 412, 415, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const options = { ...readUpdateOptions(request), ...readPreconditions(request.headers) }
      const outcome = await patchModel(
        context,
        request.params.name,
        request.body,
        options,
        callerSignal(reply, abandon)
      )
      audit(request, outcome.model, 'model changed')
      return await sendModel(reply, outcome, 200)
    }
  )

  app.delete(
    '/models/:name',
    {
      schema: {
        operationId: 'deleteModel',
        tags: ['models'],
        summary: 'Deletes a model with its revisions',
        description:
          'What runs ends within about half a minute; until then the name is taken. With wait= the answer comes when it is free.',
        params: Name,
        headers: IfMatch,
        querystring: Write,
        response: {
          202: progressing,
          204: { type: 'null', description: 'being deleted; with wait=, gone' },
          ...problems(403, 404, 409, 412, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const { name } = request.params
      const left = await deleteModel(
        context,
        name,
        { ...readWriteOptions(request), ...readPreconditions(request.headers) },
        callerSignal(reply, abandon)
      )
      audit(request, { name }, 'model deleted')
      return left === undefined
        ? await reply.code(204).send(null)
        : await sendModel(reply, { model: left, done: false }, 202)
    }
  )
}

type UpdateRequest = WriteRequest & {
  readonly query: { readonly redeploy?: boolean; readonly traffic?: 'latest' }
}

function readUpdateOptions (request: UpdateRequest) {
  const { redeploy = false, traffic } = request.query
  return { ...readWriteOptions(request), redeploy, trafficToLatest: traffic === 'latest' }
}

/** The writable part of a replacement. @throws `request-invalid` when it is for another model */
function readSpec (path: string, body: Static<typeof ReplacedModel>): GivenSpec {
  const {
    name,
    status,
    traffic,
    desired,
    generation,
    createdAt,
    createdBy,
    updatedBy,
    warnings,
    ...given
  } = body
  if (name === undefined || name === path) return given as GivenSpec
  throw invalidFields([
    {
      field: 'name',
      detail: `${JSON.stringify(name)} is not the ${JSON.stringify(path)} of the path`,
      remedy: "leave it out; a model can't be renamed"
    }
  ])
}

async function sendModel (
  reply: FastifyReply,
  { model, done }: Outcome,
  status: 200 | 201 | 202
): Promise<FastifyReply> {
  void reply.header('etag', etagOf(model.version))
  if (!done) void reply.header('retry-after', RETRY_SECONDS)
  return await reply.code(done ? status : 202).send(answerOf(model))
}

/** The answer is flat: what a client wrote and what the cluster says stand side by side. */
function answerOf ({ name, spec, version: _, history: __, ...state }: Model): object {
  return { name, ...spec, ...state }
}
