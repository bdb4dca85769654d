import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { DomainError, invalidFields, type Fault, type FieldFault } from '../domain/errors.js'
import { callerName } from './caller.js'

/** The status of each fault; `http/` has no other place that decides one. */
const STATUS: Readonly<Record<Fault, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  'login-unavailable': 503,
  'request-unreadable': 400,
  'url-too-long': 414,
  'headers-too-large': 431,
  'expectation-unsupported': 417,
  'request-invalid': 422,
  'media-type-unsupported': 415,
  'answer-type-unsupported': 406,
  'upload-too-large': 413,
  'upload-stalled': 408,
  'upload-incomplete': 400,
  'csv-invalid': 422,
  'columns-missing': 422,
  'row-invalid': 422,
  'row-refused': 422,
  'row-answer-invalid': 502,
  'row-answer-unreadable': 502,
  'model-not-found': 404,
  'model-exists': 409,
  'model-being-deleted': 409,
  'model-invalid': 422,
  'model-changed': 412,
  'model-conflict': 409,
  'model-pinned': 409,
  'model-failed': 422,
  'model-not-ready': 503,
  'revision-not-found': 404,
  'pod-not-found': 404,
  'revision-in-use': 409,
  'nothing-to-roll-back': 409,
  'revision-not-addressable': 409,
  'signatures-conflict': 409,
  'scoring-not-found': 404,
  'scoring-stopped': 409,
  'model-unreachable': 503,
  'model-cut-off': 502,
  'model-overloaded': 503,
  'model-unavailable': 502,
  'model-timeout': 504,
  'model-answer-invalid': 502,
  'signature-unknown': 404,
  'signature-invalid': 422,
  'cluster-forbidden': 403,
  'cluster-busy': 503,
  'cluster-unreachable': 503,
  'service-busy': 429,
  'deadline-passed': 504,
  'spool-full': 507,
  'spool-unusable': 507,
  'service-stopping': 503,
  'replica-unreachable': 503,
  'caller-gone': 499
}

