import type { Readable } from 'node:stream'
import type { MultipartFile, MultipartValue } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { DomainError } from '../domain/errors.js'
import { gunzipped, GZIP_TYPES } from './gzip.js'

const FIELD_MAX_BYTES = 64 * 1024

type Part = MultipartFile | MultipartValue

/**
 * The one file part of a form, unpacked where it is gzip, and the fields before it. Reading the file also sees that nothing follows it.
 * @throws DomainError `request-invalid`, and the errors of @fastify/multipart and its parser
 */
export async function fileOfForm (request: FastifyRequest): Promise<{ fields: Record<string, string>, chunks: AsyncIterator<Buffer> }> {
  // busboy's own limits would cut in silence; bytes are counted by the reader instead
  const limits = { fileSize: Infinity, fieldSize: FIELD_MAX_BYTES, fields: 50, files: 2, parts: 60 }
  const parts = request.parts({ limits }) as AsyncIterableIterator<Part>
  const fields: Record<string, string> = {}
  while (true) {
    const { done, value: part } = await parts.next()
    if (done === true) break
    if (part.type === 'file') {
      const chunks = fileThenNothing(part.file, parts)
      return { fields, chunks: isPacked(part) ? gunzipped(chunks) : chunks }
    }
    const text = String(part.value)
    if (part.valueTruncated || /[\r\n]/.test(text)) throw withoutFilename(part.fieldname)
    fields[part.fieldname] = text
  }
  throw new DomainError('request-invalid', 'the form has no file part', {
    remedy: 'send the CSV as a file part: curl -F file=@FILE; PROC HTTP IN=MULTI FORM("data"=FILEREF FILENAME="x.csv")'
  })
}

/** A part of a form has no Content-Encoding (RFC 7578): its name or type says that it is gzip. */
function isPacked ({ filename, mimetype }: MultipartFile): boolean {
  return GZIP_TYPES.has(mimetype.toLowerCase()) || /\.gz$/i.test(filename)
}

function withoutFilename (name: string): DomainError {
  return new DomainError('request-invalid', `form.${name}: looks like a file, but the part has no file name`, {
    remedy: 'send it as a file part: curl -F file=@FILE rather than file=<FILE; PROC HTTP with FILENAME="x.csv"'
  })
}

async function * fileThenNothing (file: Readable, parts: AsyncIterableIterator<Part>): AsyncGenerator<Buffer, void, undefined> {
  yield * file.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  const { done, value: part } = await parts.next()
  if (done === true) return
  throw part.type === 'file'
    ? new DomainError('request-invalid', 'the form has more than one file part', { remedy: 'send one file a call' })
    : new DomainError('request-invalid', `form.${part.fieldname}: comes after the file`, { remedy: 'put options before the file, or into the query' })
}
