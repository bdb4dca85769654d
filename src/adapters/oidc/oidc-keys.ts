import { createRemoteJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose'
import { DomainError } from '../../domain/errors.js'

export interface KeysOptions {
  readonly issuer: string
  /** Undefined: the issuer's discovery document names it. */
  readonly jwksUrl?: string | undefined
  /** How long no other search for an unknown key is made: anybody can send unknown keys. */
  readonly cooldownMs?: number
  /** How long keys are used without a look for newer ones. */
  readonly freshMs?: number
}

type FindKey = ReturnType<typeof createRemoteJWKSet>

const LIMIT_MS = 5_000
/**
 * How long known keys are good while the issuer does not answer. A key that it has withdrawn must
 * not be good for ever.
 */
const HOLD_MS = 24 * 3600_000
/** How long the issuer is not asked again after it did not answer, while there are keys. */
const PAUSE_MS = 10_000

const ABOUT_THE_TOKEN = [
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSENotSupported
]

/**
 * Finds the issuer's public key for a token. Keys are fetched over HTTP when first needed, again
 * after ten minutes, and for a key not seen before.
 * @throws DomainError `login-unavailable` when the keys can't be fetched; jose's errors when there
 *   is no such key
 */
export function createKeyFinder ({
  issuer,
  jwksUrl,
  cooldownMs = 10_000,
  freshMs = 600_000
}: KeysOptions) {
  let opening: Promise<FindKey> | undefined
  let fetchedAt = 0
  let nextFetch = 0

  async function open (): Promise<FindKey> {
    const url = jwksUrl ?? (await discoverKeysUrl(issuer))
    return createRemoteJWKSet(new URL(url), {
      timeoutDuration: LIMIT_MS,
      cooldownDuration: cooldownMs,
      cacheMaxAge: Infinity
    })
  }

  /** Fetches the keys again after an interval, so that keys which the issuer has withdrawn go. */
  async function refresh (keys: FindKey): Promise<void> {
    const now = Date.now()
    if (now < nextFetch) return
    nextFetch = now + PAUSE_MS
    try {
      await keys.reload()
      fetchedAt = now
      nextFetch = now + freshMs
    } catch (error) {
      if (now - fetchedAt > HOLD_MS) throw error
    }
  }

  return async (
    header: JWSHeaderParameters,
    token: FlattenedJWSInput
  ): Promise<Awaited<ReturnType<FindKey>>> => {
    try {
      const keys = await (opening ??= open())
      await refresh(keys)
      return await keys(header, token)
    } catch (error) {
      if (ABOUT_THE_TOKEN.some(kind => error instanceof kind)) throw error
      if (fetchedAt === 0) opening = undefined
      throw new DomainError(
        'login-unavailable',
        `the keys of ${issuer} can't be had, so nobody can tell who the caller is`,
        {
          cause: error,
          retryAfterSeconds: 10,
          remedy:
            'try again; if it stays so, ask the platform engineer whether this service reaches the OpenID provider'
        }
      )
    }
  }
}

/**
 * OpenID Connect Discovery 1.0, section 4: the document has to name the issuer exactly as it was
 * asked.
 */
async function discoverKeysUrl (issuer: string): Promise<string> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(LIMIT_MS)
  })
  if (!response.ok) throw new Error(`the discovery document is answered with ${response.status}`)
  const { issuer: named, jwks_uri: url } = (await response.json()) as {
    readonly issuer?: unknown
    readonly jwks_uri?: unknown
  }
  if (named !== issuer) throw new Error(`the discovery document is one of ${JSON.stringify(named)}`)
  if (typeof url !== 'string' || new URL(url).protocol !== new URL(issuer).protocol) {
    throw new Error(`no usable jwks_uri: ${JSON.stringify(url)}`)
  }
  return url
}
