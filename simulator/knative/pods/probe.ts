import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Sends the GET of a readiness probe, as the kubelet does. A status below 400 passes. */
export async function probePasses (listener: RequestListener, path: string): Promise<boolean> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const request = get({
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      path,
      agent: false
    })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()
    return (response.statusCode ?? 500) < 400
  } catch {
    return false
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
