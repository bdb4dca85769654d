import type { Server, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { DomainError } from '../domain/errors.js'
import { problemOf } from './problem.js'

/**
 * An error that Node's parser or timers found on a connection. Node keeps the answer that is under
 * way on that connection in `_httpMessage`.
 */
type BrokenSocket = Socket & { readonly _httpMessage?: ServerResponse | null }

/**
 * Answers bytes that Node refuses to make a request of, also with a problem document. Then the
 * connection ends.
 */
export function clientErrorHandler (log: FastifyBaseLogger) {
  return (error: NodeJS.ErrnoException, socket: BrokenSocket): void => {
    if (socket.destroyed) return
    const fault = clientFault(error)
    // The error's text may quote credentials that were sent, so only its code is told.
    log.info({ code: error.code, fault: fault.fault }, 'connection refused')
    // An answer that has begun would swallow these bytes as a part of it.
    if (socket._httpMessage?.headersSent === true) socket.resetAndDestroy()
    else if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else endWith(socket, fault)
  }
}

/** Refuses requests that Node would answer without a body, or not at all. */
export function answerRefusedRequests (server: Server): void {
  server.on('checkExpectation', ({ headers }, response: ServerResponse) => {
    const { head, body } = writeProblem(
      new DomainError(
        'expectation-unsupported',
        `nothing is known of Expect: ${JSON.stringify(headers.expect)}`
      )
    )
    response.writeHead(Number(head.status), { ...head.headers, connection: 'close' }).end(body)
  })
  server.on('connect', (_request, socket: Socket) => {
    endWith(
      socket,
      new DomainError('request-unreadable', 'this is no proxy: there is no CONNECT', {
        remedy: 'see /docs for the calls there are'
      })
    )
  })
}

function endWith (socket: Socket, fault: DomainError): void {
  const {
    head: { status, headers },
    body
  } = writeProblem(fault)
  const lines = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`
  )
  socket.on('error', () => {}) // the caller may have left
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  // A caller that goes on writing is not waited for.
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

/**
 * Time for the answer to arrive before the connection closes, even while the caller still writes.
 */
const LINGER_MS = 2_000

function writeProblem (fault: DomainError) {
  const problem = problemOf(fault)
  const body = JSON.stringify(problem)
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body))
  }
  return { head: { status: problem.status, headers }, body }
}

function clientFault ({ code = '' }: NodeJS.ErrnoException): DomainError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new DomainError('upload-stalled', 'the head of the request did not come in time', {
        remedy: 'send the request again'
      })
    case 'HPE_HEADER_OVERFLOW':
      return new DomainError(
        'headers-too-large',
        'the address and headers of the request are larger than 16 KiB',
        {
          remedy:
            'send less in them: options of score and compare may be fields of the form, before the file'
        }
      )
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new DomainError('request-unreadable', 'the extensions of a chunk are too large', {
        remedy: 'send chunks without extensions'
      })
    default:
      return new DomainError(
        'request-unreadable',
        `what came is not HTTP/1.1${REASONS[code] ?? ''}`,
        { remedy: 'correct the request as it is sent; a client for HTTP does it by itself' }
      )
  }
}

/** Describes the error codes of llhttp, Node's HTTP parser. */
const REASONS: Readonly<Record<string, string>> = {
  HPE_INVALID_METHOD: ': the method is not known',
  HPE_INVALID_URL: ': the address has characters that must be percent encoded',
  HPE_INVALID_VERSION: ': the version is another one',
  HPE_INVALID_HEADER_TOKEN: ": a header has a character that headers can't have",
  HPE_UNEXPECTED_CONTENT_LENGTH: ': there are two lengths, by Content-Length or Transfer-Encoding',
  HPE_INVALID_CONTENT_LENGTH: ': Content-Length is not a length',
  HPE_INVALID_TRANSFER_ENCODING:
    ': Transfer-Encoding does not end with chunked, or there is a Content-Length as well',
  HPE_INVALID_CHUNK_SIZE: ": a chunk's size is not a hexadecimal number",
  HPE_INVALID_EOF_STATE: ': the connection ended within the request'
}
