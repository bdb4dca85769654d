import type { ServerResponse } from 'node:http'
import type { Catalog } from '../catalog.js'
import { makeTable, parseTableOptions } from '../clients/table.js'
import type { KubeObject } from '../objects.js'
import type { ObjectList } from '../reading/list.js'
import type { Resource } from '../resource.js'
import type { Written } from '../writing/writes.js'

/** Sends one object or a list, as a Table if the client asks for one. */
export function sendObjects (
  response: ServerResponse,
  catalog: Catalog,
  { resource, query }: { resource: Resource; query: URLSearchParams },
  accept: string | undefined,
  answer: KubeObject | ObjectList
): void {
  const table = parseTableOptions(accept, query)
  if (table === undefined) return send(response, 200, answer)
  const metadata =
    'items' in answer ? answer.metadata : { resourceVersion: answer.metadata.resourceVersion }
  const items = 'items' in answer ? answer.items : [answer]
  return send(response, 200, makeTable(catalog, resource, items, metadata, table.includeObject))
}

export const sendWritten = (
  response: ServerResponse,
  code: number,
  { object, warnings }: Written
): void => send(response, code, object, warnings)

export function sendText (response: ServerResponse, code: number, text: string): void {
  response
    .writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': text.length })
    .end(text)
}

export function sendBytes (response: ServerResponse, type: string, body: Buffer): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length }).end(body)
}

type Headers = Readonly<Record<string, string>>

/** Sends JSON. Each warning has its own Warning header (recorded). */
export function send (
  response: ServerResponse,
  code: number,
  body: object,
  warnings: readonly string[] = [],
  headers: Headers = {}
): void {
  const text = JSON.stringify(body)
  response
    .writeHead(code, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-cache, private',
      'Content-Length': Buffer.byteLength(text),
      ...(warnings.length > 0 && {
        Warning: warnings.map(warning => `299 - "${warning.replaceAll('"', '\\"')}"`)
      }),
      ...headers
    })
    .end(text)
}