/** Remedies of faults whose errors bring no better one. */
const REMEDY: Readonly<Record<Fault, string>> = {
  unauthenticated:
    'get a new token, as your platform engineer told you, and send it in the header "Authorization: Bearer TOKEN"',
  forbidden: 'ask the platform engineer for the right',
  'login-unavailable': 'try again; if it stays so, ask the platform engineer',
  'request-unreadable': 'correct the body: it could not be parsed',
  'url-too-long': 'check the address: names have at most 63 characters',
  'headers-too-large': 'send less in the headers',
  'expectation-unsupported': 'leave the header Expect out, or send 100-continue',
  'request-invalid': 'correct the named fields and send the request again',
  'media-type-unsupported': 'send one of the media types that /docs lists for this call',
  'answer-type-unsupported':
    'ask for text/csv, application/json or application/x-ndjson in Accept, or leave Accept out',
  'upload-too-large': 'split the file, or ask the platform engineer to raise MAX_UPLOAD_BYTES',
  'upload-stalled': 'send the file again over a connection that does not pause for so long',
  'upload-incomplete': 'send the whole body again',
  'csv-invalid': 'correct the file at the named line and send it again',
  'columns-missing':
    'add the named columns; GET /models/{name}/signature lists what the model needs',
  'row-invalid': 'correct the value, or use onError=report to score the other rows',
  'row-refused':
    'compare the row with GET /models/{name}/signature, or use onError=report to score the other rows',
  'row-answer-invalid':
    'compare the answer with GET /models/{name}/signature and correct the model; onError=report scores the other rows',
  'row-answer-unreadable':
    "look at the model's logs: it answered something else than a score; onError=report scores the other rows",
  'model-not-found': 'check the name against GET /models',
  'model-exists': 'use PUT /models/{name} to replace it, or choose another name',
  'model-being-deleted': 'repeat the call with wait=60, or in about half a minute',
  'model-invalid': 'correct what the cluster names and send the request again',
  'model-changed':
    'GET the model again, apply your change to what you find, and send its new ETag in If-Match',
  'model-conflict': 'send the request again',
  'model-pinned':
    'deploy it as a challenger with POST /models/{name}/revisions, or repeat with traffic=latest to move all traffic to it',
  'model-failed': 'do what the explanation says; nothing was undone',
  'model-not-ready': 'GET /models/{name} explains what it waits for; try again when it is Ready',
  'revision-not-found': 'GET /models/{name} shows the revisions and tags that are routed',
  'pod-not-found':
    'GET /models/{name}/pods shows the pods there are; they come and go with the load',
  'revision-in-use': 'take it out of the traffic table first',
  'nothing-to-roll-back': 'set the table you want with PUT /models/{name}/traffic',
  'revision-not-addressable': 'give the revision a tag, and score by tag=',
  'signatures-conflict': 'score one revision at a time with revision= or tag=',
  'scoring-not-found':
    'GET /scorings lists those that run and those that ended lately; its id is in Scoring-Id of its answer',
  'scoring-stopped': 'send the file again to score it from its beginning',
  'model-unreachable':
    'try again; if it stays so, ask the platform engineer whether this service may reach the models',
  'model-cut-off':
    "try again; if it stays so, look at the model's logs: it may crash while scoring",
  'model-overloaded': 'try again later, or with a lower concurrency=',
  'model-unavailable':
    "try again; if it stays so, look at the model's logs: it may crash while scoring",
  'model-timeout': 'try again; a slow model needs a higher timeoutSeconds or a lower concurrency=',
  'model-answer-invalid': 'check that the image is an SCR model and its appPath is right',
  'signature-unknown': 'check that the image is an SCR model and its appPath is right',
  'signature-invalid':
    'publish the model with variables whose types are numbers, whole numbers, texts or data grids',
  'cluster-forbidden':
    'ask the platform engineer to grant it to the service account, as deploy/base does',
  'cluster-busy': 'try again in a few seconds',
  'cluster-unreachable':
    "try again; if it stays so, ask the platform engineer whether the cluster's API is up",
  'service-busy': 'try again after the seconds in Retry-After',
  'deadline-passed': 'give more time with timeout=, or send fewer rows',
  'spool-full':
    'try again when other requests have ended, send a smaller file or fewer columns=, or ask the platform engineer to raise SPOOL_MAX_BYTES',
  'spool-unusable':
    'ask the platform engineer to look at the folder SPOOL_DIR of this service: it must be writable; smaller answers need no disk',
  'service-stopping': 'send the request again: another replica takes it',
  'replica-unreachable': 'try again in some seconds',
  'caller-gone': 'keep the connection open until the answer has arrived'
}

