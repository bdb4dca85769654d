import type { KubeEvent, KubeObject, Pod, ResourceQuota, Secret } from './objects.js'
import type { Configuration, Ksvc, Revision, Route } from '../knative/objects.js'

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
  /** only so that T is used */
  readonly sample?: T
}

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const SERVING = 'serving.knative.dev'

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
  group: '', kind: 'Pod', plural: 'pods', singular: 'pod', shortNames: ['po'], verbs: ['delete', 'get', 'list', 'watch'], subresources: ['log']
}
export const EVENTS: Resource<KubeEvent> = {
  group: '', kind: 'Event', plural: 'events', singular: 'event', shortNames: ['ev'], verbs: ['get', 'list', 'watch']
}
export const SECRETS: Resource<Secret> = {
  group: '', kind: 'Secret', plural: 'secrets', singular: 'secret', verbs: ALL
}

export const QUOTAS: Resource<ResourceQuota> = {
  group: '', kind: 'ResourceQuota', plural: 'resourcequotas', singular: 'resourcequota', shortNames: ['quota'], verbs: ALL
}

export const RESOURCES: readonly Resource[] = [SERVICES, CONFIGURATIONS, ROUTES, REVISIONS, PODS, EVENTS, SECRETS, QUOTAS]

export const apiVersionOf = ({ group }: Resource): string => group === '' ? 'v1' : `${group}/v1`

/** `services.serving.knative.dev`, or `pods` in the core group: how messages name a resource. */
export const qualified = ({ group, plural }: Resource): string => group === '' ? plural : `${plural}.${group}`

/** The discovery document of one group: `/api/v1` or `/apis/GROUP/v1`; undefined for a group that is not served. */
export function resourceList (group: string): object | undefined {
  const served = RESOURCES.filter(resource => resource.group === group)
  if (served.length === 0) return undefined
  const resources = served.flatMap(({ plural, singular, kind, verbs, shortNames, subresources = [] }) => [
    { name: plural, singularName: singular, namespaced: true, kind, verbs, ...(shortNames && { shortNames }) },
    ...subresources.map(sub => ({ name: `${plural}/${sub}`, singularName: '', namespaced: true, kind, verbs: ['get'] }))
  ])
  const core = [{ name: 'namespaces', singularName: 'namespace', namespaced: false, kind: 'Namespace', verbs: ['get', 'list'], shortNames: ['ns'] }]
  const groupVersion = group === '' ? 'v1' : `${group}/v1`
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: group === '' ? [...core, ...resources] : resources }
}

const version = { groupVersion: `${SERVING}/v1`, version: 'v1' }
export const SERVING_GROUP = { name: SERVING, versions: [version], preferredVersion: version }
