import type { Attributes } from './rbac.js'
import { NAMESPACES, RESOURCES, type Resource } from './resources.js'

/** A request about objects: `/api/v1/…` or `/apis/GROUP/v1/…`, `namespaces/NS/`, resource, name and subresource. */
export interface Target {
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
  readonly query: URLSearchParams
}

/** undefined: no path of an object that is served. */
export function targetOf (url: URL): Target | undefined {
  const ns = /^\/api\/v1\/namespaces(?:\/([^/]+))?$/.exec(url.pathname)
  if (ns !== null) return { resource: NAMESPACES, namespace: undefined, name: ns[1], subresource: undefined, query: url.searchParams }
  const match = /^\/(?:api|apis\/([^/]+))\/v1(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname)
  if (match === null) return undefined
  const [group = '', namespace, plural, name, subresource] = match.slice(1)
  const resource = RESOURCES.find(known => known.group === group && known.plural === plural)
  return resource && { resource, namespace, name, subresource, query: url.searchParams }
}

/** What rights are asked for. */
export function wantedOf (verb: string, { resource: { group, plural }, subresource, namespace, name }: Target): Attributes {
  return { verb, group, resource: plural, subresource, namespace, name }
}

/** In the words of RBAC. */
export function verbOf (method: string, { name, query }: Target): string {
  if (method === 'GET') return query.has('watch') ? 'watch' : name === undefined ? 'list' : 'get'
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete'
  return { POST: 'create', PUT: 'update', PATCH: 'patch' }[method] ?? method.toLowerCase()
}
