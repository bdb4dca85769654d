import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { callerName } from '../caller.js'
import { readPreconditions } from './etag.js'
import { NAME_MAX } from './model.schemas.js'

/** Query parameters that every mutation has. */
export const WRITE_QUERY = {
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 600,
      default: 0,
      description:
        'seconds to hold the answer until what was asked for serves, is still progressing (202) or has failed for good (422)'
    })
  ),
  dryRun: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'the cluster validates and answers, and stores nothing'
    })
  )
}
export const Write = Type.Object(WRITE_QUERY, { additionalProperties: false })

/** The longest header with ETags, which have 18 characters each. */
export const CONDITION_MAX = 1_000

export const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: CONDITION_MAX,
      description:
        'the ETag of the state that the change was made for, several with commas between them, or *; 412 when it has changed since, and for a PUT when there is no such model (else 404)'
    })
  )
})

export const ETag = {
  ETag: { type: 'string', description: 'of spec and traffic as asked for; for If-Match' }
}
export const RetryAfter = { 'Retry-After': { type: 'integer', description: 'seconds' } }

export const TAG = Type.String({
  minLength: 1,
  maxLength: NAME_MAX,
  description: 'an own URL for the revision, and a name for it in calls'
})

/** Sets Retry-After while the model is still progressing. */
export const RETRY_SECONDS = 5

export type WriteRequest = Pick<
  FastifyRequest<{ Querystring: { wait?: number; dryRun?: boolean } }>,
  'log' | 'query'
>

export function readWriteOptions (request: WriteRequest) {
  const { wait = 0, dryRun = false } = request.query
  return { waitSeconds: wait, dryRun, requestedBy: callerName(request as FastifyRequest) }
}

/** Query parameters of a change of revisions or traffic. */
export function readRolloutOptions (request: WriteRequest & { readonly headers: object }) {
  return {
    ...readWriteOptions(request),
    ...readPreconditions(request.headers),
    redeploy: false,
    trafficToLatest: false
  }
}

/** Logs one line for every mutation, since the cluster knows only this service's account. */
export function audit (
  request: WriteRequest,
  model: { readonly name: string; readonly generation?: number },
  outcome: string,
  more: object = {}
): void {
  const { dryRun = false } = request.query
  request.log.info(
    {
      user: callerName(request as FastifyRequest),
      model: model.name,
      generation: model.generation,
      dryRun,
      ...more
    },
    outcome
  )
}
