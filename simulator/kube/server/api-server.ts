import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Accounts } from '../access/accounts.js'
import { checkAllowed } from '../access/rbac.js'
import { refuseByRule, type Refusal } from '../access/refusal.js'
import { answerReview } from '../access/reviews.js'
import { internalError, methodNotAllowed, notAcceptable, StatusError } from '../status-errors.js'
import { parseBody, readBody } from './body.js'
import { sendDocument } from './documents.js'
import { answerObjectRequest, type ObjectParts } from './object-requests.js'
import { send, sendText } from './sending.js'
import { findTarget, requestedAccess, verbOf } from './target.js'

export interface ApiServerParts extends ObjectParts {
  readonly accounts: Accounts
  /** the rule in force, if any */
  readonly currentRule: () => Refusal | undefined
  /** called with every request */
  readonly note: (request: { method: string; path: string }) => void
  /** returns a promise for which every answer waits; undefined: the server answers at once */
  readonly waitWhileHeld: () => Promise<void> | undefined
}

const READABLE = /\*\/\*|application\/(\*|json|yaml)/

/**
 * Makes the server of the Kubernetes API, over plain HTTP. It does not listen yet. Bindings decide
 * what service accounts may do; all other callers may do everything.
 */
export function createApiServer (parts: ApiServerParts): Server {
  const server = createServer((request, response) => {
    parts.note({ method: request.method ?? '', path: request.url ?? '' })
    answer(parts, request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return response.destroy()
      const { code, body, headers } = error instanceof StatusError ? error : internalError(error)
      return send(response, code, body, [], headers)
    })
  })
  server.keepAliveTimeout = 120_000
  return server
}

async function answer (
  parts: ApiServerParts,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  await parts.waitWhileHeld()
  const url = new URL(request.url ?? '/', 'http://cluster')
  const { method = '', headers } = request
  const caller = parts.accounts.authenticateCaller(headers.authorization)
  if (sendDocument(parts.catalog, method, url.pathname, headers.accept, response)) return
  const target = findTarget(parts.catalog, url)
  const body = await readBody(request)
  const review =
    method === 'POST' ? answerReview(parts, url.pathname, caller, () => parseBody(body)) : undefined
  if (review !== undefined) return send(response, 201, review)
  if (target === undefined) return sendText(response, 404, '404 page not found\n')
  if (headers.accept !== undefined && !READABLE.test(headers.accept)) throw notAcceptable()
  const verb = verbOf(method, target)
  refuseByRule(parts.currentRule(), verb, target)
  checkAllowed(parts.store, caller, requestedAccess(verb, target))
  if (!target.resource.verbs.includes(verb)) throw methodNotAllowed()
  answerObjectRequest(parts, { verb, target, headers, body }, response)
}
