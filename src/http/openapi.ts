import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/** Collects the schemas of the routes registered after it; serves /openapi.json and /docs. */
export async function openapi (app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'scr-modelops',
        version: '1',
        description:
          'Deploy SAS Container Runtime models, score CSV files with them, and let Knative scale them. Errors are RFC 9457 problem documents with a remedy.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
      },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description:
              'A token of the cluster or of its OpenID provider, as the platform engineer says; docs/rights.md. None with AUTH_MODE=none.'
          }
        }
      },
      security: [{ bearer: [] }],
      tags: [
        { name: 'models', description: 'deploy, list, inspect, update, delete' },
        {
          name: 'revisions',
          description: 'champion and challenger: revisions, traffic, promote, rollback'
        },
        { name: 'scoring', description: 'signatures and scoring' },
        { name: 'scorings', description: 'how far scorings are, and stopping them' },
        { name: 'operations', description: 'health and metrics' }
      ]
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `def-${index}`
    }
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  app.get(
    '/openapi.json',
    {
      logLevel: 'warn',
      schema: { operationId: 'openapi', tags: ['operations'], summary: 'This description' }
    },
    async () => app.swagger()
  )
}
