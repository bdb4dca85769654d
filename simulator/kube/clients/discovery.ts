import type { Catalog, Group } from '../catalog.js'
import type { Resource } from '../resource.js'
import { NAMESPACES } from '../resources.js'

const VERSION = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.1',
  gitTreeState: '',
  goVersion: 'go1.26.8',
  compiler: 'gc',
  platform: 'linux/amd64'
}

/**
 * The media type of aggregated discovery, for which newer kubectl asks. One document has all of
 * `/api` or `/apis`.
 */
export const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/**
 * Finds the discovery document at a path; undefined for other paths. Clients read these documents
 * first, to learn what the API serves.
 */
export function findDiscovery (catalog: Catalog, path: string): object | undefined {
  if (path === '/version') return VERSION
  if (path === '/api') {
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  }
  if (path === '/apis') {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: catalog.named.map(describeGroup) }
  }
  if (path === '/api/v1') return listResources(catalog, '')
  const group = catalog.named.find(
    ({ name }) => path === `/apis/${name}` || path === `/apis/${name}/v1`
  )
  if (group === undefined) return undefined
  return path.endsWith('/v1')
    ? listResources(catalog, group.name)
    : { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) }
}

function describeGroup ({ name }: Group) {
  const version = { groupVersion: `${name}/v1`, version: 'v1' }
  return { name, versions: [version], preferredVersion: version }
}

export function findAggregatedDiscovery (catalog: Catalog, path: string): object | undefined {
  if (path !== '/api' && path !== '/apis') return undefined
  const groups = path === '/api' ? [''] : catalog.named.map(({ name }) => name)
  const items = groups.map(name => {
    const { categories } = catalog.group(name) ?? {}
    const resources = resourcesIn(catalog, name).map(each => describeAggregated(each, categories))
    return {
      metadata: name === '' ? {} : { name },
      versions: [{ version: 'v1', resources, freshness: 'Current' }]
    }
  })
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items
  }
}

function describeAggregated (
  { group, plural, singular, kind, verbs, shortNames, clusterWide, subresources = [] }: Resource,
  categories: Group['categories']
): object {
  const responseKind = { group, version: 'v1', kind }
  return {
    resource: plural,
    responseKind,
    scope: clusterWide === true ? 'Cluster' : 'Namespaced',
    singularResource: singular,
    verbs,
    ...(shortNames && { shortNames }),
    ...(categories && { categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map(subresource => ({ subresource, responseKind, verbs: ['get'] }))
    })
  }
}

const resourcesIn = (catalog: Catalog, group: string): Resource[] => [
  ...(group === '' ? [NAMESPACES] : []),
  ...(catalog.group(group)?.kinds ?? []).map(({ resource }) => resource)
]

function listResources (catalog: Catalog, group: string): object {
  const { categories } = catalog.group(group) ?? {}
  const resources = resourcesIn(catalog, group).flatMap(
    ({ plural, singular, kind, verbs, shortNames, clusterWide, subresources = [] }) => [
      {
        name: plural,
        singularName: singular,
        namespaced: clusterWide !== true,
        kind,
        verbs,
        ...(shortNames && { shortNames }),
        ...(categories && { categories })
      },
      ...subresources.map(sub => ({
        name: `${plural}/${sub}`,
        singularName: '',
        namespaced: clusterWide !== true,
        kind,
        verbs: ['get']
      }))
    ]
  )
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? 'v1' : `${group}/v1`,
    resources
  }
}
