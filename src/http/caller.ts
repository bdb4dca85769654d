import type { FastifyRequest } from 'fastify'
import type { Caller } from '../domain/access/access.js'

const callers = new WeakMap<object, Caller>()

export function rememberCaller (request: FastifyRequest, caller: Caller): void {
  callers.set(request, caller)
}

/** Undefined when nobody has logged in, or nobody needs to. */
export function callerOf (request: FastifyRequest): Caller | undefined {
  return callers.get(request)
}

/**
 * Who is asking, for the audit annotation and the log; `anonymous` without a login. It may
 * have any characters, so write it as JSON.
 */
export function callerName (request: FastifyRequest): string {
  return callers.get(request)?.user ?? 'anonymous'
}
