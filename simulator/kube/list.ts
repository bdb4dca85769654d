import type { KubeObject } from './objects.js'
import { apiVersionOf, type Resource } from './resources.js'
import { fieldSelector, labelSelector, type Matches } from './selectors.js'
import { badRequest, expired, invalid, tooLargeVersion } from './status-errors.js'
import type { Store } from './store.js'

/** What labelSelector and fieldSelector of a query let through. */
export function selection (resource: Resource, query: URLSearchParams): Matches {
  const labels = labelSelector(query.get('labelSelector') ?? '')
  const fields = fieldSelector(resource, query.get('fieldSelector') ?? '')
  return object => labels(object) && fields(object)
}

export interface ObjectList {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly items: readonly KubeObject[]
}

/** Answers a list, paged by `limit` and `continue`: every page shows the moment of the first one. */
export function listObjects (store: Store, resource: Resource, namespace: string | undefined, query: URLSearchParams): ObjectList {
  const matches = selection(resource, query)
  const limit = integer(query, 'limit')
  const token = query.get('continue')
  const page = token ? continued(token, query) : { version: exactVersion(store, query), start: '' }
  const version = page.version ?? store.version
  const found = page.version === undefined ? store.list(resource, namespace) : store.listAt(resource, namespace, page.version)
  if (found === undefined) throw gone(page.start)
  const selected = found.filter(object => matches(object) && object.metadata.name > page.start)
  const items = limit > 0 ? selected.slice(0, limit) : selected
  const last = items.at(-1)
  const more = last !== undefined && items.length < selected.length
  const selecting = query.has('labelSelector') || query.has('fieldSelector')
  const core = resource.group === ''
  return {
    apiVersion: apiVersionOf(resource),
    kind: `${resource.kind}List`,
    metadata: {
      ...((more || !core) && { continue: more ? encode(version, last.metadata.name) : '' }),
      resourceVersion: String(version),
      ...(more && !selecting && { remainingItemCount: selected.length - items.length })
    },
    items: core ? items.map(withoutType) as KubeObject[] : items
  }
}

/** Items of core lists do not say what they are; those of custom resources do (recorded). */
const withoutType = ({ apiVersion: _, kind: __, ...rest }: KubeObject) => rest

/** An integer of the query; 0 when absent. */
function integer (query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '0'
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  return Number(text)
}

/** The version a list must show exactly; undefined: the newest will do (also for resourceVersion=0 or one long gone). */
function exactVersion (store: Store, query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion')
  const match = query.get('resourceVersionMatch')
  if (text === null || text === '') {
    if (match === null) return undefined
    const message = 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'
    throw invalid('ListOptions', 'meta.k8s.io', '', [{ reason: 'FieldValueForbidden', message, field: 'resourceVersionMatch' }])
  }
  if (!/^\d+$/.test(text)) {
    throw badRequest(`invalid resource version: resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`)
  }
  if (Number(text) > store.version) throw tooLargeVersion(Number(text), store.version)
  if (match !== 'Exact') return undefined
  if (Number(text) < store.compacted) throw expired('The resourceVersion for the provided list is too old.')
  return Number(text)
}

// a token is what a real server sends: base64 of {"v":"meta.k8s.io/v1","rv":17494,"start":"/t11-p2\u0000"}
const encode = (version: number, name: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `/${name}\0` })).toString('base64url')

function continued (token: string, query: URLSearchParams): { version: number | undefined, start: string } {
  if (query.get('resourceVersion')) throw badRequest('specifying resource version is not allowed when using continue')
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { rv: number, start: string }
    return { version: rv < 0 ? undefined : rv, start: start.replace(/^\//, '').replace(/\0$/, '') }
  } catch {
    throw badRequest("invalid continue token: continue key is not valid: invalid character '\\u009e' looking for beginning of value")
  }
}

const gone = (start: string) => expired('The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token ' +
  'results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
{ continue: encode(-1, start) })
