import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Accounts } from './accounts.js'
import { deleteObject, type EndPod } from './deletion.js'
import { listObjects, selection } from './list.js'
import type { Json } from './merge-patch.js'
import type { Pod } from './objects.js'
import { sendLog, type PodLogs } from './pod-log.js'
import { mustBeAllowed, type Attributes } from './rbac.js'
import { refusal, type Refusal } from './refusal.js'
import { GROUPS, PODS, RESOURCES, resourceList, type Resource } from './resources.js'
import { reviewed } from './reviews.js'
import { badRequest, internalError, methodNotAllowed, namespaceNotFound, notAcceptable, notFound, StatusError, unsupportedMediaType } from './status-errors.js'
import type { Store } from './store.js'
import type { Watches } from './watch.js'
import { createObject, patchObject, replaceObject, type Written } from './writes.js'

export interface ApiServerParts {
  readonly store: Store
  readonly watches: Watches
  readonly logs: PodLogs
  readonly endPod: EndPod
  readonly accounts: Accounts
  readonly namespaces: ReadonlySet<string>
  /** the rule in force, if any */
  readonly refused: () => Refusal | undefined
  readonly seen: (request: { method: string, path: string }) => void
}

/** A request about objects: `/api/v1/…` or `/apis/GROUP/v1/…`, `namespaces/NS/`, resource, name and subresource. */
interface Target {
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
  readonly query: URLSearchParams
}

const VERSION = { major: '1', minor: '34', gitVersion: 'v1.34.1', gitTreeState: '', goVersion: 'go1.26.8', compiler: 'gc', platform: 'linux/amd64' }
const READABLE = /\*\/\*|application\/(\*|json|yaml)/

/** The Kubernetes API over plain HTTP: service accounts may do what is bound to them, all others everything. Not listening yet. */
export function apiServer (parts: ApiServerParts): Server {
  const server = createServer((request, response) => {
    parts.seen({ method: request.method ?? '', path: request.url ?? '' })
    answer(parts, request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return response.destroy()
      const { code, body, headers } = error instanceof StatusError ? error : internalError(error)
      return send(response, code, body, [], headers)
    })
  })
  server.keepAliveTimeout = 120_000
  return server
}

