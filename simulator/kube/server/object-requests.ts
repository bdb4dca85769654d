import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { makeTable, parseTableOptions } from '../clients/table.js'
import type { Pod } from '../objects.js'
import { listObjects, parseSelectors } from '../reading/list.js'
import { readNamespaces } from '../reading/namespaces.js'
import { sendLog, type PodLogs } from '../reading/pod-log.js'
import type { Print, Watches } from '../reading/watch.js'
import { NAMESPACES, PODS } from '../resources.js'
import { methodNotAllowed, notFound } from '../status-errors.js'
import { deleteObject, type EndPod } from '../writing/deletion.js'
import { patchObject } from '../writing/patches.js'
import {
  createObject,
  replaceObject,
  type WriteParts,
  type WriteTarget
} from '../writing/writes.js'
import { parseBody, parseJsonBody } from './body.js'
import { send, sendObjects, sendWritten } from './sending.js'
import type { Target } from './target.js'

export interface ObjectParts extends WriteParts {
  readonly watches: Watches
  readonly logs: PodLogs
  readonly endPod: EndPod
}

/** A request about objects. The caller has the right to make it. */
export interface ObjectRequest {
  readonly verb: string
  readonly target: Target
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export function answerObjectRequest (
  parts: ObjectParts,
  request: ObjectRequest,
  response: ServerResponse
): void {
  const { verb, target, headers } = request
  if (target.resource === NAMESPACES) {
    const found = readNamespaces(parts.namespaces, target.name, parts.store.version)
    return sendObjects(response, parts.catalog, target, headers.accept, found)
  }
  if (['get', 'list', 'watch'].includes(verb)) return answerRead(parts, request, response)
  const namespace = target.resource.clusterWide === true ? '' : target.namespace
  if (namespace === undefined) throw methodNotAllowed()
  const { resource, query } = target
  const where = { resource, namespace, query, manager: managerOf(headers, query) }
  answerWrite(parts, request, where, response)
}

function answerRead (
  { store, catalog, watches, logs }: ObjectParts,
  { verb, target, headers: { accept } }: ObjectRequest,
  response: ServerResponse
): void {
  const { resource, namespace, name, subresource, query } = target
  const watching = query.get('watch') === 'true' || query.get('watch') === '1'
  if (verb === 'watch' && watching) {
    if (name !== undefined) query.set('fieldSelector', `metadata.name=${name}`)
    const table = parseTableOptions(accept, query)
    const print: Print | undefined =
      table &&
      ((object, first) => {
        const { resourceVersion } = object.metadata
        const { includeObject } = table
        return makeTable(catalog, resource, [object], { resourceVersion }, includeObject, first)
      })
    return watches.open(resource, namespace, query, print, response)
  }
  if (name === undefined) {
    const list = listObjects(store, resource, namespace, query)
    return sendObjects(response, catalog, target, accept, list)
  }
  const object = store.get(resource, namespace ?? '', name)
  const isKnownPart = subresource === undefined || ['status', 'log'].includes(subresource)
  if (object === undefined || !isKnownPart) throw notFound(resource, name)
  if (subresource === 'log' && resource === PODS) {
    return sendLog(logs, object as Pod, query, response)
  }
  return sendObjects(response, catalog, target, accept, object)
}

function answerWrite (
  parts: ObjectParts,
  { verb, target: { name = '' }, headers, body }: ObjectRequest,
  where: WriteTarget,
  response: ServerResponse
): void {
  const mediaType = (headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? ''
  if (verb === 'create') {
    const created = createObject(parts, where, parseJsonBody(body, mediaType))
    return sendWritten(response, 201, created)
  }
  if (verb === 'deletecollection') return send(response, 200, deleteCollection(parts, where))
  if (verb === 'delete') {
    const options = body === '' ? null : parseJsonBody(body, mediaType)
    return send(response, 200, deleteObject(parts.store, where, name, options, parts.endPod))
  }
  if (verb === 'update') {
    const replaced = replaceObject(parts, where, name, parseJsonBody(body, mediaType))
    return sendWritten(response, 200, replaced)
  }
  const { created, ...patched } = patchObject(parts, where, name, parseBody(body), mediaType)
  return sendWritten(response, created ? 201 : 200, patched)
}

/** Deletes the objects that match the query's selectors. */
function deleteCollection ({ store, endPod }: ObjectParts, where: WriteTarget): object {
  const matches = parseSelectors(where.resource, where.query)
  const items = store.list(where.resource, where.namespace).filter(matches)
  for (const { metadata } of items) deleteObject(store, where, metadata.name, null, endPod)
  return { apiVersion: 'v1', kind: `${where.resource.kind}List`, metadata: {}, items }
}

/** Names the writer: the query's fieldManager, otherwise the first program of User-Agent. */
const managerOf = (headers: IncomingHttpHeaders, query: URLSearchParams): string =>
  query.get('fieldManager') || headers['user-agent']?.split('/')[0] || 'unknown'
