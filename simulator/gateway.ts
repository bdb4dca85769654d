import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Knative } from './knative/knative.js'
import type { Destination, RouteTable } from './routes.js'

/**
 * The ingress and the cluster's inner names on one port, told apart by Host: models and tags by their traffic, and each revision by
 * `REVISION.NAMESPACE.svc.cluster.local`. Bodies are not looked at. Not listening yet.
 */
export function gateway (knative: Knative, routes: RouteTable): Server {
  const server = createServer((request, response) => {
    const host = hostOf(request)
    const destination = routes.find(host)
    if (destination !== undefined) {
      response.setHeader('server', 'envoy')
      return forward(knative, destination, request, response)
    }
    const inner = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host)
    const run = inner === null ? undefined : knative.run(inner[2] ?? '', inner[1] ?? '')
    if (run === undefined) unknown(response)
    else run.backend.handle(request, response)
  })
  server.keepAliveTimeout = 3_600_000 // Envoy's idle time
  server.requestTimeout = 0
  return server
}

function hostOf ({ headers: { host = '' } }: IncomingMessage): string {
  const colon = host.indexOf(':')
  return (colon === -1 ? host : host.slice(0, colon)).toLowerCase()
}

/** By percent, at random. Recorded: when one revision of a route is gone, the whole host is. */
function forward (knative: Knative, { namespace, shares }: Destination, request: IncomingMessage, response: ServerResponse): void {
  if (shares.some(({ revision }) => knative.run(namespace, revision) === undefined)) return unknown(response)
  let left = shares.length === 1 ? 0 : Math.random() * 100
  for (const { revision, percent } of shares) {
    left -= percent
    if (left < 0 && percent > 0) return knative.run(namespace, revision)?.backend.handle(request, response)
  }
  unknown(response)
}

/** Envoy's answer for a host it does not know. */
function unknown (response: ServerResponse): void {
  response.writeHead(404, { server: 'envoy', connection: 'close', 'content-length': 0 }).end()
}
