import { createHash } from 'node:crypto'
import { DomainError, isFault } from '../errors.js'
import type { Caller, Identities, Rights } from './access.js'
import { Decisions, type Source } from './decisions.js'

const FRESH_MS = 60_000
/** A refusal is remembered for this long only, so that a new binding works soon. */
const REFUSED_MS = 5_000

export type ReportDecision = (decision: 'token' | 'right', source: Source, error?: unknown) => void

/**
 * Remembers identities for a minute and refusals for five seconds. Older ones are held while the
 * source does not answer.
 */
export function rememberIdentities (
  identities: Identities,
  report: ReportDecision,
  now = Date.now
): Identities {
  const decisions = new Decisions<Caller | DomainError>({
    freshMs: decision =>
      decision instanceof DomainError
        ? REFUSED_MS
        : Math.min(FRESH_MS, (decision.expiresAt ?? Infinity) - now()),
    endsAt: decision => (decision instanceof DomainError ? undefined : decision.expiresAt),
    report: (source, error) => report('token', source, error),
    now
  })
  return {
    async callerOf (token, signal) {
      const ask = async () => await identities.callerOf(token, FOR_ALL).catch(refusalAsDecision)
      const decision = await decisions.get(hashOf(token), ask, signal)
      if (decision instanceof DomainError) throw decision
      return decision
    }
  }
}

/** Remembers rights as `rememberIdentities` remembers identities. */
export function rememberRights (rights: Rights, report: ReportDecision, now = Date.now): Rights {
  const decisions = new Decisions<boolean>({
    freshMs: allowed => (allowed ? FRESH_MS : REFUSED_MS),
    report: (source, error) => report('right', source, error),
    now
  })
  return {
    async has (caller, right, model, signal) {
      const { user, uid, groups, extra } = caller
      const key = hashOf(
        JSON.stringify([user, uid, groups, extra, right.verb, right.subresource, model])
      )
      return await decisions.get(
        key,
        async () => await rights.has(caller, right, model, FOR_ALL),
        signal
      )
    }
  }
}

/** A question serves all who wait, so no caller's signal ends it; its own time limit does. */
const FOR_ALL = new AbortController().signal

function refusalAsDecision (error: unknown): DomainError {
  if (isFault(error, 'unauthenticated')) return error
  throw error
}

/** Hashes a key. A token is a secret, and its hash can't be used to log in. */
function hashOf (text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
