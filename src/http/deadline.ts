import type { FastifyReply } from 'fastify'
import { DomainError } from '../domain/errors.js'

export interface Deadline {
  /** Fires with the outer signal, or when the time is over. */
  readonly signal: AbortSignal
  /** Begins to count; undefined: there is no limit. */
  readonly after: (seconds: number | undefined) => void
}

/** A limit of the whole request that the caller gives as an option; the options may come in the body, which already needs the signal. */
export function deadline (reply: FastifyReply, outer: AbortSignal): Deadline {
  const over = new AbortController()
  return {
    signal: AbortSignal.any([outer, over.signal]),
    after (seconds) {
      if (seconds === undefined) return
      const timer = setTimeout(() => over.abort(new DomainError('deadline-passed', `the rows were not scored within timeout=${seconds} seconds`)), seconds * 1000)
      reply.raw.once('close', () => { clearTimeout(timer) })
    }
  }
}