async function answer (parts: ApiServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://cluster')
  const caller = parts.accounts.callerOf(request.headers.authorization)
  const fixed = document(parts, url.pathname)
  if (typeof fixed === 'string') return sendText(response, 200, fixed)
  if (fixed !== undefined) return request.method === 'GET' ? send(response, 200, fixed) : send(response, 405, methodNotAllowed().body)
  const target = parse(url)
  const body = await readBody(request)
  const review = request.method === 'POST' ? reviewed(parts, url.pathname, caller, () => parsed(body)) : undefined
  if (review !== undefined) return send(response, 201, review)
  if (target === undefined) return sendText(response, 404, '404 page not found\n')
  if (request.headers.accept !== undefined && !READABLE.test(request.headers.accept)) throw notAcceptable()
  const verb = verbOf(request.method ?? '', target)
  refusal(parts.refused(), verb, target)
  mustBeAllowed(parts.store, caller, wantedOf(verb, target))
  if (!target.resource.verbs.includes(verb)) throw methodNotAllowed()
  if (request.method === 'GET') return read(parts, target, verb, response)
  const namespace = target.resource.clusterWide === true ? '' : target.namespace
  if (namespace === undefined) throw methodNotAllowed()
  const where = { resource: target.resource, namespace, query: target.query }
  const mediaType = (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? ''
  if (verb === 'create') return sendWritten(response, 201, createObject(parts.store, parts.namespaces, where, json(body, mediaType)))
  if (verb === 'deletecollection') {
    const matches = selection(where.resource, where.query)
    const items = parts.store.list(where.resource, where.namespace).filter(matches)
    for (const { metadata } of items) deleteObject(parts.store, where, metadata.name, null, parts.endPod)
    return send(response, 200, { apiVersion: 'v1', kind: `${where.resource.kind}List`, metadata: {}, items })
  }
  const name = target.name ?? ''
  if (verb === 'delete') return send(response, 200, deleteObject(parts.store, where, name, body === '' ? null : json(body, mediaType), parts.endPod))
  if (verb === 'update') return sendWritten(response, 200, replaceObject(parts.store, where, name, json(body, mediaType)))
  return sendWritten(response, 200, patchObject(parts.store, where, name, parsed(body), mediaType))
}

function read (parts: ApiServerParts, { resource, namespace, name, subresource, query }: Target, verb: string, response: ServerResponse): void {
  const watching = query.get('watch') === 'true' || query.get('watch') === '1'
  if (verb === 'watch' && watching) {
    if (name !== undefined) query.set('fieldSelector', `metadata.name=${name}`)
    return parts.watches.open(resource, namespace, query, response)
  }
  if (name === undefined) return send(response, 200, listObjects(parts.store, resource, namespace, query))
  const object = parts.store.get(resource, namespace ?? '', name)
  if (object === undefined || (subresource !== undefined && !['status', 'log'].includes(subresource))) throw notFound(resource, name)
  if (subresource === 'log' && resource === PODS) return sendLog(parts.logs, object as Pod, query, response)
  return send(response, 200, object)
}

/** Discovery, health and namespaces: documents that need no store. A string is plain text. */
function document ({ namespaces, store }: ApiServerParts, path: string): object | string | undefined {
  if (['/livez', '/readyz', '/healthz'].includes(path)) return 'ok'
  if (path === '/version') return VERSION
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS }
  if (path === '/api/v1') return resourceList('')
  const group = GROUPS.find(({ name }) => path === `/apis/${name}` || path === `/apis/${name}/v1`)
  if (group !== undefined) return path.endsWith('/v1') ? resourceList(group.name) : { kind: 'APIGroup', apiVersion: 'v1', ...group }
  const named = /^\/api\/v1\/namespaces(?:\/([^/]+))?$/.exec(path)
  if (named === null) return undefined
  const items = [...namespaces].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, status: { phase: 'Active' } }))
  if (named[1] === undefined) return { kind: 'NamespaceList', apiVersion: 'v1', metadata: { resourceVersion: String(store.version) }, items }
  const item = items.find(({ metadata }) => metadata.name === named[1])
  if (item === undefined) throw namespaceNotFound(named[1])
  return item
}

function parse (url: URL): Target | undefined {
  const match = /^\/(?:api|apis\/([^/]+))\/v1(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname)
  if (match === null) return undefined
  const [group = '', namespace, plural, name, subresource] = match.slice(1)
  const resource = RESOURCES.find(known => known.group === group && known.plural === plural)
  return resource && { resource, namespace, name, subresource, query: url.searchParams }
}

function wantedOf (verb: string, { resource: { group, plural }, subresource, namespace, name }: Target): Attributes {
  return { verb, group, resource: plural, subresource, namespace, name }
}

function verbOf (method: string, { name, query }: Target): string {
  if (method === 'GET') return query.has('watch') ? 'watch' : name === undefined ? 'list' : 'get'
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete'
  return { POST: 'create', PUT: 'update', PATCH: 'patch' }[method] ?? method.toLowerCase()
}

async function readBody (request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function json (body: string, mediaType: string): Json {
  if (mediaType !== 'application/json') throw unsupportedMediaType(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'])
  return parsed(body)
}

function parsed (body: string): Json {
  try {
    return JSON.parse(body) as Json
  } catch {
    throw badRequest(`the object provided is unrecognized: couldn't get version/kind; json parse error: unexpected end of JSON input (${body.slice(0, 20)})`)
  }
}

const sendWritten = (response: ServerResponse, code: number, { object, warnings }: Written): void => send(response, code, object, warnings)

function sendText (response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': text.length }).end(text)
}

type Headers = Readonly<Record<string, string>>

/** Warning headers come as several headers of one name (recorded). */
function send (response: ServerResponse, code: number, body: object, warnings: readonly string[] = [], headers: Headers = {}): void {
  const text = JSON.stringify(body)
  response.writeHead(code, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-cache, private',
    'Content-Length': Buffer.byteLength(text),
    ...(warnings.length > 0 && { Warning: warnings.map(warning => `299 - "${warning.replaceAll('"', '\\"')}"`) }),
    ...headers
  }).end(text)
}
