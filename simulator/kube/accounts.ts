import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { SERVICE_ACCOUNTS } from './resources.js'
import { failure, invalid, notFound } from './status-errors.js'
import { isObject, type Json } from './merge-patch.js'
import type { Store } from './store.js'

/** Who makes a request, as the API server knows them. */
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
  readonly 'kubernetes.io': { readonly namespace: string, readonly serviceaccount: { readonly name: string, readonly uid: string } }
}

/** Why a token is not accepted, in the words of a TokenReview. */
export class BadToken extends Error {}

/** Tokens of service accounts: made by TokenRequests, good until they expire or their account is gone. */
export class Accounts {
  readonly #key = randomBytes(32)

  constructor (readonly store: Store) {}

  /** POST …/serviceaccounts/NAME/token: the TokenRequest with the token in its status. */
  request (namespace: string, name: string, body: Json): object {
    const spec = isObject(body) && isObject(body['spec']) ? body['spec'] : {}
    const seconds = Number(spec['expirationSeconds'] ?? 3600)
    if (seconds < LEAST_SECONDS) {
      const message = `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`
      throw invalid('TokenRequest', 'authentication.k8s.io', '', [{ reason: 'FieldValueInvalid', message, field: 'spec.expirationSeconds' }])
    }
    const audiences = Array.isArray(spec['audiences']) && spec['audiences'].length > 0 ? spec['audiences'].map(String) : [ISSUER]
    const { token, expiresAt } = this.#token(namespace, name, audiences, seconds)
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: rfc3339(Date.now()) },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
      status: { token, expirationTimestamp: rfc3339(expiresAt) }
    }
  }

  /** A token for tests: unlike a requested one it may have expired already. */
  tokenOf (namespace: string, name: string, seconds: number): string {
    return this.#token(namespace, name, [ISSUER], seconds).token
  }

  /** The token's account. @throws BadToken */
  userOf (token: string, audiences: readonly string[] = []): { user: User, audiences: readonly string[] } {
    const wanted = audiences.length > 0 ? audiences : [ISSUER]
    if (token === ADMIN_TOKEN) return { user: ADMIN, audiences: wanted }
    const claims = this.#claims(token)
    const { namespace, serviceaccount: { name, uid } } = claims['kubernetes.io']
    const common = claims.aud.filter(audience => wanted.includes(audience))
    if (common.length === 0) {
      throw new BadToken(`[invalid bearer token, token audiences ${JSON.stringify(claims.aud)} is invalid for the target audiences ${JSON.stringify(wanted)}]`)
    }
    if (claims.exp * 1000 <= Date.now()) throw new BadToken('[invalid bearer token, service account token has expired]')
    const account = this.store.get(SERVICE_ACCOUNTS, namespace, name)
    if (account === undefined) throw new BadToken(`[invalid bearer token, serviceaccounts "${name}" not found]`)
    if (account.metadata.uid !== uid) throw new BadToken('[invalid bearer token, service account UID does not match]')
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
    return { user: { username: claims.sub, uid, groups, extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] } }, audiences: common }
  }

  /**
   * Who asks the API. No token, and one that is no JWT, is the administrator: nobody needs a login to use the simulator.
   * @throws StatusError 401 for a JWT that is not accepted
   */
  callerOf (authorization: string | undefined): User {
    const token = /^bearer (.+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined || token.split('.').length !== 3) return ADMIN
    try {
      return this.userOf(token).user
    } catch (error) {
      if (error instanceof BadToken) throw failure({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' })
      throw error
    }
  }

  #token (namespace: string, name: string, aud: readonly string[], seconds: number): { token: string, expiresAt: number } {
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
    const text = `${encoded({ alg: 'HS256' })}.${encoded(claims)}`
    return { token: `${text}.${this.#signature(text).toString('base64url')}`, expiresAt: claims.exp * 1000 }
  }

  #claims (token: string): Claims {
    const [head = '', body = '', signature = ''] = token.split('.')
    try {
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims
      if (claims.iss !== ISSUER) throw new BadToken('invalid bearer token')
      const [given, own] = [Buffer.from(signature, 'base64url'), this.#signature(`${head}.${body}`)]
      if (given.length === own.length && timingSafeEqual(given, own)) return claims
    } catch {
      throw new BadToken('invalid bearer token')
    }
    throw new BadToken('[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]')
  }

  #signature (text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest()
  }
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
