import { DomainError, invalidFields } from '../../domain/errors.js'
import { encodingOf, UTF_8 } from '../../domain/scoring/encodings/encoding.js'

/** A Content-Type, taken apart (RFC 9110, 8.3.1). */
export interface ContentType {
  /** In lower case; '' without one. */
  readonly type: string
  /** By names in lower case. The first of two equal names counts. */
  readonly parameters: ReadonlyMap<string, string>
}

const HEADER_MAX_CHARS = 2_000

export function contentTypeIn (header = ''): ContentType {
  const [type = '', ...rest] = splitParameters(header.slice(0, HEADER_MAX_CHARS))
  const parameters = new Map<string, string>()
  for (const piece of rest) {
    const equals = piece.indexOf('=')
    const name = piece.slice(0, Math.max(0, equals)).trim().toLowerCase()
    if (name !== '' && !parameters.has(name)) {
      parameters.set(name, unquote(piece.slice(equals + 1).trim()))
    }
  }
  return { type: type.trim().toLowerCase(), parameters }
}

/** Splits at semicolons outside of quotes. */
function splitParameters (header: string): string[] {
  const found: string[] = []
  let from = 0
  let isQuoted = false
  for (let at = 0; at < header.length; at++) {
    if (header[at] === '"') isQuoted = !isQuoted
    else if (isQuoted && header[at] === '\\') at++
    else if (!isQuoted && header[at] === ';') {
      found.push(header.slice(from, at))
      from = at + 1
    }
  }
  return [...found, header.slice(from)]
}

function unquote (text: string): string {
  return text.startsWith('"')
    ? text
      .slice(1, text.endsWith('"') && text.length > 1 ? -1 : undefined)
      .replaceAll(/\\(.)/g, '$1')
    : text
}

/**
 * The charset of a file of rows; undefined when the header names none.
 * @throws DomainError `media-type-unsupported` for a file without a header line, an unknown
 *   charset, and JSON that is not UTF-8
 */
export function charsetOf (
  { parameters }: ContentType,
  kind: 'csv' | 'json' | 'ndjson'
): string | undefined {
  if (kind === 'csv' && parameters.get('header')?.toLowerCase() === 'absent') {
    throw new DomainError(
      'media-type-unsupported',
      "the Content-Type says header=absent, and a CSV without a header line can't be scored: columns are found by their names",
      {
        remedy:
          "put a line with the columns' names first, and take header=absent out of the Content-Type"
      }
    )
  }
  const charset = parameters.get('charset')?.trim() ?? ''
  if (charset === '') return undefined
  const encoding = encodingOf(charset)
  if (encoding === undefined) {
    throw new DomainError(
      'media-type-unsupported',
      `the charset "${charset.slice(0, 40)}" of the Content-Type is not known`,
      {
        remedy:
          'name the encoding that the file has, e.g. charset=utf-8 or charset=windows-1252, or leave charset out'
      }
    )
  }
  if (kind !== 'csv' && encoding !== UTF_8 && encoding.charset !== 'us-ascii') {
    throw new DomainError(
      'media-type-unsupported',
      `JSON is read as UTF-8 only, not as ${encoding.charset}`,
      { remedy: 'send it in UTF-8, and leave charset out' }
    )
  }
  return charset
}

/**
 * The options of a CSV whose Content-Type may name its encoding. @throws DomainError
 * `request-invalid` when encoding= names another
 */
export function withCharset<Given extends { readonly encoding?: string }> (
  given: Given,
  charset: string | undefined,
  kind: 'csv' | 'json' | 'ndjson'
): Given {
  if (charset === undefined || kind !== 'csv') return given
  if (given.encoding === undefined) return { ...given, encoding: charset }
  const [wanted, said] = [encodingOf(given.encoding)?.charset, encodingOf(charset)?.charset]
  if (
    wanted === undefined ||
    wanted === said ||
    (said === 'utf-16' && wanted.startsWith('utf-16'))
  ) {
    return given
  }
  throw invalidFields([
    {
      field: 'query.encoding',
      detail: `is ${wanted}, but the Content-Type says charset=${charset.slice(0, 40)}`,
      remedy: 'name the encoding that the file has in one of the two'
    }
  ])
}
