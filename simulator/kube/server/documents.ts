import type { ServerResponse } from 'node:http'
import type { Catalog } from '../catalog.js'
import { AGGREGATED, findAggregatedDiscovery, findDiscovery } from '../clients/discovery.js'
import { encodeOpenapiV2, OPENAPI_V2 } from '../clients/openapi-protobuf.js'
import { findOpenapiV3 } from '../clients/openapi.js'
import { methodNotAllowed } from '../status-errors.js'
import { send, sendBytes, sendText } from './sending.js'

/** Sends the document at `path`, which needs no store. Returns false if there is none. */
export function sendDocument (
  catalog: Catalog,
  method: string,
  path: string,
  accept: string | undefined,
  response: ServerResponse
): boolean {
  const special = findForKubectl(catalog, path, accept)
  const document = special === undefined ? findDocument(catalog, path) : undefined
  if (special !== undefined) sendBytes(response, special.type, special.body)
  else if (document === undefined) return false
  else if (typeof document === 'string') sendText(response, 200, document)
  else if (method === 'GET') send(response, 200, document)
  else send(response, 405, methodNotAllowed().body)
  return true
}

/** Finds health, discovery or schemas. A string is plain text. */
function findDocument (catalog: Catalog, path: string): object | string | undefined {
  if (['/livez', '/readyz', '/healthz'].includes(path)) return 'ok'
  return findDiscovery(catalog, path) ?? findOpenapiV3(catalog, path)
}

/** Finds discovery or schemas in the media types that only kubectl asks for. */
function findForKubectl (
  catalog: Catalog,
  path: string,
  accept = ''
): { readonly type: string; readonly body: Buffer } | undefined {
  if (path === '/openapi/v2' && accept.startsWith(OPENAPI_V2)) {
    return { type: OPENAPI_V2.replace('@', '.'), body: encodeOpenapiV2(catalog) }
  }
  const aggregated = accept.startsWith(AGGREGATED)
    ? findAggregatedDiscovery(catalog, path)
    : undefined
  return aggregated && { type: AGGREGATED, body: Buffer.from(JSON.stringify(aggregated)) }
}
