import type { FastifyRequest } from 'fastify'

/** Who is asking, for the audit annotation and the log. Without a login (AUTH_MODE=none) nobody is known. */
export function callerName (_request: FastifyRequest): string {
  return 'anonymous'
}
