import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { demoImage } from '../../../simulator/scr/images.js'
import type { Row, Value } from '../../../simulator/scr/model.js'
import { scrListener } from '../../../simulator/scr/scr-server.js'

/** What a scored row is answered: `data` or `outputs`, after the form of the request. */
export interface Scored {
  readonly metadata: { readonly module_id: string, readonly elapsed_nanos: number | string }
  readonly data: Row
  readonly outputs: ReadonlyArray<{ readonly name: string, readonly value: Value }>
}

/**
 * One container of a demo image on a port of its own, closed with the test. Answers its base URL.
 */
export async function startContainer (
  t: Test,
  reference: string,
  env: Record<string, string> = {}
): Promise<string> {
  const image = demoImage(reference)
  if (image === undefined) throw new Error(`no demo image ${reference}`)
  const server = http.createServer(scrListener(image, env))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export function post (url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })
}

export async function score (url: string, body: unknown): Promise<Scored> {
  return await (await post(url, body)).json() as Scored
}
