import { DomainError } from '../../../domain/errors.js'
import { ApiFailure, translateFailure } from '../api/errors.js'

/**
 * Why a review failed. When this service has no right to ask, that is not the fault of its callers.
 */
export function translateReviewFailure (error: unknown, resource: string): unknown {
  if (!(error instanceof ApiFailure)) return error
  if (error.status === 429 || error.status >= 500) {
    return translateFailure(error, { verb: 'create', resource, namespace: '' })
  }
  return new DomainError(
    'login-unavailable',
    `the cluster does not tell this service who its callers are and what they may do (create ${resource}: ${error.status})`,
    {
      cause: error,
      retryAfterSeconds: 30,
      remedy:
        'ask the platform engineer to bind the ClusterRole system:auth-delegator to the service account of this service, as deploy/rbac does'
    }
  )
}
