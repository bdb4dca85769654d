// The model server of the benchmark: `node stand-in.js [PORT]`. It speaks SCR's protocol over plain
// sockets, because Node's HTTP server would be the slowest part of the measurement. The
// application's name says what it is: `/c12l2` has 12 input columns and answers after 2 ms. `GET
// /rows` tells how many rows this process has scored.
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { description, score } from './table-of-rows.js'

const HEAD_END = Buffer.from('\r\n\r\n')
const APP = /^\/c(\d+)l(\d+)(\/apiMeta\/api)?$/
const LENGTH = /\r\ncontent-length: *(\d+)/i
const CHUNKED = /\r\ntransfer-encoding:/i
const METADATA =
  '{"version":1,"metadata":{"module_id":"stand_in","step_id":"score","timestamp":"2026-01-01T00:00:00.000Z","elapsed_nanos":1000},"data":'

let rows = 0

interface Answer {
  readonly text: string
  readonly delayMs: number
}

/** The answer to one request, head included. */
function answerTo (head: string, body: string): Answer {
  const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ', 2)
  if (method === 'GET' && path === '/rows') {
    return { text: withHead('200 OK', JSON.stringify({ rows })), delayMs: 0 }
  }
  const app = APP.exec(path)
  if (app === null || (method === 'GET') !== (app[3] !== undefined)) {
    return { text: withHead('404 Not Found', '{"status":404,"error":"Not Found"}'), delayMs: 0 }
  }
  if (method === 'GET') {
    return { text: withHead('200 OK', JSON.stringify(description(Number(app[1])))), delayMs: 0 }
  }
  let data: unknown
  try {
    ;({ data } = JSON.parse(body) as { data?: unknown })
  } catch {}
  if (typeof data !== 'object' || data === null) {
    return { text: withHead('400 Bad Request', '{"errorCode":1,"message":"no data"}'), delayMs: 0 }
  }
  rows++
  return {
    text: withHead('200 OK', METADATA + JSON.stringify(score(Object.values(data))) + '}'),
    delayMs: Number(app[2])
  }
}

/** The texts are ASCII: characters are bytes. */
function withHead (status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/**
 * Answers the whole requests in `bytes`, those that came together in one write; gives what is left
 * of an unfinished one.
 */
function take (socket: net.Socket, bytes: Buffer): Buffer {
  let at = 0
  let text = ''
  while (at < bytes.length) {
    const headEnd = bytes.indexOf(HEAD_END, at)
    if (headEnd === -1) break
    const head = bytes.toString('latin1', at, headEnd)
    if (CHUNKED.test(head)) return refuse(socket, 'this server takes bodies with a length only')
    const bodyAt = headEnd + HEAD_END.length
    const end = bodyAt + Number(LENGTH.exec(head)?.[1] ?? 0)
    if (end > bytes.length) break
    const answer = answerTo(head, bytes.toString('utf8', bodyAt, end))
    at = end
    if (answer.delayMs === 0) text += answer.text
    else {
      setTimeout(() => {
        if (socket.writable) socket.write(answer.text, 'latin1')
      }, answer.delayMs)
    }
  }
  if (text !== '') socket.write(text, 'latin1')
  return at === 0 ? bytes : bytes.subarray(at)
}

function refuse (socket: net.Socket, why: string): Buffer {
  socket.end(withHead('411 Length Required', JSON.stringify({ status: 411, error: why })), 'latin1')
  return Buffer.alloc(0)
}

const server = net.createServer({ noDelay: true }, socket => {
  let left = Buffer.alloc(0)
  socket.on('data', chunk => {
    left = Buffer.from(take(socket, left.length === 0 ? chunk : Buffer.concat([left, chunk])))
  })
  socket.on('error', () => {})
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))
server.listen(Number(process.argv[2] ?? process.env['PORT'] ?? 8080), () => {
  const { port } = server.address() as AddressInfo
  console.log(`stand-in listens on ${port}`)
  process.send?.({ listening: port })
})