export const Problem = Type.Object(
  {
    type: Type.String({ description: "stable; /problems/ and the fault's name" }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what happened, to which model, row or column' }),
    remedy: Type.String({ description: 'what to do' }),
    requestId: Type.String({ description: "the same as in the service's log" }),
    fields: Type.Optional(
      Type.Array(
        Type.Object({
          field: Type.String({ description: 'path in the body, or query.NAME' }),
          detail: Type.String(),
          remedy: Type.Optional(Type.String())
        })
      )
    )
  },
  { $id: 'Problem', description: 'RFC 9457 problem details', additionalProperties: true }
)
export type Problem = Static<typeof Problem>

/** The `response` entries of a route's schema for these statuses: all are problem documents. */
export function problems<const S extends number> (...statuses: readonly S[]): Record<S, unknown> {
  const answer = {
    description: 'a problem',
    content: { 'application/problem+json': { schema: Type.Ref('Problem') } }
  }
  return Object.fromEntries(statuses.map(status => [status, answer])) as Record<S, unknown>
}

/** The only place where an error becomes a status. */
export async function sendProblem (
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  const named = error instanceof DomainError ? error : fromFastify(error as FastifyError)
  const problem = { ...problemOf(named), requestId: request.id }
  const { status } = problem
  request.log[status < 500 ? 'info' : 'error'](
    { err: error, fault: named?.fault ?? 'internal', status, user: callerName(request) },
    'request failed'
  )
  const { retryAfterSeconds, fields, extra } = named?.details ?? {}
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', retryAfterSeconds)
  return await reply
    .code(status)
    .type('application/problem+json')
    .send({ ...problem, ...(fields ? { fields } : {}), ...extra })
}

/** What every problem document has; undefined for a failure of this service. */
export function problemOf (named: DomainError | undefined) {
  const kind = named?.fault ?? 'internal'
  return {
    type: `/problems/${kind}`,
    title: kind.replaceAll('-', ' '),
    status: named === undefined ? 500 : STATUS[named.fault],
    detail: named?.message ?? 'an unexpected error; its text is in the log',
    remedy:
      named === undefined
        ? 'report the requestId to the platform engineer'
        : (named.details.remedy ?? REMEDY[named.fault])
  }
}

export async function sendNotFound (
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  return await reply
    .code(404)
    .type('application/problem+json')
    .send({
      type: '/problems/route-not-found',
      title: 'route not found',
      status: 404,
      detail: `there is no ${request.method} ${request.url.split('?', 1)[0]}`,
      remedy: 'see /docs for the calls there are',
      requestId: request.id
    })
}

/**
 * Fastify's own refusals of a request, in this service's words; undefined for a failure of this
 * service.
 */
function fromFastify (error: FastifyError): DomainError | undefined {
  if (error.validation !== undefined) {
    return invalidFields(
      error.validation.map(fault => fieldFault(error.validationContext ?? 'body', fault)),
      error
    )
  }
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new DomainError('media-type-unsupported', error.message, { cause: error })
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new DomainError('upload-too-large', 'the body is larger than this call takes', {
        cause: error,
        remedy: 'send less in one call'
      })
    case 'FST_ERR_BAD_URL':
      return new DomainError(
        'request-unreadable',
        'the path has a % that is not followed by the two digits of a UTF-8 byte',
        { cause: error, remedy: 'percent encode the path as UTF-8' }
      )
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new DomainError('url-too-long', 'a name in the path is longer than any there can be', {
        cause: error
      })
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new DomainError(
        'upload-incomplete',
        'the body is shorter or longer than its Content-Length',
        { cause: error }
      )
  }
  const unreadable =
    error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
  if (!unreadable) return undefined
  const isBody = error.code?.startsWith('FST_ERR_CTP_') === true
  return new DomainError('request-unreadable', error.message, {
    cause: error,
    ...(isBody ? {} : { remedy: 'correct the request: see /docs for the calls there are' })
  })
}

type SchemaFault = NonNullable<FastifyError['validation']>[number]

/** Translates a schema's complaint for the caller; `where` is body, querystring or the like. */
export function fieldFault (
  where: string,
  { instancePath, keyword, params, message }: SchemaFault
): FieldFault {
  const path = instancePath
    .slice(1)
    .split('/')
    .filter(part => part !== '')
  const extra =
    keyword === 'additionalProperties'
      ? String(params.additionalProperty)
      : keyword === 'required'
        ? String(params.missingProperty)
        : undefined
  const parts = [
    ...(where === 'body' ? [] : [where === 'querystring' ? 'query' : where]),
    ...path,
    ...(extra === undefined ? [] : [extra])
  ]
  const field = parts.join('.') || 'body'
  switch (keyword) {
    case 'additionalProperties':
      return { field, detail: 'is not known', remedy: unknownRemedy(field, params) }
    case 'required':
      return { field, detail: 'is missing', remedy: `add ${field}` }
    case 'enum':
      return { field, detail: `must be one of ${(params.allowedValues as unknown[]).join(', ')}` }
    case 'pattern':
      return {
        field,
        detail: 'does not have the form that it must have',
        remedy: 'see its description in /docs'
      }
    case 'const':
      return { field, detail: `must be ${String(params.allowedValue)}` }
    default:
      return { field, detail: message ?? 'is not valid' }
  }
}

/** `validation.ts` has added the known names, and the one that was probably meant. */
function unknownRemedy (field: string, { meant, known }: SchemaFault['params']): string {
  if (typeof meant === 'string') return `did you mean ${meant}?`
  const names = (known ?? []) as readonly string[]
  return `leave ${field} out, or check its spelling${names.length > 0 ? `; known here: ${names.join(', ')}` : ''}`
}
