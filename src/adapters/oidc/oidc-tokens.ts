import { errors, jwtVerify, type JWTPayload } from 'jose'
import type { Identities } from '../../domain/access/access.js'
import { DomainError } from '../../domain/errors.js'
import { msOf } from '../../async/milliseconds.js'
import { untilAborted } from '../../async/until-aborted.js'
import { createKeyFinder, type KeysOptions } from './oidc-keys.js'

export interface OidcOptions extends KeysOptions {
  /** One of them has to be in the token's `aud`. */
  readonly audiences: readonly string[]
  readonly userClaim: string
  readonly groupsClaim: string
  readonly clockSkewSeconds: number
}

/**
 * Stands in front of every name. So no token can bring a name that the cluster has given to
 * somebody else.
 */
const PREFIX = 'oidc:'
/**
 * Signatures that only the issuer can make. With a shared secret, or none, everybody who knows the
 * public keys could sign.
 */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519'
]
const NAME_MAX = 512

/**
 * Bearer tokens that are JWTs of an OpenID provider (RFC 7519, OpenID Connect Core 1.0 section 2).
 */
export function createOidcIdentities (options: OidcOptions): Identities {
  const { issuer, audiences, userClaim, groupsClaim, clockSkewSeconds } = options
  const keys = createKeyFinder(options)
  const rules = {
    issuer,
    audience: [...audiences],
    algorithms: ALGORITHMS,
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp', userClaim]
  }
  return {
    async callerOf (token, signal) {
      try {
        const { payload } = await untilAborted(jwtVerify(token, keys, rules), signal)
        const user = readUser(payload, userClaim)
        const groups = readGroups(payload, groupsClaim)
        return {
          user: PREFIX + user,
          groups: groups.map(group => PREFIX + group),
          expiresAt: msOf(payload.exp ?? 0)
        }
      } catch (error) {
        throw error instanceof errors.JOSEError ? explainRefusal(error, options) : error
      }
    }
  }
}

/** A mail address that was not verified is nobody's name, as in Kubernetes' own OpenID login. */
function readUser (payload: JWTPayload, claim: string): string {
  const user = payload[claim]
  if (typeof user !== 'string' || !isName(user)) throw unusableToken(`its claim ${claim} is not a name`)
  if (claim === 'email' && payload['email_verified'] === false) {
    throw unusableToken('its mail address is not verified')
  }
  return user
}

function readGroups (payload: JWTPayload, claim: string): string[] {
  const given = payload[claim] ?? []
  const groups: unknown[] = Array.isArray(given) ? given : [given]
  if (!groups.every(group => typeof group === 'string' && isName(group))) {
    throw unusableToken(`its claim ${claim} is not a list of names`)
  }
  return groups as string[]
}

/** Other characters could make lines of a log or a terminal look like something else. */
function isName (text: string): boolean {
  return text.length <= NAME_MAX && text.trim() !== '' && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)
}

function unusableToken (why: string): DomainError {
  return new DomainError('unauthenticated', `the token is good, but ${why}`, {
    remedy:
      'ask the platform engineer: OIDC_USER_CLAIM and OIDC_GROUPS_CLAIM name the claims that this service reads'
  })
}

/** Says why a token is refused, without a word of what the token holds. */
function explainRefusal (
  error: errors.JOSEError,
  { issuer, audiences, userClaim, clockSkewSeconds }: OidcOptions
): DomainError {
  const refuse = (why: string) =>
    new DomainError('unauthenticated', `the token is not accepted: ${why}`, { cause: error })
  if (error instanceof errors.JWTExpired) {
    return refuse(`it has expired (more than ${clockSkewSeconds} s ago)`)
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return refuse('it is not signed by a key pair')
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey
  ) { return refuse(`its signature is none of ${issuer}`) }
  if (!(error instanceof errors.JWTClaimValidationFailed)) return refuse('it is not a signed JWT')
  const { claim } = error
  if (claim === 'iss') return refuse(`it is not of the issuer ${issuer}`)
  if (claim === 'aud') return refuse(`it is not made for ${audiences.join(' or ')}`)
  if (claim === userClaim) return refuse(`it has no claim ${userClaim}`)
  return refuse(`its claim ${claim} is missing or not yet valid`)
}
