import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Registry } from 'prom-client'
import { Type } from 'typebox'

export interface OperationsOptions {
  /** Why the service can't take requests now; undefined when it can. */
  readonly notReady: () => string | undefined
  readonly metrics: Registry
}

const Health = Type.Object({ status: Type.String(), reason: Type.Optional(Type.String()) })

export const operationsRoutes: FastifyPluginAsyncTypebox<OperationsOptions> = async (
  app,
  { notReady, metrics }
) => {
  app.get(
    '/livez',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'livez',
        tags: ['operations'],
        summary: 'The process answers',
        response: { 200: Health }
      }
    },
    async () => ({ status: 'ok' })
  )

  app.get(
    '/readyz',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'readyz',
        tags: ['operations'],
        summary: "The cluster's API answers and the watch is in sync",
        response: { 200: Health, 503: Health }
      }
    },
    async (_request, reply) => {
      const reason = notReady()
      return reason === undefined
        ? { status: 'ok' }
        : await reply.code(503).send({ status: 'not ready', reason })
    }
  )

  app.get(
    '/metrics',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'metrics',
        tags: ['operations'],
        summary: 'Prometheus metrics',
        response: {
          200: {
            description: 'text exposition format',
            content: { 'text/plain': { schema: Type.String() } }
          }
        }
      }
    },
    async (_request, reply) => await reply.type(metrics.contentType).send(await metrics.metrics())
  )
}
