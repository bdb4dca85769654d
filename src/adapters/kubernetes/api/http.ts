import type { ApiRequest } from './transport.js'

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** The path with its query. Undefined values are left out. */
export function withQuery (path: string, query: Query): string {
  const entries = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] satisfies [string, string]]
  )
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries)}`
}

/** Paths of the collections of one namespace. */
export interface Paths {
  readonly ksvcs: string
  readonly revisions: string
  readonly pods: string
  readonly events: string
}

export function pathsIn (namespace: string): Paths {
  const knative = `/apis/serving.knative.dev/v1/namespaces/${namespace}`
  const core = `/api/v1/namespaces/${namespace}`
  return {
    ksvcs: `${knative}/services`,
    revisions: `${knative}/revisions`,
    pods: `${core}/pods`,
    events: `${core}/events`
  }
}

/** What a request does, in words of RBAC. */
export function describeRequest ({ method, path }: ApiRequest): {
  readonly verb: string
  readonly resource: string
} {
  const { pathname, searchParams } = new URL(path, 'http://server')
  const [, resource = pathname, name, subresource] =
    /\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?/.exec(pathname) ?? []
  const read = searchParams.get('watch') === 'true' ? 'watch' : name === undefined ? 'list' : 'get'
  const verbs: Readonly<Record<ApiRequest['method'], string>> = {
    GET: read,
    POST: 'create',
    PUT: 'update',
    PATCH: 'patch',
    DELETE: 'delete'
  }
  return {
    verb: verbs[method],
    resource: subresource === undefined ? resource : `${resource}/${subresource}`
  }
}

/** The texts of `Warning` headers (RFC 7234 5.5), of which an answer may have several. */
export function readWarnings (header: string | string[] | undefined): string[] {
  const quoted = /\d{3} \S+ "((?:[^"\\]|\\.)*)"/g
  return Array.from([header].flat().join(', ').matchAll(quoted), ([, text = '']) =>
    text.replaceAll(/\\(.)/g, '$1')
  )
}
