import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'

/** What one PROC HTTP step of a program asks for, its macro variables resolved. */
export interface ProcHttp {
  readonly method: string
  readonly url: string
  readonly contentType?: string
  /** The file part of `in=MULTI FORM(…)`; a `header=` goes as it is into the part. */
  readonly form?: { readonly field: string, readonly filename: string, readonly header: string }
  /** The statuses the program goes on with. */
  readonly expected: readonly number[]
}

export interface SasProgram {
  /** With macro variables resolved and without comments. */
  readonly text: string
  /** In the program's order. */
  readonly steps: readonly [ProcHttp, ...ProcHttp[]]
}

/** A program of examples/sas with what it includes, `given` in place of its own macro variables. */
export async function readSas (name: string, given: Readonly<Record<string, string>>): Promise<SasProgram> {
  const files = await Promise.all(['scr_modelops.sas', name].map(async file => await readFile(path.join('examples/sas', file), 'utf8')))
  const source = files.join('\n').replaceAll(/\/\*.*?\*\//gs, '')
  const set = Object.fromEntries(Array.from(source.matchAll(/%let (\w+) = (.*);/g), ([, variable = '', value = '']) => [variable, value]))
  const variables: Readonly<Record<string, string>> = { ...set, ...given }
  const text = source.replaceAll(/&(\w+)\.?/g, (written, variable: string) => variables[variable] ?? written).replaceAll('%nrstr(&)', '&')
  const [first, ...others] = Array.from(text.matchAll(/proc http (.*?);\s*run;(.*?)(?=proc http|$)/gs), ([, step = '', after = '']) => procHttpOf(step, after))
  if (first === undefined) throw new Error(`no PROC HTTP in ${name}`)
  return { text, steps: [first, ...others] }
}

/** `after` is the program up to the next such step. */
function procHttpOf (step: string, after: string): ProcHttp {
  const form = /in=MULTI FORM\("([^"]*)"=\w+ FILENAME="([^"]*)" header="([^"]*)"\)/.exec(step)
  const contentType = /\bct="([^"]*)"/.exec(step)?.[1]
  return {
    method: found(step, /method="(\w+)"/),
    url: found(step, /url="([^"]*)"/),
    ...(contentType === undefined ? {} : { contentType }),
    ...(form === null ? {} : { form: { field: form[1] ?? '', filename: form[2] ?? '', header: form[3] ?? '' } }),
    expected: found(after, /%scr_expect\(([\d ]+)[,)]/).split(' ').map(Number)
  }
}

export function found (text: string, pattern: RegExp): string {
  const [, match] = pattern.exec(text) ?? []
  if (match === undefined) throw new Error(`no ${String(pattern)} in ${text}`)
  return match
}

export interface SasAnswer { readonly status: number, readonly headers: string, readonly body: string }

/** Sends the request as PROC HTTP does: HTTP/1.1 with a length, all of the body before anything is read, the connection kept. */
export async function procHttp ({ method, url, contentType, form }: ProcHttp, content = ''): Promise<SasAnswer> {
  const { hostname, port, pathname, search, host } = new URL(url)
  const boundary = 'sas-boundary-00000000'
  const body = form === undefined
    ? content
    : `--${boundary}\r\nContent-Disposition: form-data; name="${form.field}"; filename="${form.filename}"\r\n${form.header}\r\n\r\n${content}\r\n--${boundary}--\r\n`
  const type = form === undefined ? contentType : `multipart/form-data; boundary="${boundary}"`
  const head = [
    `${method} ${pathname}${search} HTTP/1.1`, 'User-Agent: SAS/9', `Host: ${host}`, 'Accept: */*', 'Connection: Keep-Alive',
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`, `Content-Type: ${type}`])
  ]
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).write(`${head.join('\r\n')}\r\n\r\n${body}`, error => { if (error) reject(error); else resolve() })
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

/** Undefined while something is missing. Every answer to these programs has a length: it is known before the first byte is sent. */
function wholeAnswer (text: string): SasAnswer | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [headers, body] = [text.slice(0, end), text.slice(end + 4)]
  const status = Number(found(headers, /^HTTP\/1\.1 (\d{3}) /))
  const length = status === 204 ? 0 : Number(found(headers, /^content-length: (\d+)\r?$/im))
  return Buffer.byteLength(body) < length ? undefined : { status, headers, body }
}
