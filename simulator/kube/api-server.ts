import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Accounts } from './accounts.js'
import { deleteObject, type EndPod } from './deletion.js'
import { AGGREGATED, aggregatedDiscovery, discovery } from './discovery.js'
import { listObjects, selection } from './list.js'
import type { Json } from './merge-patch.js'
import { namespacesNamed } from './namespaces.js'
import type { Pod } from './objects.js'
import { openapiV3 } from './openapi.js'
import { OPENAPI_V2, openapiV2 } from './openapi-protobuf.js'
import { patchObject } from './patches.js'
import { sendLog, type PodLogs } from './pod-log.js'
import { mustBeAllowed } from './rbac.js'
import { refusal, type Refusal } from './refusal.js'
import { NAMESPACES, PODS } from './resources.js'
import { reviewed } from './reviews.js'
import { send, sendBytes, sendObjects, sendText, sendWritten } from './sending.js'
import { badRequest, internalError, methodNotAllowed, notAcceptable, notFound, StatusError, unsupportedMediaType } from './status-errors.js'
import type { Store } from './store.js'
import { wantsTable } from './table.js'
import { targetOf, verbOf, wantedOf, type Target } from './target.js'
import type { Watches } from './watch.js'
import { createObject, replaceObject } from './writes.js'

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
  /** undefined: answers at once; otherwise not before this */
  readonly held: () => Promise<void> | undefined
}

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
  await parts.held()
  const url = new URL(request.url ?? '/', 'http://cluster')
  const caller = parts.accounts.callerOf(request.headers.authorization)
  const accept = request.headers.accept
  const described = description(url.pathname, accept)
  if (described !== undefined) return sendBytes(response, described.type, described.body)
  const fixed = document(url.pathname)
  if (typeof fixed === 'string') return sendText(response, 200, fixed)
  if (fixed !== undefined) return request.method === 'GET' ? send(response, 200, fixed) : send(response, 405, methodNotAllowed().body)
  const target = targetOf(url)
  const body = await readBody(request)
  const review = request.method === 'POST' ? reviewed(parts, url.pathname, caller, () => parsed(body)) : undefined
  if (review !== undefined) return send(response, 201, review)
  if (target === undefined) return sendText(response, 404, '404 page not found\n')
  if (accept !== undefined && !READABLE.test(accept)) throw notAcceptable()
  const verb = verbOf(request.method ?? '', target)
  refusal(parts.refused(), verb, target)
  mustBeAllowed(parts.store, caller, wantedOf(verb, target))
  if (!target.resource.verbs.includes(verb)) throw methodNotAllowed()
  if (target.resource === NAMESPACES) {
    return sendObjects(response, target, accept, namespacesNamed(parts.namespaces, target.name, parts.store.version))
  }
  if (request.method === 'GET') return read(parts, target, verb, accept, response)
  const namespace = target.resource.clusterWide === true ? '' : target.namespace
  if (namespace === undefined) throw methodNotAllowed()
  const where = { resource: target.resource, namespace, query: target.query, manager: managerOf(request, target.query) }
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
  const { created, ...written } = patchObject(parts.store, parts.namespaces, where, name, parsed(body), mediaType)
  return sendWritten(response, created ? 201 : 200, written)
}

function read (parts: ApiServerParts, target: Target, verb: string, accept: string | undefined, response: ServerResponse): void {
  const { resource, namespace, name, subresource, query } = target
  const watching = query.get('watch') === 'true' || query.get('watch') === '1'
  if (verb === 'watch' && watching) {
    if (name !== undefined) query.set('fieldSelector', `metadata.name=${name}`)
    return parts.watches.open(resource, namespace, query, wantsTable(accept, query), response)
  }
  if (name === undefined) return sendObjects(response, target, accept, listObjects(parts.store, resource, namespace, query))
  const object = parts.store.get(resource, namespace ?? '', name)
  if (object === undefined || (subresource !== undefined && !['status', 'log'].includes(subresource))) throw notFound(resource, name)
  if (subresource === 'log' && resource === PODS) return sendLog(parts.logs, object as Pod, query, response)
  return sendObjects(response, target, accept, object)
}

/** Health, discovery and schemas: documents that need no store. A string is plain text. */
function document (path: string): object | string | undefined {
  if (['/livez', '/readyz', '/healthz'].includes(path)) return 'ok'
  return discovery(path) ?? openapiV3(path)
}

/** Discovery and schemas in the media types that only kubectl asks for. */
function description (path: string, accept = ''): { readonly type: string, readonly body: Buffer } | undefined {
  if (path === '/openapi/v2' && accept.startsWith(OPENAPI_V2)) return { type: OPENAPI_V2.replace('@', '.'), body: openapiV2() }
  const aggregated = accept.startsWith(AGGREGATED) ? aggregatedDiscovery(path) : undefined
  return aggregated && { type: AGGREGATED, body: Buffer.from(JSON.stringify(aggregated)) }
}

/** Who writes: what the query says, otherwise the program in front of User-Agent. */
function managerOf (request: IncomingMessage, query: URLSearchParams): string {
  return query.get('fieldManager') || request.headers['user-agent']?.split('/')[0] || 'unknown'
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
