import { msOf } from '../../../async/milliseconds.js'
import type { Caller, Identities } from '../../../domain/access/access.js'
import { DomainError } from '../../../domain/errors.js'
import type { Connection } from '../api/connection.js'
import { translateReviewFailure } from './review-failure.js'

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

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews'

/**
 * Bearer tokens that the cluster itself knows. They have to be made for one of the audiences, or,
 * when there are none, for the cluster's API.
 */
export function createTokenReviews (
  connection: Connection,
  audiences: readonly string[]
): Identities {
  return {
    async callerOf (token, signal) {
      const spec = { token, ...(audiences.length > 0 ? { audiences } : {}) }
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec }
      let review: TokenReview
      try {
        review = (await connection.send<TokenReview>('POST', PATH, body, signal)).body
      } catch (error) {
        throw translateReviewFailure(error, 'tokenreviews.authentication.k8s.io')
      }
      return readCaller(review, audiences, expiryOf(token))
    }
  }
}

function readCaller (
  { status }: TokenReview,
  wanted: readonly string[],
  expiresAt: number | undefined
): Caller {
  const {
    authenticated = false,
    user: { username = '', uid, groups = [], extra } = {},
    audiences = [],
    error
  } = status
  // An authenticator without audiences names none. Its answer is not enough when one was asked for.
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

/** The end of a JWT, without a check of its signature: the cluster has just accepted it. */
function expiryOf (token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      readonly exp?: unknown
    }
    return typeof exp === 'number' ? msOf(exp) : undefined
  } catch {
    return undefined
  }
}
