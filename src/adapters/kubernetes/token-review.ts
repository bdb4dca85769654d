import type { Caller, Identities } from '../../domain/access/access.js'
import { DomainError } from '../../domain/errors.js'
import type { Connection } from './connection.js'
import { reviewFailure } from './review-failure.js'

interface TokenReview {
  readonly status: {
    /** Absent where the token is refused (recorded, Kubernetes 1.34). */
    readonly authenticated?: boolean
    readonly user?: {
      readonly username?: string
      readonly uid?: string
      readonly groups?: readonly string[]
      readonly extra?: Readonly<Record<string, readonly string[]>>
    }
    readonly audiences?: readonly string[]
    readonly error?: string
  }
}

/** Bearer tokens that the cluster itself knows. `audiences`: what they have to be made for; none: for the cluster's API. */
export function tokenReviews ({ objects, within }: Connection, audiences: readonly string[]): Identities {
  const kind = { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews' }
  return {
    async callerOf (token, signal) {
      const spec = { token, ...(audiences.length > 0 ? { audiences } : {}) }
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec }
      let review: TokenReview
      try {
        review = await objects.createClusterCustomObject({ ...kind, body }, within(signal)) as TokenReview
      } catch (error) {
        throw reviewFailure(error, 'tokenreviews.authentication.k8s.io')
      }
      return callerIn(review, audiences, expiryOf(token))
    }
  }
}

function callerIn ({ status }: TokenReview, wanted: readonly string[], expiresAt: number | undefined): Caller {
  const { authenticated = false, user: { username = '', uid, groups = [], extra } = {}, audiences = [], error } = status
  // An authenticator that knows no audiences tells none: its word is not enough where one was asked for.
  const isForUs = wanted.length === 0 || wanted.some(audience => audiences.includes(audience))
  if (!authenticated || username === '' || !isForUs) {
    throw new DomainError('unauthenticated', 'the cluster does not accept this token', {
      cause: new Error(error ?? `made for the audiences ${JSON.stringify(audiences)}`),
      remedy: `send a new token of this cluster: kubectl create token ACCOUNT${wanted[0] === undefined ? '' : ` --audience=${wanted[0]}`}`
    })
  }
  return {
    user: username,
    groups,
    ...(uid === undefined ? {} : { uid }),
    ...(extra === undefined ? {} : { extra }),
    ...(expiresAt === undefined ? {} : { expiresAt })
  }
}

/** Of a JWT; the cluster checks what it says, this only tells how long that holds. */
function expiryOf (token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { readonly exp?: unknown }
    return typeof exp === 'number' ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}
