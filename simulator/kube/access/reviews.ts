import { isObject, type Json } from '../json.js'
import { badRequest, failure } from '../status-errors.js'
import type { Store } from '../store/store.js'
import { BadToken, type Accounts, type User } from './accounts.js'
import { checkAllowed, decide, type Attributes } from './rbac.js'
import { refuseByRule, type Refusal } from './refusal.js'

const AUTHENTICATION = '/apis/authentication.k8s.io/v1'
const AUTHORIZATION = '/apis/authorization.k8s.io/v1'
/** The reviews about the caller itself, for which everybody may ask. */
const SELF = ['selfsubjectaccessreviews', 'selfsubjectreviews']

export interface ReviewParts {
  readonly store: Store
  readonly accounts: Accounts
  readonly currentRule: () => Refusal | undefined
}

/**
 * Answers a POST that reviews a token or a right, or requests a token. Returns undefined for any
 * other path. Reviews are never stored.
 */
export function answerReview (
  { store, accounts, currentRule: refused }: ReviewParts,
  path: string,
  caller: User,
  body: () => Json
): object | undefined {
  const token = /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/.exec(path)
  if (token !== null) {
    const [, namespace = '', name = ''] = token
    checkAllowed(store, caller, {
      verb: 'create',
      resource: 'serviceaccounts',
      subresource: 'token',
      namespace,
      name
    })
    return accounts.issueRequestedToken(namespace, name, body())
  }
  const named =
    /^\/apis\/(authentication|authorization)\.k8s\.io\/v1(?:\/namespaces\/([^/]+))?\/([a-z]+reviews)$/.exec(
      path
    )
  if (named === null) return undefined
  const [, group = '', namespace, resource = ''] = named
  refuseByRule(refused(), 'create', {
    resource: { group: `${group}.k8s.io`, plural: resource },
    namespace,
    name: undefined,
    subresource: undefined
  })
  if (!SELF.includes(resource)) {
    checkAllowed(store, caller, { verb: 'create', group: `${group}.k8s.io`, resource, namespace })
  }
  switch (path) {
    case `${AUTHENTICATION}/tokenreviews`:
      return reviewToken(accounts, specOf(body()))
    case `${AUTHENTICATION}/selfsubjectreviews`:
      return {
        kind: 'SelfSubjectReview',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: {},
        status: { userInfo: caller }
      }
    case `${AUTHORIZATION}/subjectaccessreviews`:
      return reviewAccess(store, 'SubjectAccessReview', specOf(body()))
    case `${AUTHORIZATION}/selfsubjectaccessreviews`:
      return reviewAccess(store, 'SelfSubjectAccessReview', specOf(body()), caller)
  }
  return resource === 'localsubjectaccessreviews'
    ? reviewAccess(store, 'LocalSubjectAccessReview', specOf(body()))
    : undefined
}

type Spec = Readonly<Record<string, Json>>

function specOf (body: Json): Spec {
  return isObject(body) && isObject(body['spec']) ? body['spec'] : {}
}

const textsIn = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.map(String) : []

function reviewToken (accounts: Accounts, spec: Spec): object {
  const { token } = spec
  if (typeof token !== 'string' || token === '') {
    throw badRequest('token is required for TokenReview in authentication')
  }
  return {
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    spec,
    status: judgeToken(accounts, token, textsIn(spec['audiences']))
  }
}

/**
 * Says whether a token is valid. The status of a refused token has no `authenticated` at all
 * (recorded).
 */
function judgeToken (accounts: Accounts, token: string, wanted: readonly string[]): object {
  try {
    return { authenticated: true, ...accounts.authenticateToken(token, wanted) }
  } catch (error) {
    if (error instanceof BadToken) return { user: {}, error: error.message }
    throw error
  }
}

function reviewAccess (store: Store, kind: string, spec: Spec, self?: User): object {
  const user = self ?? {
    username: typeof spec['user'] === 'string' ? spec['user'] : '',
    groups: textsIn(spec['groups'])
  }
  if (user.username === '' && user.groups.length === 0) throw userMissing()
  const attributes = isObject(spec['resourceAttributes'])
    ? (spec['resourceAttributes'] as Attributes)
    : {}
  return {
    kind,
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec,
    status: decide(store, user, attributes)
  }
}

/** Makes the 422 for a missing user. The kind is empty, so it begins with a dot (recorded). */
function userMissing (): Error {
  const message = 'Invalid value: "": at least one of user or group must be specified'
  return failure({
    code: 422,
    reason: 'Invalid',
    message: `.authorization.k8s.io "" is invalid: spec.user: ${message}`,
    details: {
      group: 'authorization.k8s.io',
      causes: [{ reason: 'FieldValueInvalid', message, field: 'spec.user' }]
    }
  })
}
