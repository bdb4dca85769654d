import type { Readable } from 'node:stream'
import type { MultipartFile, MultipartValue } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { DomainError } from '../../domain/errors.js'
import { gunzipBytes, GZIP_TYPES } from './gzip.js'
import { watchFileType } from './part-type.js'

const FIELD_MAX_BYTES = 64 * 1024

interface FormFile {
  readonly fields: Record<string, string>
  readonly chunks: AsyncIterator<Buffer>
  /** The Content-Type of the file part, with its parameters. */
  readonly contentType: string | undefined
  /** The file part is gzip. */
  readonly isGzip: boolean
}

type Part = MultipartFile | MultipartValue

/**
 * Finds the one file part of a form, unpacked where it is gzip, and the fields before it. Reading
 * the file to its end also checks that nothing follows it.
 * @throws DomainError `request-invalid`, and the errors of @fastify/multipart and its parser
 */
export async function fileOfForm (request: FastifyRequest): Promise<FormFile> {
  checkBoundary(request.headers['content-type'] ?? '')
  const watched = watchFileType(request.raw)
  try {
    const file = await firstFile(request)
    return { ...file, contentType: watched.type() }
  } finally {
    watched.end()
  }
}

async function firstFile (request: FastifyRequest): Promise<Omit<FormFile, 'contentType'>> {
  // busboy's own limits would cut in silence, so the reader counts bytes instead
  const limits = { fileSize: Infinity, fieldSize: FIELD_MAX_BYTES, fields: 50, files: 2, parts: 60 }
  const parts = request.parts({ limits }) as AsyncIterableIterator<Part>
  const fields: Record<string, string> = {}
  while (true) {
    const { done, value: part } = await parts.next()
    if (done === true) break
    if (part.type === 'file') {
      const chunks = readFileThenCheckEnd(part.file, parts)
      const isGzip = isPacked(part)
      return { fields, chunks: isGzip ? gunzipBytes(chunks) : chunks, isGzip }
    }
    const text = String(part.value)
    if (part.valueTruncated || /[\r\n]/.test(text)) throw withoutFilename(part.fieldname)
    fields[part.fieldname] = text
  }
  throw new DomainError('request-invalid', 'the form has no file part', {
    remedy:
      'send the CSV as a file part: curl -F file=@FILE; PROC HTTP IN=MULTI FORM("data"=FILEREF FILENAME="x.csv")'
  })
}

/** The form's parser compares at most 252 characters, and finds no end for an empty boundary. */
const CONTENT_TYPE_MAX = 'multipart/form-data; boundary='.length + 252

function checkBoundary (contentType: string): void {
  const found =
    contentType.length > CONTENT_TYPE_MAX
      ? 'is too long'
      : contentType.toLowerCase().includes('boundary=')
        ? undefined
        : 'is missing'
  if (found === undefined) return
  throw new DomainError('request-unreadable', `the boundary of the form ${found}`, {
    remedy:
      'let the client choose it, as curl -F and PROC HTTP do: it has 1 to 70 characters and stands in the Content-Type'
  })
}

/** A part of a form has no Content-Encoding (RFC 7578): its name or type says that it is gzip. */
function isPacked ({ filename, mimetype }: MultipartFile): boolean {
  return GZIP_TYPES.has(mimetype.toLowerCase()) || /\.gz$/i.test(filename)
}

function withoutFilename (name: string): DomainError {
  return new DomainError(
    'request-invalid',
    `form.${name}: looks like a file, but the part has no file name`,
    {
      remedy:
        'send it as a file part: curl -F file=@FILE rather than file=<FILE; PROC HTTP with FILENAME="x.csv"'
    }
  )
}

async function * readFileThenCheckEnd (
  file: Readable,
  parts: AsyncIterableIterator<Part>
): AsyncGenerator<Buffer, void, undefined> {
  yield * file.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  const { done, value: part } = await parts.next()
  if (done === true) return
  throw part.type === 'file'
    ? new DomainError('request-invalid', 'the form has more than one file part', {
      remedy: 'send one file a call'
    })
    : new DomainError('request-invalid', `form.${part.fieldname}: comes after the file`, {
      remedy: 'put options before the file, or into the query'
    })
}
