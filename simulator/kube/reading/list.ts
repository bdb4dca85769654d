import type { KubeObject } from '../objects.js'
import { apiVersionOf, type Resource } from '../resource.js'
import { badRequest, expired, invalid, tooLargeVersion } from '../status-errors.js'
import type { Store } from '../store/store.js'
import { parseFieldSelector, parseLabelSelector, type Matches } from './selectors.js'

/** Makes a test from the labelSelector and the fieldSelector of a query. */
export function parseSelectors (resource: Resource, query: URLSearchParams): Matches {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(resource, query.get('fieldSelector') ?? '')
  return object => labels(object) && fields(object)
}

export interface ObjectList {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly items: readonly KubeObject[]
}

/**
 * Lists objects in pages, by `limit` and `continue`. Every page shows the state at the moment of
 * the first one.
 */
export function listObjects (
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: URLSearchParams
): ObjectList {
  const matches = parseSelectors(resource, query)
  const limit = parseInteger(query, 'limit')
  const token = query.get('continue')
  const page = token
    ? decodeToken(token, query)
    : { version: parseExactVersion(store, query), start: '' }
  const version = page.version ?? store.version
  const found =
    page.version === undefined
      ? store.list(resource, namespace)
      : store.listAt(resource, namespace, page.version)
  if (found === undefined) throw tokenExpired(page.start)
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
      ...((more || !core) && { continue: more ? encodeToken(version, last.metadata.name) : '' }),
      resourceVersion: String(version),
      ...(more && !selecting && { remainingItemCount: selected.length - items.length })
    },
    items: core ? (items.map(withoutType) as KubeObject[]) : items
  }
}

/** Drops the type of an item. Items of core lists have none, those of custom resources do. */
const withoutType = ({ apiVersion: _, kind: __, ...rest }: KubeObject) => rest

/** Parses an integer of the query; 0 if it is absent. */
function parseInteger (query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '0'
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  return Number(text)
}

/**
 * Parses the version that a list must show exactly. Returns undefined if the newest one will do, as
 * for resourceVersion=0.
 */
function parseExactVersion (store: Store, query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion')
  const match = query.get('resourceVersionMatch')
  if (text === null || text === '') {
    if (match === null) return undefined
    const message =
      'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'
    throw invalid('ListOptions', 'meta.k8s.io', '', [
      { reason: 'FieldValueForbidden', message, field: 'resourceVersionMatch' }
    ])
  }
  if (!/^\d+$/.test(text)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`
    )
  }
  if (Number(text) > store.version) throw tooLargeVersion(Number(text), store.version)
  if (match !== 'Exact') return undefined
  if (Number(text) < store.compacted) {
    throw expired('The resourceVersion for the provided list is too old.')
  }
  return Number(text)
}

// A token has the form of a real server's: the base64 of
// {"v":"meta.k8s.io/v1","rv":17494,"start":"/t11-p2\u0000"}
const encodeToken = (version: number, name: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `/${name}\0` })).toString(
    'base64url'
  )

function decodeToken (
  token: string,
  query: URLSearchParams
): { version: number | undefined; start: string } {
  if (query.get('resourceVersion')) {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as {
      rv: number
      start: string
    }
    return { version: rv < 0 ? undefined : rv, start: start.replace(/^\//, '').replace(/\0$/, '') }
  } catch {
    throw badRequest(
      "invalid continue token: continue key is not valid: invalid character '\\u009e' looking for beginning of value"
    )
  }
}

const tokenExpired = (start: string) =>
  expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token ' +
      'results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    { continue: encodeToken(-1, start) }
  )
