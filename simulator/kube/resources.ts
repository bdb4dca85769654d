import type { Binding, KubeEvent, Pod, ResourceQuota, Role, Secret } from './objects.js'
import { ALL_VERBS, type Resource } from './resource.js'

export const RBAC = 'rbac.authorization.k8s.io'

export const PODS: Resource<Pod> = {
  group: '',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  verbs: ['delete', 'get', 'list', 'patch', 'watch'],
  subresources: ['log']
}
export const EVENTS: Resource<KubeEvent> = {
  group: '',
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  verbs: ['get', 'list', 'watch']
}
export const SECRETS: Resource<Secret> = {
  group: '',
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  verbs: ALL_VERBS
}
export const SERVICE_ACCOUNTS: Resource = {
  group: '',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  verbs: ALL_VERBS,
  subresources: ['token']
}
export const ROLES: Resource<Role> = {
  group: RBAC,
  kind: 'Role',
  plural: 'roles',
  singular: 'role',
  verbs: ALL_VERBS
}
export const ROLE_BINDINGS: Resource<Binding> = {
  group: RBAC,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  singular: 'rolebinding',
  verbs: ALL_VERBS
}
export const CLUSTER_ROLES: Resource<Role> = {
  group: RBAC,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  singular: 'clusterrole',
  verbs: ALL_VERBS,
  clusterWide: true
}
export const CLUSTER_ROLE_BINDINGS: Resource<Binding> = {
  group: RBAC,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  verbs: ALL_VERBS,
  clusterWide: true
}

export const QUOTAS: Resource<ResourceQuota> = {
  group: '',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  verbs: ALL_VERBS
}

/** Namespaces are fixed and not in the store. Discovery and tables need this entry for them. */
export const NAMESPACES: Resource = {
  group: '',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  verbs: ['get', 'list'],
  clusterWide: true
}

/** Kubernetes' own kinds in the store. Knative's are in `knative/resources.ts`. */
export const CORE_RESOURCES: readonly Resource[] = [
  PODS,
  EVENTS,
  SECRETS,
  QUOTAS,
  SERVICE_ACCOUNTS,
  ROLES,
  ROLE_BINDINGS,
  CLUSTER_ROLES,
  CLUSTER_ROLE_BINDINGS
]
