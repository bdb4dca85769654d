import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { isObject, type Json } from '../json.js'
import { SERVICE_ACCOUNTS } from '../resources.js'
import { failure, invalid, notFound } from '../status-errors.js'
import type { Store } from '../store/store.js'

/** The user who makes a request, as the API server describes them. */
export interface User {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export const ADMIN: User = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }
/** The token of the simulator's own kubeconfig. */
export const ADMIN_TOKEN = 'simulator'

const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const LEAST_SECONDS = 600

interface Claims {
  readonly aud: readonly string[]
  readonly exp: number
  readonly iat: number
  readonly nbf: number
  readonly iss: string
  readonly jti: string
  readonly sub: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly serviceaccount: { readonly name: string; readonly uid: string }
  }
}

/** Says in the words of a TokenReview why a token is not accepted. */
export class BadToken extends Error {}

/**
 * Makes and checks the tokens of service accounts. A TokenRequest makes a token, which is valid
 * until it expires or its account is gone.
 */
export class Accounts {
  readonly #key = randomBytes(32)

  constructor (readonly store: Store) {}

  /** Answers POST …/serviceaccounts/NAME/token with a TokenRequest that has the token. */
  issueRequestedToken (namespace: string, name: string, body: Json): object {
    const spec = isObject(body) && isObject(body['spec']) ? body['spec'] : {}
    const seconds = Number(spec['expirationSeconds'] ?? 3600)
    if (seconds < LEAST_SECONDS) {
      const message = `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`
      throw invalid('TokenRequest', 'authentication.k8s.io', '', [
        { reason: 'FieldValueInvalid', message, field: 'spec.expirationSeconds' }
      ])
    }
    const audiences =
      Array.isArray(spec['audiences']) && spec['audiences'].length > 0
        ? spec['audiences'].map(String)
        : [ISSUER]
    const { token, expiresAt } = this.#signToken(namespace, name, audiences, seconds)
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: formatTime(Date.now()) },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
      status: { token, expirationTimestamp: formatTime(expiresAt) }
    }
  }

  /** Makes a token for tests. Unlike a requested token it may already have expired. */
  issueToken (namespace: string, name: string, seconds: number): string {
    return this.#signToken(namespace, name, [ISSUER], seconds).token
  }

  /** Finds the account of a token. @throws BadToken */
  authenticateToken (
    token: string,
    audiences: readonly string[] = []
  ): { user: User; audiences: readonly string[] } {
    const wanted = audiences.length > 0 ? audiences : [ISSUER]
    if (token === ADMIN_TOKEN) return { user: ADMIN, audiences: wanted }
    const claims = this.#verifyClaims(token)
    const {
      namespace,
      serviceaccount: { name, uid }
    } = claims['kubernetes.io']
    const common = claims.aud.filter(audience => wanted.includes(audience))
    if (common.length === 0) {
      throw new BadToken(
        `[invalid bearer token, token audiences ${JSON.stringify(claims.aud)} is invalid for the target audiences ${JSON.stringify(wanted)}]`
      )
    }
    if (claims.exp * 1000 <= Date.now()) {
      throw new BadToken('[invalid bearer token, service account token has expired]')
    }
    const account = this.store.get(SERVICE_ACCOUNTS, namespace, name)
    if (account === undefined) {
      throw new BadToken(`[invalid bearer token, serviceaccounts "${name}" not found]`)
    }
    if (account.metadata.uid !== uid) {
      throw new BadToken('[invalid bearer token, service account UID does not match]')
    }
    const groups = [
      'system:serviceaccounts',
      `system:serviceaccounts:${namespace}`,
      'system:authenticated'
    ]
    return {
      user: {
        username: claims.sub,
        uid,
        groups,
        extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] }
      },
      audiences: common
    }
  }

  /**
   * Finds out who calls the API. Nobody needs a login to use the simulator: a caller without a
   * token, or with one that is not a JWT, is the administrator.
   * @throws StatusError 401 for a JWT that is not accepted
   */
  authenticateCaller (authorization: string | undefined): User {
    const token = /^bearer (.+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined || token.split('.').length !== 3) return ADMIN
    try {
      return this.authenticateToken(token).user
    } catch (error) {
      if (error instanceof BadToken) {
        throw failure({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' })
      }
      throw error
    }
  }

  #signToken (
    namespace: string,
    name: string,
    aud: readonly string[],
    seconds: number
  ): { token: string; expiresAt: number } {
    const account = this.store.get(SERVICE_ACCOUNTS, namespace, name)
    if (account === undefined) throw notFound(SERVICE_ACCOUNTS, name)
    const now = Math.floor(Date.now() / 1000)
    const claims: Claims = {
      aud,
      exp: now + seconds,
      iat: now,
      nbf: now,
      iss: ISSUER,
      jti: randomUUID(),
      sub: `system:serviceaccount:${namespace}:${name}`,
      'kubernetes.io': { namespace, serviceaccount: { name, uid: account.metadata.uid } }
    }
    const text = `${encodePart({ alg: 'HS256' })}.${encodePart(claims)}`
    return {
      token: `${text}.${this.#sign(text).toString('base64url')}`,
      expiresAt: claims.exp * 1000
    }
  }

  #verifyClaims (token: string): Claims {
    const [head = '', body = '', signature = ''] = token.split('.')
    try {
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims
      if (claims.iss !== ISSUER) throw new BadToken('invalid bearer token')
      const [given, own] = [Buffer.from(signature, 'base64url'), this.#sign(`${head}.${body}`)]
      if (given.length === own.length && timingSafeEqual(given, own)) return claims
    } catch {
      throw new BadToken('invalid bearer token')
    }
    throw new BadToken('[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]')
  }

  #sign (text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest()
  }
}

const encodePart = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

const formatTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
