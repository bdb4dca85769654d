import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { invalidFields, isFault } from '../../domain/errors.js'
import type { LogQuery, ModelRuntime } from '../../domain/models/model/model-runtime.js'
import type { ModelStore } from '../../domain/models/model/model-store.js'
import { callerSignal } from '../caller-signal.js'
import { Explanation, NAME_MAX, Name } from './model.schemas.js'
import { problems } from '../problem.js'

interface RuntimeRoutes {
  readonly models: ModelStore
  readonly runtime: ModelRuntime
  /** Fires when followed logs have to end because the service stops. */
  readonly closing: AbortSignal
}

const time = (description: string) => Type.String({ format: 'date-time', description })

const Pod = Type.Object({
  name: Type.String(),
  revision: Type.String(),
  phase: Type.String({ description: 'Pending, Running, Succeeded, Failed or Unknown' }),
  ready: Type.Boolean({ description: 'takes requests' }),
  restarts: Type.Integer({ description: "of the model's container" }),
  reason: Type.Optional(
    Type.String({
      description: "why it is not ready, in the cluster's word, e.g. CrashLoopBackOff"
    })
  ),
  startedAt: Type.Optional(time('absent until a node has taken it')),
  ending: Type.Boolean({ description: 'answers what runs, takes nothing new' })
})

const Event = Type.Object({
  time: time('the last time'),
  type: Type.String({ description: 'Normal or Warning' }),
  reason: Type.String(),
  message: Type.String(),
  object: Type.String({ description: 'what it is about, e.g. Pod/NAME' }),
  count: Type.Integer({ description: 'how often' })
})

const LogOptions = Type.Object(
  {
    follow: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'go on with what is printed from now on, also by pods that come later, until the caller leaves or an hour has passed'
      })
    ),
    tail: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 10_000,
        default: 500,
        description: 'the last lines of each pod'
      })
    ),
    revision: Type.Optional(Type.String({ maxLength: NAME_MAX, description: 'only of its pods' })),
    pod: Type.Optional(Type.String({ maxLength: NAME_MAX, description: 'only this one' })),
    previous: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'of the container that ended before the present one: why it was restarted'
      })
    )
  },
  { additionalProperties: false }
)

export const runtimeRoutes: FastifyPluginAsyncTypebox<RuntimeRoutes> = async (
  app,
  { models, runtime, closing }
) => {
  app.get(
    '/models/:name/pods',
    {
      schema: {
        operationId: 'listPods',
        tags: ['runtime'],
        summary:
          'What runs of a model, the newest first; nothing while it sleeps, which the explanation says',
        params: Name,
        response: {
          200: Type.Object({ items: Type.Array(Pod), explanation: Explanation }),
          ...problems(403, 404, 503)
        }
      }
    },
    async (request, reply) => {
      const [signal, { name }] = [callerSignal(reply), request.params]
      const [items, { status }] = await Promise.all([
        runtime.listPods(name, signal),
        models.get(name, signal)
      ])
      return { items: [...items], explanation: status.explanation }
    }
  )

  app.get(
    '/models/:name/events',
    {
      schema: {
        operationId: 'listEvents',
        tags: ['runtime'],
        summary:
          'What the cluster remarked about a model, its revisions and pods, the most recent first',
        description: 'At most 500; the cluster itself forgets events after about an hour.',
        params: Name,
        response: { 200: Type.Object({ items: Type.Array(Event) }), ...problems(403, 404, 503) }
      }
    },
    async (request, reply) => ({
      items: [...(await runtime.listEvents(request.params.name, callerSignal(reply)))]
    })
  )

  app.get(
    '/models/:name/logs',
    {
      exposeHeadRoute: false, // HEAD would read the log to its end, which a followed log has not
      schema: {
        operationId: 'readLogs',
        tags: ['runtime'],
        summary: "What the model's containers printed",
        description:
          'Of more than one pod, and when followed, each line begins with [POD]. Of more than ten pods the newest ten are read. ' +
          'A line that begins with "-- " is a remark of this service.',
        params: Name,
        querystring: LogOptions,
        response: {
          200: {
            description: 'lines of text; none while the model sleeps',
            headers: {
              'Log-Pods': {
                type: 'string',
                description: "how many pods' logs are read, of how many, e.g. 2/3"
              },
              'Log-Note': { type: 'string', description: 'why there is nothing to read' }
            },
            content: { 'text/plain': { schema: Type.String() } }
          },
          ...problems(403, 404, 422, 503)
        }
      }
    },
    async (request, reply) => {
      const { name } = request.params
      const query: LogQuery = { follow: false, tail: 500, previous: false, ...request.query }
      if (query.follow && query.previous) {
        throw invalidFields([
          {
            field: 'query.previous',
            detail: "what has ended can't be followed",
            remedy: 'leave out follow or previous'
          }
        ])
      }
      const signal = callerSignal(reply, query.follow ? closing : undefined)
      const { lines, read, pods } = await runtime.openLog(name, query, signal)
      void reply.header('log-pods', `${read}/${pods}`).type('text/plain; charset=utf-8')
      if (read === 0) {
        void reply.header('log-note', writeHeader(await explainNothing(name, query, pods, signal)))
      }
      return await reply.send(Readable.from(endPolitely(lines, reply)))
    }
  )

  async function explainNothing (
    name: string,
    { previous, follow }: LogQuery,
    pods: number,
    signal: AbortSignal
  ): Promise<string> {
    if (previous && pods > 0) return 'no container of these pods has ended and been started again'
    const {
      explanation: { summary }
    } = (await models.get(name, signal)).status
    return follow ? `${summary}; lines follow as soon as a container prints some` : summary
  }
}

/**
 * The head goes out at once, since a followed log may be silent for long. A log that ends because
 * the service stops says so in its last line.
 */
async function * endPolitely (
  lines: AsyncIterable<string>,
  { raw }: FastifyReply
): AsyncGenerator<string> {
  raw.flushHeaders()
  try {
    yield * lines
  } catch (error) {
    if (!isFault(error, 'service-stopping')) throw error
    yield '-- this replica is shutting down: ask again to go on\n'
  }
}

/** Clients take some KiB of headers in total. */
const HEADER_MAX = 1_000

/** Headers hold printable ASCII only. */
function writeHeader (text: string): string {
  const ascii = text.slice(0, HEADER_MAX).replaceAll(/[^\x20-\x7e]+/g, ' ')
  return text.length > HEADER_MAX ? `${ascii} ...` : ascii
}
