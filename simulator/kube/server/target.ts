import type { Attributes } from '../access/rbac.js'
import type { Catalog } from '../catalog.js'
import type { Resource } from '../resource.js'
import { NAMESPACES } from '../resources.js'

/**
 * The target of a request. Its path is `/api/v1/…` or `/apis/GROUP/v1/…`, then `namespaces/NS/`,
 * resource, name and subresource.
 */
export interface Target {
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
  readonly query: URLSearchParams
}

/** Finds the target that a path names; undefined if the server has no such resource. */
export function findTarget (catalog: Catalog, url: URL): Target | undefined {
  const ns = /^\/api\/v1\/namespaces(?:\/([^/]+))?$/.exec(url.pathname)
  if (ns !== null) {
    return {
      resource: NAMESPACES,
      namespace: undefined,
      name: ns[1],
      subresource: undefined,
      query: url.searchParams
    }
  }
  const match =
    /^\/(?:api|apis\/([^/]+))\/v1(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(
      url.pathname
    )
  if (match === null) return undefined
  const [group = '', namespace, plural, name, subresource] = match.slice(1)
  const resource = catalog.find(group, plural ?? '')
  return resource && { resource, namespace, name, subresource, query: url.searchParams }
}

/** Returns the right that the request needs. */
export function requestedAccess (
  verb: string,
  { resource: { group, plural }, subresource, namespace, name }: Target
): Attributes {
  return { verb, group, resource: plural, subresource, namespace, name }
}

/** Names the request's verb in the words of RBAC. */
export function verbOf (method: string, { name, query }: Target): string {
  if (method === 'GET') return query.has('watch') ? 'watch' : name === undefined ? 'list' : 'get'
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete'
  return { POST: 'create', PUT: 'update', PATCH: 'patch' }[method] ?? method.toLowerCase()
}
