import { createHash } from 'node:crypto'
import { DomainError, isFault } from '../errors.js'
import type { Access, Caller, Identities, Rights } from './access.js'
import { Decisions, type Source } from './decisions.js'

const FRESH_MS = 60_000
/** A refusal: soon asked for again, so that a new binding works soon. */
const REFUSED_MS = 5_000

export type Told = (decision: 'token' | 'right', source: Source, error?: unknown) => void

/** Access whose decisions are taken from memory for a minute, refusals for some seconds; past ones hold while nobody can be asked. */
export function remembered ({ identities, rights }: Access, told: Told, now = Date.now): Access {
  return { identities: rememberedIdentities(identities, told, now), rights: rememberedRights(rights, told, now) }
}

export function rememberedIdentities (identities: Identities, told: Told, now = Date.now): Identities {
  const decisions = new Decisions<Caller | DomainError>({
    freshMs: decision => decision instanceof DomainError ? REFUSED_MS : Math.min(FRESH_MS, (decision.expiresAt ?? Infinity) - now()),
    endsAt: decision => decision instanceof DomainError ? undefined : decision.expiresAt,
    told: (source, error) => told('token', source, error),
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

export function rememberedRights (rights: Rights, told: Told, now = Date.now): Rights {
  const decisions = new Decisions<boolean>({
    freshMs: allowed => allowed ? FRESH_MS : REFUSED_MS, told: (source, error) => told('right', source, error), now
  })
  return {
    async has (caller, right, model, signal) {
      const { user, uid, groups, extra } = caller
      const key = hashOf(JSON.stringify([user, uid, groups, extra, right.verb, right.subresource, model]))
      return await decisions.get(key, async () => await rights.has(caller, right, model, FOR_ALL), signal)
    }
  }
}

/** Of what is asked for all who wait: ends by the asker's own limit. */
const FOR_ALL = new AbortController().signal

function refusalAsDecision (error: unknown): DomainError {
  if (isFault(error, 'unauthenticated')) return error
  throw error
}

/** A token is a secret: what is kept of it can't be used. */
function hashOf (text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
