import { NAMESPACES, RBAC, RESOURCES, SERVING, type Resource } from './resources.js'

const VERSION = { major: '1', minor: '34', gitVersion: 'v1.34.1', gitTreeState: '', goVersion: 'go1.26.8', compiler: 'gc', platform: 'linux/amd64' }
/** By which `kubectl get all` finds a resource. */
const CATEGORIES: Readonly<Record<string, readonly string[]>> = { [SERVING]: ['all', 'knative', 'serving'] }

/** All but the core group. */
const GROUPS = [SERVING, RBAC].map(name => {
  const version = { groupVersion: `${name}/v1`, version: 'v1' }
  return { name, versions: [version], preferredVersion: version }
})

/** The aggregated form, which newer kubectl asks for: all of `/api` or `/apis` in one document. */
export const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** What the API serves, in the documents clients read first; undefined for other paths. */
export function discovery (path: string): object | undefined {
  if (path === '/version') return VERSION
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS }
  if (path === '/api/v1') return resourceList('')
  const group = GROUPS.find(({ name }) => path === `/apis/${name}` || path === `/apis/${name}/v1`)
  if (group === undefined) return undefined
  return path.endsWith('/v1') ? resourceList(group.name) : { kind: 'APIGroup', apiVersion: 'v1', ...group }
}

export function aggregatedDiscovery (path: string): object | undefined {
  if (path !== '/api' && path !== '/apis') return undefined
  const groups = path === '/api' ? [''] : GROUPS.map(({ name }) => name)
  const items = groups.map(name => ({
    metadata: name === '' ? {} : { name },
    versions: [{ version: 'v1', resources: served(name).map(aggregated), freshness: 'Current' }]
  }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items }
}

function aggregated ({ group, plural, singular, kind, verbs, shortNames, clusterWide, subresources = [] }: Resource): object {
  const responseKind = { group, version: 'v1', kind }
  return {
    resource: plural,
    responseKind,
    scope: clusterWide === true ? 'Cluster' : 'Namespaced',
    singularResource: singular,
    verbs,
    ...(shortNames && { shortNames }),
    ...(group in CATEGORIES && { categories: CATEGORIES[group] }),
    ...(subresources.length > 0 && { subresources: subresources.map(subresource => ({ subresource, responseKind, verbs: ['get'] })) })
  }
}

const served = (group: string): Resource[] => [...(group === '' ? [NAMESPACES] : []), ...RESOURCES.filter(resource => resource.group === group)]

function resourceList (group: string): object {
  const resources = served(group).flatMap(({ plural, singular, kind, verbs, shortNames, clusterWide, subresources = [] }) => [
    {
      name: plural,
      singularName: singular,
      namespaced: clusterWide !== true,
      kind,
      verbs,
      ...(shortNames && { shortNames }),
      ...(group in CATEGORIES && { categories: CATEGORIES[group] })
    },
    ...subresources.map(sub => ({ name: `${plural}/${sub}`, singularName: '', namespaced: clusterWide !== true, kind, verbs: ['get'] }))
  ])
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group === '' ? 'v1' : `${group}/v1`, resources }
}
