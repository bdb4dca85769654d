import type { FastifyReply } from 'fastify'
import { DomainError } from '../domain/errors.js'

/**
 * Fires when the caller closed the connection before the whole answer was sent, and with `abandon`. Not `request.signal`: that one follows the
 * request's stream and fires as soon as the body has been read.
 */
export function callerSignal (reply: FastifyReply, abandon?: AbortSignal): AbortSignal {
  const gone = new AbortController()
  const leave = () => {
    if (!reply.raw.writableFinished) gone.abort(new DomainError('caller-gone', 'the caller closed the connection'))
  }
  if (reply.raw.destroyed) leave()
  else reply.raw.once('close', leave)
  return abandon === undefined ? gone.signal : AbortSignal.any([gone.signal, abandon])
}
