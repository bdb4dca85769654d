import type { KubeEvent, KubeObject, Pod, ResourceQuota, Secret } from './objects.js'
import type { Configuration, Ksvc, Revision, Route } from '../knative/objects.js'
import type { Binding, Role } from './rbac.js'

/** A kind of object this API serves. The type parameter says what its objects look like. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** '' for the core group */
  readonly group: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames?: readonly string[]
  readonly verbs: readonly string[]
  readonly subresources?: readonly string[]
  /** without a namespace */
  readonly clusterWide?: true
  /** only so that T is used */
  readonly sample?: T
}

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
export const SERVING = 'serving.knative.dev'
export const RBAC = 'rbac.authorization.k8s.io'

export const SERVICES: Resource<Ksvc> = {
  group: SERVING, kind: 'Service', plural: 'services', singular: 'service', shortNames: ['kservice', 'ksvc'], verbs: ALL, subresources: ['status']
}
export const CONFIGURATIONS: Resource<Configuration> = {
  group: SERVING, kind: 'Configuration', plural: 'configurations', singular: 'configuration', shortNames: ['config', 'cfg'], verbs: ['get', 'list', 'watch']
}
export const ROUTES: Resource<Route> = {
  group: SERVING, kind: 'Route', plural: 'routes', singular: 'route', shortNames: ['rt'], verbs: ['get', 'list', 'watch']
}
export const REVISIONS: Resource<Revision> = {
  group: SERVING, kind: 'Revision', plural: 'revisions', singular: 'revision', shortNames: ['rev'], verbs: ['delete', 'get', 'list', 'patch', 'update', 'watch']
}
export const PODS: Resource<Pod> = {
  group: '', kind: 'Pod', plural: 'pods', singular: 'pod', shortNames: ['po'], verbs: ['delete', 'get', 'list', 'patch', 'watch'], subresources: ['log']
}
export const EVENTS: Resource<KubeEvent> = {
  group: '', kind: 'Event', plural: 'events', singular: 'event', shortNames: ['ev'], verbs: ['get', 'list', 'watch']
}
export const SECRETS: Resource<Secret> = {
  group: '', kind: 'Secret', plural: 'secrets', singular: 'secret', verbs: ALL
}
export const SERVICE_ACCOUNTS: Resource = {
  group: '', kind: 'ServiceAccount', plural: 'serviceaccounts', singular: 'serviceaccount', shortNames: ['sa'], verbs: ALL, subresources: ['token']
}
export const ROLES: Resource<Role> = { group: RBAC, kind: 'Role', plural: 'roles', singular: 'role', verbs: ALL }
export const ROLE_BINDINGS: Resource<Binding> = { group: RBAC, kind: 'RoleBinding', plural: 'rolebindings', singular: 'rolebinding', verbs: ALL }
export const CLUSTER_ROLES: Resource<Role> = {
  group: RBAC, kind: 'ClusterRole', plural: 'clusterroles', singular: 'clusterrole', verbs: ALL, clusterWide: true
}
export const CLUSTER_ROLE_BINDINGS: Resource<Binding> = {
  group: RBAC, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', singular: 'clusterrolebinding', verbs: ALL, clusterWide: true
}

export const QUOTAS: Resource<ResourceQuota> = {
  group: '', kind: 'ResourceQuota', plural: 'resourcequotas', singular: 'resourcequota', shortNames: ['quota'], verbs: ALL
}

/** Namespaces are fixed and not in the store; this is how discovery and tables name them. */
export const NAMESPACES: Resource = {
  group: '', kind: 'Namespace', plural: 'namespaces', singular: 'namespace', shortNames: ['ns'], verbs: ['get', 'list'], clusterWide: true
}

export const RESOURCES: readonly Resource[] = [
  SERVICES, CONFIGURATIONS, ROUTES, REVISIONS, PODS, EVENTS, SECRETS, QUOTAS,
  SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS
]

export const apiVersionOf = ({ group }: Resource): string => group === '' ? 'v1' : `${group}/v1`

/** `services.serving.knative.dev`, or `pods` in the core group: how messages name a resource. */
export const qualified = ({ group, plural }: Resource): string => group === '' ? plural : `${plural}.${group}`
