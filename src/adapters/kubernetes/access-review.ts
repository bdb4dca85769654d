import type { Rights } from '../../domain/access/access.js'
import type { Connection } from './connection.js'
import { reviewFailure } from './review-failure.js'

interface SubjectAccessReview { readonly status?: { readonly allowed?: boolean } }

/** What the cluster's own authorizers allow on the ksvcs of a namespace. */
export function accessReviews ({ objects, within }: Connection, namespace: string): Rights {
  const kind = { group: 'authorization.k8s.io', version: 'v1', plural: 'subjectaccessreviews' }
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
      const spec = { resourceAttributes, user, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) }
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
      try {
        const { status } = await objects.createClusterCustomObject({ ...kind, body }, within(signal)) as SubjectAccessReview
        return status?.allowed === true
      } catch (error) {
        throw reviewFailure(error, 'subjectaccessreviews.authorization.k8s.io')
      }
    }
  }
}
