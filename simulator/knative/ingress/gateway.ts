import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Backend } from '../serving/backend.js'
import type { Destination, RouteTable } from './route-table.js'

/** Finds the backend of a revision; undefined if there is no such revision. */
export type BackendOf = (namespace: string, revision: string) => Backend | undefined

/**
 * Makes the server for the ingress and for the cluster's inner names. It does not listen yet. The
 * Host header decides where a request goes. Requests for models and tags follow the traffic, and
 * each revision has the name `REVISION.NAMESPACE.svc.cluster.local`. Bodies are not read.
 */
export function createGateway (backendOf: BackendOf, routes: RouteTable): Server {
  const server = createServer((request, response) => {
    const host = hostOf(request)
    const destination = routes.find(host)
    if (destination !== undefined) {
      response.setHeader('server', 'envoy')
      return forward(backendOf, destination, request, response)
    }
    const inner = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host)
    const backend = inner === null ? undefined : backendOf(inner[2] ?? '', inner[1] ?? '')
    if (backend === undefined) sendUnknown(response)
    else backend.handle(request, response)
  })
  server.keepAliveTimeout = 3_600_000 // Envoy's idle time
  server.requestTimeout = 0
  return server
}

function hostOf ({ headers: { host = '' } }: IncomingMessage): string {
  const colon = host.indexOf(':')
  return (colon === -1 ? host : host.slice(0, colon)).toLowerCase()
}

/**
 * Sends a request to one of the revisions, at random by percent. If one revision of a route is
 * gone, the whole host is unknown (recorded).
 */
function forward (
  backendOf: BackendOf,
  { namespace, shares }: Destination,
  request: IncomingMessage,
  response: ServerResponse
): void {
  if (shares.some(({ revision }) => backendOf(namespace, revision) === undefined)) {
    return sendUnknown(response)
  }
  let left = shares.length === 1 ? 0 : Math.random() * 100
  for (const { revision, percent } of shares) {
    left -= percent
    if (left < 0 && percent > 0) {
      return backendOf(namespace, revision)?.handle(request, response)
    }
  }
  sendUnknown(response)
}

/** Sends Envoy's answer for an unknown host. */
function sendUnknown (response: ServerResponse): void {
  response.writeHead(404, { server: 'envoy', connection: 'close', 'content-length': 0 }).end()
}
