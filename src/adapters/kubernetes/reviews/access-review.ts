import type { Rights } from '../../../domain/access/access.js'
import type { Connection } from '../api/connection.js'
import { translateReviewFailure } from './review-failure.js'

interface SubjectAccessReview {
  readonly status?: { readonly allowed?: boolean }
}

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews'

/** What the cluster's own authorizers allow on the ksvcs of a namespace. */
export function createAccessReviews (connection: Connection, namespace: string): Rights {
  return {
    async has ({ user, uid, groups, extra }, { verb, subresource }, model, signal) {
      const resourceAttributes = {
        namespace,
        group: 'serving.knative.dev',
        resource: 'services',
        verb,
        ...(subresource === undefined ? {} : { subresource }),
        ...(model === undefined ? {} : { name: model })
      }
      const spec = {
        resourceAttributes,
        user,
        groups,
        ...(uid === undefined ? {} : { uid }),
        ...(extra === undefined ? {} : { extra })
      }
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
      try {
        const answer = await connection.send<SubjectAccessReview>('POST', PATH, body, signal)
        return answer.body.status?.allowed === true
      } catch (error) {
        throw translateReviewFailure(error, 'subjectaccessreviews.authorization.k8s.io')
      }
    }
  }
}
