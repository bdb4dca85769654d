import type { FastifyReply } from 'fastify'
import { DomainError } from '../domain/errors.js'
import { follower } from '../async/follower.js'
import { onClose } from './on-close.js'

/**
 * Fires when the caller closed the connection before the whole answer was sent, and with `abandon`.
 * Not `request.signal`: that one follows the request's stream and fires as soon as the body has
 * been read.
 */
export function callerSignal (reply: FastifyReply, abandon?: AbortSignal): AbortSignal {
  const gone = follower(abandon)
  const leave = () => {
    if (reply.raw.writableFinished) gone.end()
    else gone.abort(new DomainError('caller-gone', 'the caller closed the connection'))
  }
  onClose(reply.raw, leave)
  return gone.signal
}
