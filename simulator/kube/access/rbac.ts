import type { Binding, Role, Rule } from '../objects.js'
import type { Resource } from '../resource.js'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from '../resources.js'
import { failure } from '../status-errors.js'
import type { Store } from '../store/store.js'
import type { User } from './accounts.js'

/**
 * The action that a user wants to do, in the words of a SubjectAccessReview. '' and undefined both
 * mean that a field is not given.
 */
export interface Attributes {
  readonly verb?: string | undefined
  readonly group?: string | undefined
  readonly resource?: string | undefined
  readonly subresource?: string | undefined
  readonly namespace?: string | undefined
  readonly name?: string | undefined
}

/** The roles that every cluster has. Only those that tests and examples bind are listed. */
const BUILT_IN: Readonly<Record<string, readonly Rule[]>> = {
  'cluster-admin': [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  'system:auth-delegator': [
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
    { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'] }
  ]
}

export interface Decision {
  readonly allowed: boolean
  readonly reason?: string
}

/** Decides by the bindings in the store. The reasons have the recorded words. */
export function decide (
  store: Store,
  { username, groups }: Pick<User, 'username' | 'groups'>,
  wanted: Attributes
): Decision {
  if (groups.includes('system:masters')) return { allowed: true }
  for (const binding of store.list(CLUSTER_ROLE_BINDINGS)) {
    const reason = findGrant(store, binding, '', username, groups, wanted)
    if (reason !== undefined) {
      return {
        allowed: true,
        reason: `RBAC: allowed by ClusterRoleBinding "${binding.metadata.name}" of ${reason}`
      }
    }
  }
  const { namespace = '' } = wanted
  if (namespace === '') return { allowed: false }
  for (const binding of store.list(ROLE_BINDINGS, namespace)) {
    const reason = findGrant(store, binding, namespace, username, groups, wanted)
    if (reason !== undefined) {
      return {
        allowed: true,
        reason: `RBAC: allowed by RoleBinding "${binding.metadata.name}/${namespace}" of ${reason}`
      }
    }
  }
  return { allowed: false }
}

/** Refuses a request with a 403 in the recorded words, unless the bindings allow it. */
export function checkAllowed (store: Store, user: User, wanted: Attributes): void {
  if (decide(store, user, wanted).allowed) return
  const { verb = '', group = '', resource = '', subresource, namespace, name } = wanted
  const asked = subresource === undefined ? resource : `${resource}/${subresource}`
  const where =
    namespace === undefined || namespace === ''
      ? 'at the cluster scope'
      : `in the namespace "${namespace}"`
  const what = `${group === '' ? resource : `${resource}.${group}`}${name === undefined ? '' : ` "${name}"`}`
  throw failure({
    code: 403,
    reason: 'Forbidden',
    message: `${what} is forbidden: User "${user.username}" cannot ${verb} resource "${asked}" in API group "${group}" ${where}`,
    details: { ...(name !== undefined && { name }), ...(group !== '' && { group }), kind: resource }
  })
}

/**
 * Names the grant, as `Role "r" to ServiceAccount "a/ns"`, if the binding gives the user the wanted
 * right.
 */
function findGrant (
  store: Store,
  { roleRef, subjects = [] }: Binding,
  namespace: string,
  username: string,
  groups: readonly string[],
  wanted: Attributes
): string | undefined {
  const subject = subjects.find(({ kind, name, namespace: home = '' }) => {
    if (kind === 'ServiceAccount') return username === `system:serviceaccount:${home}:${name}`
    return kind === 'Group' ? groups.includes(name) : kind === 'User' && username === name
  })
  if (
    subject === undefined ||
    !rulesOf(store, roleRef, namespace).some(rule => covers(rule, wanted))
  ) {
    return undefined
  }
  return `${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${subject.name}${subject.kind === 'ServiceAccount' ? `/${subject.namespace}` : ''}"`
}

function rulesOf (
  store: Store,
  { kind, name }: Binding['roleRef'],
  namespace: string
): readonly Rule[] {
  const readRules = (resource: Resource<Role>, home: string) =>
    store.get(resource, home, name)?.rules
  const rules =
    kind === 'Role' ? readRules(ROLES, namespace) : (readRules(CLUSTER_ROLES, '') ?? BUILT_IN[name])
  return rules ?? []
}

function covers (
  { verbs, apiGroups = [], resources = [], resourceNames = [] }: Rule,
  wanted: Attributes
): boolean {
  const { verb = '', group = '', resource = '', subresource = '', name = '' } = wanted
  const asked = subresource === '' ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`]
  return (
    includesAny(verbs, verb) &&
    includesAny(apiGroups, group) &&
    includesAny(resources, ...asked) &&
    (resourceNames.length === 0 || resourceNames.includes(name))
  )
}

const includesAny = (given: readonly string[], ...wanted: readonly string[]): boolean =>
  given.includes('*') || wanted.some(one => given.includes(one))
