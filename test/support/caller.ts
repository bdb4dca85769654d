import net from 'node:net'

/** What a caller asks of POST …/score, beside the file. */
export interface Call {
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Buffer | string
  /** From the first byte sent to the last byte of the answer. */
  readonly deadlineMs?: number
}

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly bytes: Buffer
  /** Content-Length bytes came, or the last chunk did. */
  readonly whole: boolean
  /** From the first byte sent until the last one was taken by the system. */
  readonly uploadMs: number
  /** From there to the end of the answer. */
  readonly waitMs: number
}

const WRITE_BYTES = 64 * 1024

/**
 * Posts like SAS's PROC HTTP and Python's http.client: HTTP/1.1, all of the request written before
 * a byte of the answer is read. Rejects when the connection breaks before there is a status, as
 * those clients do, and after the deadline.
 */
export async function stubbornPost (
  url: string,
  { headers = {}, body, deadlineMs = 240_000 }: Call
): Promise<Answer> {
  const socket = openSocket(url)
  const late = setTimeout(
    () => socket.destroy(new Error(`no whole answer within ${deadlineMs} ms`)),
    deadlineMs
  )
  try {
    const startedAt = performance.now()
    socket.pause()
    await send(socket, head(url, { ...headers, 'content-length': String(Buffer.byteLength(body)) }))
    await send(socket, body)
    const sentAt = performance.now()
    const answer = await readAnswer(socket)
    return { ...answer, uploadMs: sentAt - startedAt, waitMs: performance.now() - sentAt }
  } finally {
    clearTimeout(late)
    socket.destroy()
  }
}

export function openSocket (url: string): net.Socket {
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  socket.on('error', () => {}) // whoever writes or reads sees it
  return socket
}

/** The lines before a body. */
export function head (url: string, headers: Readonly<Record<string, string>>): string {
  const { host, pathname, search } = new URL(url)
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** Resolves when the system has taken all of it. */
export async function send (socket: net.Socket, given: Buffer | string): Promise<void> {
  const bytes = Buffer.from(given)
  for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
    const piece = bytes.subarray(at, at + WRITE_BYTES)
    await new Promise<void>((resolve, reject) =>
      socket.write(piece, error => error == null ? resolve() : reject(error))
    )
  }
}

/**
 * Reads one answer, to its end or to the connection's. Rejects when that comes before there is a
 * status.
 */
export async function readAnswer (
  socket: net.Socket
): Promise<Omit<Answer, 'uploadMs' | 'waitMs'>> {
  const chunks: Buffer[] = []
  let head: Head | undefined
  let failure: unknown
  let bytes = 0
  try {
    for await (
      const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
    ) {
      chunks.push(chunk)
      bytes += chunk.length
      head ??= headOf(Buffer.concat(chunks))
      if (head === undefined) continue
      // the last chunk's line may have come in several pieces
      const ended = head.chunked
        ? Buffer.concat(chunks.slice(-5)).toString('latin1').endsWith('0\r\n\r\n')
        : bytes >= head.bytes + head.length
      if (ended) break
    }
  } catch (error) {
    failure = error
  }
  if (head === undefined) throw failure ?? new Error('the connection ended without an answer')
  const { status, headers, chunked, length } = head
  const rest = Buffer.concat(chunks).subarray(head.bytes)
  return {
    status,
    headers,
    ...(chunked
      ? unchunked(rest)
      : { body: rest.toString(), bytes: rest, whole: rest.length === length })
  }
}

interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly chunked: boolean
  /** Of the body; Infinity when it ends with the connection. */
  readonly length: number
  /** Of the head itself. */
  readonly bytes: number
}

function headOf (read: Buffer): Head | undefined {
  const end = read.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = read.toString('latin1', 0, end).split('\r\n')
  const headers = Object.fromEntries(lines.map(line => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  }))
  const length = Number(headers['content-length'] ?? Infinity)
  return {
    status: Number(first.split(' ')[1]),
    headers,
    chunked: headers['transfer-encoding'] === 'chunked',
    length,
    bytes: end + 4
  }
}

function unchunked (bytes: Buffer): Pick<Answer, 'body' | 'bytes' | 'whole'> {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = lineEnd < 0 ? NaN : Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const whole = size === 0
    if (whole || Number.isNaN(size) || lineEnd + 2 + size > bytes.length) {
      const all = Buffer.concat(parts)
      return { body: all.toString(), bytes: all, whole }
    }
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}

/** One part of a form: a file when it has a file name. */
export interface Part {
  readonly name: string
  readonly filename?: string
  readonly content: Buffer | string
}

/** A form as PROC HTTP writes it, and the header that goes with it. */
export function form (
  ...parts: readonly Part[]
): { body: Buffer, headers: { 'content-type': string } } {
  const boundary = 'a-boundary-of-the-test'
  const pieces = parts.flatMap(({ name, filename, content }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: text/csv`
    return [`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`,
      content, '\r\n']
  })
  return {
    body: Buffer.concat([...pieces, `--${boundary}--\r\n`].map(piece => Buffer.from(piece))),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }
  }
}

/** A form with this one file. */
export const fileForm = (content: Buffer | string) =>
  form({ name: 'data', filename: 'rows.csv', content })
