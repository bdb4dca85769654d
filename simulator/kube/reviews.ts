import { BadToken, type Accounts, type User } from './accounts.js'
import { isObject, type Json } from './merge-patch.js'
import { decide, mustBeAllowed, type Attributes } from './rbac.js'
import { refusal, type Refusal } from './refusal.js'
import { badRequest, failure } from './status-errors.js'
import type { Store } from './store.js'

const AUTHENTICATION = '/apis/authentication.k8s.io/v1'
const AUTHORIZATION = '/apis/authorization.k8s.io/v1'
/** What everybody may ask about themselves. */
const SELF = ['selfsubjectaccessreviews', 'selfsubjectreviews']

export interface ReviewParts {
  readonly store: Store
  readonly accounts: Accounts
  readonly refused: () => Refusal | undefined
}

/** Answers a POST about who somebody is and what they may do; undefined: the path is another one. Reviews are never stored. */
export function reviewed ({ store, accounts, refused }: ReviewParts, path: string, caller: User, body: () => Json): object | undefined {
  const token = /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/.exec(path)
  if (token !== null) {
    const [, namespace = '', name = ''] = token
    mustBeAllowed(store, caller, { verb: 'create', resource: 'serviceaccounts', subresource: 'token', namespace, name })
    return accounts.request(namespace, name, body())
  }
  const named = /^\/apis\/(authentication|authorization)\.k8s\.io\/v1(?:\/namespaces\/([^/]+))?\/([a-z]+reviews)$/.exec(path)
  if (named === null) return undefined
  const [, group = '', namespace, resource = ''] = named
  refusal(refused(), 'create', { resource: { group: `${group}.k8s.io`, plural: resource }, namespace, name: undefined, subresource: undefined })
  if (!SELF.includes(resource)) mustBeAllowed(store, caller, { verb: 'create', group: `${group}.k8s.io`, resource, namespace })
  switch (path) {
    case `${AUTHENTICATION}/tokenreviews`: return tokenReview(accounts, specOf(body()))
    case `${AUTHENTICATION}/selfsubjectreviews`: return { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, status: { userInfo: caller } }
    case `${AUTHORIZATION}/subjectaccessreviews`: return accessReview(store, 'SubjectAccessReview', specOf(body()))
    case `${AUTHORIZATION}/selfsubjectaccessreviews`: return accessReview(store, 'SelfSubjectAccessReview', specOf(body()), caller)
  }
  return resource === 'localsubjectaccessreviews' ? accessReview(store, 'LocalSubjectAccessReview', specOf(body())) : undefined
}

type Spec = Readonly<Record<string, Json>>

function specOf (body: Json): Spec {
  return isObject(body) && isObject(body['spec']) ? body['spec'] : {}
}

const textsIn = (value: Json | undefined): string[] => Array.isArray(value) ? value.map(String) : []

function tokenReview (accounts: Accounts, spec: Spec): object {
  const { token } = spec
  if (typeof token !== 'string' || token === '') throw badRequest('token is required for TokenReview in authentication')
  return { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec, status: verdict(accounts, token, textsIn(spec['audiences'])) }
}

/** A refused token has no `authenticated` at all (recorded). */
function verdict (accounts: Accounts, token: string, wanted: readonly string[]): object {
  try {
    return { authenticated: true, ...accounts.userOf(token, wanted) }
  } catch (error) {
    if (error instanceof BadToken) return { user: {}, error: error.message }
    throw error
  }
}

function accessReview (store: Store, kind: string, spec: Spec, self?: User): object {
  const user = self ?? { username: typeof spec['user'] === 'string' ? spec['user'] : '', groups: textsIn(spec['groups']) }
  if (user.username === '' && user.groups.length === 0) throw nobody()
  const attributes = isObject(spec['resourceAttributes']) ? spec['resourceAttributes'] as Attributes : {}
  return { kind, apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec, status: decide(store, user, attributes) }
}

/** Its message begins with a dot: the kind is empty there (recorded). */
function nobody (): Error {
  const message = 'Invalid value: "": at least one of user or group must be specified'
  return failure({
    code: 422,
    reason: 'Invalid',
    message: `.authorization.k8s.io "" is invalid: spec.user: ${message}`,
    details: { group: 'authorization.k8s.io', causes: [{ reason: 'FieldValueInvalid', message, field: 'spec.user' }] }
  })
}
