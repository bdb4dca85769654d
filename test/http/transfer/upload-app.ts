import { once } from 'node:events'
import type http from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import multipart from '@fastify/multipart'
import Fastify from 'fastify'
import type { Test } from 'tap'
import { DomainError } from '../../../src/domain/errors.js'
import { callerSignal } from '../../../src/http/caller-signal.js'
import { SpoolArea } from '../../../src/http/transfer/spool-area.js'
import {
  discardRest,
  openUpload,
  type Upload,
  type UploadLimits
} from '../../../src/http/transfer/upload.js'

/** What became of an upload: the answer's body. */
export interface Told {
  readonly kind?: string
  readonly fields?: object
  readonly text?: string
  readonly size?: number
  readonly fault?: string
  readonly message?: string
}

export interface UploadApp {
  readonly port: number
  /** What the handler told for each upload, also of those whose caller has left. */
  readonly told: Told[]
  /** Emits `told` after each. */
  readonly server: http.Server
}

export async function whole ({ bytes }: Upload): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/**
 * A service of one route that reads an upload with `read` and tells what became of it, after the
 * rest of the body was read.
 */
export async function startUploads (
  t: Test,
  given: Partial<UploadLimits> = {},
  read: (upload: Upload) => Promise<string> = whole
): Promise<UploadApp> {
  const limits = { maxBytes: 64 * 1024 * 1024, idleMs: 30_000, ...given }
  const area = new SpoolArea(t.testdir(), 64 * 1024 * 1024)
  const told: Told[] = []
  const app = Fastify({ forceCloseConnections: true })
  await app.register(multipart)
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null)
  })
  app.addHook('onSend', async (request, reply) => {
    if (!await discardRest(request.raw, limits)) void reply.header('connection', 'close')
  })
  app.post('/', async (request, reply) => {
    let found: Told
    try {
      const upload = await openUpload(request, limits, area, callerSignal(reply))
      const text = await read(upload)
      found = { kind: upload.kind, fields: upload.fields, text, size: upload.size() }
    } catch (error) {
      found = error instanceof DomainError
        ? { fault: error.fault, message: error.message }
        : { fault: 'unnamed', message: String(error) }
    }
    told.push(found)
    app.server.emit('told')
    return found
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(async () => {
    await app.close()
  })
  return { port: (app.server.address() as AddressInfo).port, told, server: app.server }
}

type Body = string | Buffer | FormData | Uint8Array<ArrayBuffer>

export async function send (
  { port }: UploadApp,
  body: Body,
  headers: Record<string, string> = {}
): Promise<Told> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    body: body instanceof FormData ? body : Uint8Array.from(Buffer.from(body as string)),
    headers
  })
  return await response.json() as Told
}

/** A connection on which a request has been begun, with `head` as its further header lines. */
export async function begin (
  t: Test,
  { port }: UploadApp,
  head: string,
  body: string | Buffer
): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`)
  socket.write(body)
  return socket
}

/** Everything that comes until the answer's JSON is whole. */
export async function answerOn (socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (text.endsWith('}')) break
  }
  return text
}
