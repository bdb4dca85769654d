import { errors, jwtVerify, type JWTPayload } from 'jose'
import type { Identities } from '../../domain/access/access.js'
import { DomainError } from '../../domain/errors.js'
import { untilAborted } from '../../domain/until-aborted.js'
import { issuerKeys, type KeysOptions } from './oidc-keys.js'

export interface OidcOptions extends KeysOptions {
  /** One of them has to be in the token's `aud`. */
  readonly audiences: readonly string[]
  readonly userClaim: string
  readonly groupsClaim: string
  readonly clockSkewSeconds: number
}

/** In front of every name, so that no token can bring a name that the cluster has given to somebody else. */
const PREFIX = 'oidc:'
/** Signatures that only the issuer can make: with a shared secret, or none, everybody who knows the public keys could. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const NAME_MAX = 512

/** Bearer tokens that are JWTs of an OpenID provider (RFC 7519, OpenID Connect Core 1.0 section 2). */
export function oidcTokens (options: OidcOptions): Identities {
  const { issuer, audiences, userClaim, groupsClaim, clockSkewSeconds } = options
  const keys = issuerKeys(options)
  const rules = { issuer, audience: [...audiences], algorithms: ALGORITHMS, clockTolerance: clockSkewSeconds, requiredClaims: ['exp', userClaim] }
  return {
    async callerOf (token, signal) {
      try {
        const { payload } = await untilAborted(jwtVerify(token, keys, rules), signal)
        const user = userIn(payload, userClaim)
        const groups = groupsIn(payload, groupsClaim)
        return { user: PREFIX + user, groups: groups.map(group => PREFIX + group), expiresAt: (payload.exp ?? 0) * 1000 }
      } catch (error) {
        throw error instanceof errors.JOSEError ? refused(error, options) : error
      }
    }
  }
}

/** As Kubernetes' own OpenID login does it, a mail address that was not verified is nobody's name. */
function userIn (payload: JWTPayload, claim: string): string {
  const user = payload[claim]
  if (typeof user !== 'string' || !isName(user)) throw unusable(`its claim ${claim} is not a name`)
  if (claim === 'email' && payload['email_verified'] === false) throw unusable('its mail address is not verified')
  return user
}

function groupsIn (payload: JWTPayload, claim: string): string[] {
  const given = payload[claim] ?? []
  const groups: unknown[] = Array.isArray(given) ? given : [given]
  if (!groups.every(group => typeof group === 'string' && isName(group))) throw unusable(`its claim ${claim} is not a list of names`)
  return groups as string[]
}

/** Other characters could make lines of a log or a terminal look like something else. */
function isName (text: string): boolean {
  return text.trim() !== '' && text.length <= NAME_MAX && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)
}

function unusable (why: string): DomainError {
  return new DomainError('unauthenticated', `the token is good, but ${why}`, {
    remedy: 'ask the platform engineer: OIDC_USER_CLAIM and OIDC_GROUPS_CLAIM name the claims that this service reads'
  })
}

/** Why, without a word of what the token holds. */
function refused (error: errors.JOSEError, { issuer, audiences, userClaim, clockSkewSeconds }: OidcOptions): DomainError {
  const told = (why: string) => new DomainError('unauthenticated', `the token is not accepted: ${why}`, { cause: error })
  if (error instanceof errors.JWTExpired) return told(`it has expired (more than ${clockSkewSeconds} s ago)`)
  if (error instanceof errors.JOSEAlgNotAllowed) return told('it is not signed by a key pair')
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) return told(`its signature is none of ${issuer}`)
  if (!(error instanceof errors.JWTClaimValidationFailed)) return told('it is not a signed JWT')
  const { claim } = error
  if (claim === 'iss') return told(`it is not of the issuer ${issuer}`)
  if (claim === 'aud') return told(`it is not made for ${audiences.join(' or ')}`)
  if (claim === userClaim) return told(`it has no claim ${userClaim}`)
  return told(`its claim ${claim} is missing or not yet valid`)
}
