import { ALL_VERBS, type Resource } from '../kube/resource.js'
import type { Configuration, Ksvc, Revision, Route } from './objects.js'

export const SERVING = 'serving.knative.dev'

export const SERVICES: Resource<Ksvc> = {
  group: SERVING,
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['kservice', 'ksvc'],
  verbs: ALL_VERBS,
  subresources: ['status']
}
export const CONFIGURATIONS: Resource<Configuration> = {
  group: SERVING,
  kind: 'Configuration',
  plural: 'configurations',
  singular: 'configuration',
  shortNames: ['config', 'cfg'],
  verbs: ['get', 'list', 'watch']
}
export const ROUTES: Resource<Route> = {
  group: SERVING,
  kind: 'Route',
  plural: 'routes',
  singular: 'route',
  shortNames: ['rt'],
  verbs: ['get', 'list', 'watch']
}
export const REVISIONS: Resource<Revision> = {
  group: SERVING,
  kind: 'Revision',
  plural: 'revisions',
  singular: 'revision',
  shortNames: ['rev'],
  verbs: ['delete', 'get', 'list', 'patch', 'update', 'watch']
}
