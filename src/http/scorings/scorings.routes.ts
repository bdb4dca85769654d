import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { Type } from 'typebox'
import type { Access } from '../../domain/access/access.js'
import { DomainError } from '../../domain/errors.js'
import { visibleTo } from '../../domain/scorings/permission.js'
import type { Replicas, ToldScoring } from '../../domain/scorings/replicas.js'
import type { Scorings } from '../../domain/scorings/scorings.js'
import { callerName, callerOf } from '../caller.js'
import { callerSignal } from '../caller-signal.js'
import { problems } from '../problem.js'
import { findScoring, type Asking, type FoundScoring } from './find-scoring.js'
import { followScoring } from './follow-scoring.js'
import { askOthers, type OtherReplicas } from './other-replicas.js'
import { scoringAnswer } from './scoring-answer.js'
import { EVENTS, Id, ListQuery, ScopeQuery, ScoringAnswer } from './scorings.schemas.js'

interface ScoringsService {
  readonly scorings: Scorings
  /** Undefined without login, when everybody may do everything. */
  readonly access: Access | undefined
  /** Undefined when this replica is alone. */
  readonly replicas: Replicas | undefined
  /** Fires when followers have to reconnect to another replica. */
  readonly closing: AbortSignal
}

const EVENT_STREAM = 'text/event-stream'

export const scoringsRoutes: FastifyPluginAsyncTypebox<ScoringsService> = async (
  app,
  { scorings, access, replicas, closing }
) => {
  app.get(
    '/scorings',
    {
      schema: {
        operationId: 'listScorings',
        tags: ['scorings'],
        summary: 'The scorings that run and those that ended lately, the newest first',
        description:
          'Those of models that the caller may score, of all replicas. One that has ended is kept for an hour, at most 500 of each replica; ' +
          'a row that was scored as a JSON object is told by its answer alone.',
        querystring: ListQuery,
        response: {
          200: Type.Object({
            items: Type.Array(ScoringAnswer),
            silentReplicas: Type.Optional(
              Type.Integer({
                minimum: 1,
                description: 'how many replicas did not answer: what they have is missing here'
              })
            )
          }),
          ...problems(422, 503)
        }
      }
    },
    async (request, reply) => {
      const { scope, ...filter } = request.query
      const { asker, user, signal } = askingOf(request, reply)
      const ofModel = scorings.all().filter(({ model }) => model === (filter.model ?? model))
      const own = (await visibleTo(asker, ofModel, signal))
        .map(scoring => scoringAnswer(scoring, user))
        .filter(({ state }) => state === (filter.state ?? state))
      const { answers, silent } = await askOthers(othersFor(request, scope),
        async (replica, signal) => await replica.scorings(filter, signal), signal)
      return {
        items: newestOf([...own, ...answers]) as ScoringAnswer[],
        ...(silent > 0 ? { silentReplicas: silent } : {})
      }
    }
  )

  app.get(
    '/scorings/:id',
    {
      exposeHeadRoute: false, // it would follow a scoring to its end
      schema: {
        operationId: 'getScoring',
        tags: ['scorings'],
        summary: 'How far a scoring is, wherever it runs; as events while it goes on',
        description: EVENTS,
        params: Id,
        querystring: ScopeQuery,
        response: {
          200: {
            description: 'the scoring, or events about it',
            content: {
              'application/json': { schema: ScoringAnswer },
              [EVENT_STREAM]: { schema: Type.String() }
            }
          },
          ...problems(404, 406, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const isFollowed = wantsEvents(request)
      const found = await find(request, reply, isFollowed ? closing : undefined)
      if (!isFollowed) return await reply.send(await found.read() as ScoringAnswer)
      reply.type(EVENT_STREAM).header('cache-control', 'no-store')
      return await reply.send(Readable.from(followScoring(found)))
    }
  )

  app.delete(
    '/scorings/:id',
    {
      schema: {
        operationId: 'stopScoring',
        tags: ['scorings'],
        summary: 'Stops a scoring, wherever it runs',
        description:
          'Its caller gets the problem scoring-stopped, or, when the answer has begun, a connection that is cut. Open to who began it, and to those who may change its model. One that has ended stays as it is.',
        params: Id,
        querystring: ScopeQuery,
        response: { 200: ScoringAnswer, ...problems(404, 422, 503) }
      }
    },
    async (request, reply) => {
      const told = await (await find(request, reply)).stop()
      const { id: scoring, model, state } = told
      request.log.info({ user: callerName(request), scoring, model, state }, 'scoring stopped')
      return told as ScoringAnswer
    }
  )

  async function find (
    request: FastifyRequest<{ Params: Id, Querystring: ScopeQuery }>,
    reply: FastifyReply,
    also?: AbortSignal
  ): Promise<FoundScoring> {
    const { params: { id }, query: { scope } } = request
    const others = othersFor(request, scope)
    return await findScoring(id, scorings, others, askingOf(request, reply, also))
  }

  function askingOf (request: FastifyRequest, reply: FastifyReply, also?: AbortSignal): Asking {
    const caller = callerOf(request)
    return {
      asker: access === undefined || caller === undefined
        ? undefined
        : { caller, rights: access.rights },
      user: callerName(request),
      signal: callerSignal(reply, also)
    }
  }

  /** A replica that was asked by another one asks no further. */
  function othersFor ({ headers }: FastifyRequest, scope: string | undefined): OtherReplicas {
    return {
      replicas: scope === 'replica' ? undefined : replicas,
      authorization: headers.authorization
    }
  }
}

/** Removes duplicates, since one of the replicas asked may be this one. */
function newestOf (told: readonly ToldScoring[]): ToldScoring[] {
  return [...new Map(told.map(one => [one.id, one])).values()].sort((a, b) =>
    Date.parse(b.startedAt) - Date.parse(a.startedAt)
  )
}

/** @throws DomainError `answer-type-unsupported` */
function wantsEvents (request: FastifyRequest): boolean {
  const [type] = new Negotiator(request.raw).mediaTypes(['application/json', EVENT_STREAM])
  if (type !== undefined) return type === EVENT_STREAM
  throw new DomainError('answer-type-unsupported', 'a scoring is told as JSON or as events', {
    remedy: `ask for application/json or ${EVENT_STREAM} in Accept, or leave it out`
  })
}
