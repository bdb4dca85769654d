import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { rightText, type Access, type Caller } from '../domain/access/access.js'
import { DomainError } from '../domain/errors.js'
import { callerSignal } from './caller-signal.js'
import { rememberCaller } from './caller.js'
import { problems } from './problem.js'
import { neededFor, type Needed } from './rights.js'

/** RFC 6750 2.1 */
const BEARER = /^bearer +([\w.~+/-]+=*) *$/i

/** Node takes no longer headers of a request by default. */
const TOKEN_MAX = 16_000

export interface AuthOptions {
  /** Undefined without a login: everybody may do everything. */
  readonly access: Access | undefined
  readonly namespace: string
}

/**
 * Guards every route that is registered after it. Who asks, and whether they may, is decided before
 * a byte of the body is read. The routes' schemas get the login and its answers.
 */
export function guardRoutes (app: FastifyInstance, { access, namespace }: AuthOptions): void {
  app.addHook('onRoute', route => {
    const needed = [route.method].flat().map(method => neededFor(method, route.url))
    const schema = route.schema ?? {}
    const isOpen = needed.every(one => one === undefined)
    const refusals = isOpen ? {} : problems(401, 403, 503)
    route.schema = isOpen
      ? { ...schema, security: [] }
      : { ...schema, response: { ...refusals, ...(schema.response as object) } }
  })
  if (access === undefined) return
  app.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions
    const needed = request.is404 || url === undefined ? undefined : neededFor(request.method, url)
    if (needed === undefined) return
    const signal = callerSignal(reply)
    const caller = await access.identities
      .callerOf(tokenIn(request, reply), signal)
      .catch((error: unknown) => {
        throw askForLogin(error, reply)
      })
    rememberCaller(request, caller)
    if (needed.ofScorings === true) return
    await requireRight(access, caller, needed, modelIn(request), namespace, signal)
  })
}

function tokenIn ({ headers: { authorization } }: FastifyRequest, reply: FastifyReply): string {
  if (authorization !== undefined && authorization.length > TOKEN_MAX) {
    throw new DomainError(
      'unauthenticated',
      `the Authorization header has ${authorization.length} characters; at most ${TOKEN_MAX} are read`
    )
  }
  const token = BEARER.exec(authorization ?? '')?.[1]
  if (token !== undefined) return token
  const what =
    authorization === undefined
      ? 'the request has no token'
      : 'the Authorization header holds no bearer token'
  void reply.header('www-authenticate', 'Bearer realm="scr-modelops"')
  throw new DomainError('unauthenticated', what, {
    remedy: 'send the header "Authorization: Bearer TOKEN"; PROC HTTP: oauth_bearer='
  })
}

function askForLogin (error: unknown, reply: FastifyReply): unknown {
  if (error instanceof DomainError && error.fault === 'unauthenticated') {
    void reply.header('www-authenticate', 'Bearer realm="scr-modelops", error="invalid_token"')
  }
  return error
}

function modelIn ({ params }: FastifyRequest): string | undefined {
  return (params as { readonly name?: string }).name
}

async function requireRight (
  { rights }: Access,
  caller: Caller,
  { rights: wanted, role }: Needed,
  model: string | undefined,
  namespace: string,
  signal: AbortSignal
): Promise<void> {
  for (const right of wanted) {
    if (await rights.has(caller, right, model, signal)) continue
    const on = model === undefined ? '' : ` on the model ${JSON.stringify(model)}`
    throw new DomainError(
      'forbidden',
      `${JSON.stringify(caller.user)} has no right to ${rightText(right)}${on} in the namespace ${namespace}`,
      {
        remedy: `ask the platform engineer to bind you to the Role ${role} in the namespace ${namespace}; a new binding works within some seconds`
      }
    )
  }
}
