import { msOf } from '../../async/milliseconds.js'
import type { FastifyReply } from 'fastify'
import { DomainError } from '../../domain/errors.js'
import { follower } from '../../async/follower.js'
import { onClose } from '../on-close.js'

export interface Deadline {
  /** Fires with one of the outer signals, or when the time is over. */
  readonly signal: AbortSignal
  /** Starts the time limit; undefined sets none. */
  readonly after: (seconds: number | undefined) => void
}

/**
 * A time limit of the whole request. The caller may give it in the body, which is read under the
 * same signal, so the limit starts later than the signal.
 */
export function deadline (reply: FastifyReply, ...outer: readonly AbortSignal[]): Deadline {
  const over = follower(...outer)
  onClose(reply.raw, over.end)
  return {
    signal: over.signal,
    after (seconds) {
      if (seconds === undefined) return
      const timer = setTimeout(
        () =>
          over.abort(
            new DomainError(
              'deadline-passed',
              `the rows were not scored within timeout=${seconds} seconds`
            )
          ),
        msOf(seconds)
      )
      onClose(reply.raw, () => {
        clearTimeout(timer)
      })
    }
  }
}
