import type { IncomingMessage } from 'node:http'
import { contentTypeIn } from './content-type.js'

/** Room for the most and longest fields that may come before the file. */
const WATCHED_MAX_BYTES = 4 * 1024 * 1024
const BLANK_LINE = '\r\n\r\n'

/**
 * Watches the beginning of a form for the Content-Type of its file part, because the form's reader
 * drops the charset. Begin it before the form is read, and end it.
 */
export function watchFileType (request: IncomingMessage): {
  type: () => string | undefined
  end: () => void
} {
  const chunks: Buffer[] = []
  let bytes = 0
  const take = (chunk: Buffer) => {
    if (bytes < WATCHED_MAX_BYTES) chunks.push(chunk)
    bytes += chunk.length
  }
  request.on('data', take)
  return {
    end () {
      request.off('data', take)
    },
    type () {
      const boundary = contentTypeIn(request.headers['content-type']).parameters.get('boundary')
      return boundary === undefined ? undefined : fileTypeIn(Buffer.concat(chunks), boundary)
    }
  }
}

/** Goes part by part, so that the content of a part is never taken for a header. */
function fileTypeIn (form: Buffer, boundary: string): string | undefined {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const first = form.indexOf(`--${boundary}`)
  for (let from = first < 0 ? -1 : first + boundary.length + 2; from >= 0;) {
    const end = form.indexOf(BLANK_LINE, from)
    if (end < 0) return undefined
    const headers = form.toString('latin1', from, end).split('\r\n')
    const valueOf = (name: string) =>
      headers.find(line => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1)
    if (/;\s*filename\*?=/i.test(valueOf('content-disposition') ?? '')) {
      return valueOf('content-type')
    }
    const next = form.indexOf(delimiter, end)
    from = next < 0 ? -1 : next + delimiter.length
  }
  return undefined
}
