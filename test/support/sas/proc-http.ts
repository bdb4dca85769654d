import { connect } from 'node:net'

/** What one PROC HTTP step asks for. */
export interface ProcHttp {
  readonly method: string
  readonly url: string
  readonly contentType?: string
  readonly bearer?: string
  /** The content of `in=`, or of its one file part. */
  readonly content: string
  /** Of `in=MULTI FORM(…)`; a `header=` goes as it is into the part. */
  readonly form?: { readonly field: string, readonly filename: string, readonly header: string }
}

export interface SasAnswer {
  readonly status: number
  /** With the status line. */
  readonly headers: string
  readonly body: string
}

/**
 * Sends the request as PROC HTTP does: HTTP/1.1 with a length, all of the body before anything is
 * read, the connection kept.
 */
export async function sendProcHttp (step: ProcHttp): Promise<SasAnswer> {
  const { method, url, bearer, form, content } = step
  const { hostname, port, pathname, search, host } = new URL(url)
  const boundary = 'sas-boundary-00000000'
  const body = form === undefined
    ? content
    : `--${boundary}\r\nContent-Disposition: form-data; name="${form.field}"; filename="${form.filename}"\r\n${form.header}\r\n\r\n${content}\r\n--${boundary}--\r\n`
  const type = form === undefined ? step.contentType : `multipart/form-data; boundary="${boundary}"`
  const head = [
    `${method} ${pathname}${search} HTTP/1.1`,
    'User-Agent: SAS/9',
    `Host: ${host}`,
    'Accept: */*',
    'Connection: Keep-Alive',
    ...(bearer === undefined ? [] : [`Authorization: Bearer ${bearer}`]),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`, `Content-Type: ${type}`])
  ]
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).write(`${head.join('\r\n')}\r\n\r\n${body}`, error => {
        if (error) reject(error)
        else resolve()
      })
    })
    let text = ''
    for await (const piece of socket) {
      text += piece
      const answer = wholeAnswer(text)
      if (answer !== undefined) return answer
    }
    throw new Error(`the connection ended within the answer: ${text}`)
  } finally {
    socket.destroy()
  }
}

/** Undefined while something is missing. */
function wholeAnswer (text: string): SasAnswer | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [headers, body] = [text.slice(0, end), text.slice(end + 4)]
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(headers)?.[1])
  if (/^transfer-encoding: chunked\r?$/im.test(headers)) {
    const whole = unchunked(body)
    return whole === undefined ? undefined : { status, headers, body: whole }
  }
  const length = status === 204 ? 0 : Number(/^content-length: (\d+)\r?$/im.exec(headers)?.[1])
  return Buffer.byteLength(body) < length ? undefined : { status, headers, body }
}

/** Undefined while the last chunk is missing. Sizes count bytes: the text is cut as such. */
function unchunked (text: string): string | undefined {
  const bytes = Buffer.from(text)
  const pieces: Buffer[] = []
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (bytes.length < line + 2 + size + 2) return undefined
    if (size === 0) return Buffer.concat(pieces).toString()
    pieces.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}
