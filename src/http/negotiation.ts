import { DomainError } from '../domain/errors.js'
import type { AnswerFormat } from '../domain/scoring/answer-options.js'
import { UTF_8 } from '../domain/scoring/encoding.js'
import type { CsvDialect } from '../domain/scoring/table.js'

export const CONTENT_TYPES: Readonly<Record<AnswerFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8'
}

/** A CSV is in the encoding of its dialect, everything else in UTF-8. */
export function contentTypeOf (format: AnswerFormat, { encoding = UTF_8 }: CsvDialect): string {
  return format === 'csv' ? CONTENT_TYPES.csv.replace(UTF_8.charset, encoding.charset) : CONTENT_TYPES[format]
}

const FORMATS: Readonly<Record<string, AnswerFormat>> = {
  'text/csv': 'csv',
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson'
}

/** The answer's format by the Accept header; `given` (that of the input) where the caller leaves it open. @throws `answer-type-unsupported` */
export function acceptedFormat (accept: string | undefined, given: AnswerFormat): AnswerFormat {
  if (accept === undefined || accept.trim() === '') return given
  const ranges = accept.split(',').map(range => {
    const [type = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
    const q = parameters.find(parameter => parameter.startsWith('q='))?.slice(2)
    return { type, q: q === undefined ? 1 : Number(q) || 0 }
  }).filter(({ q }) => q > 0).sort((a, b) => b.q - a.q)
  for (const { type } of ranges) {
    const format = FORMATS[type]
    if (format !== undefined) return format
    if (type === '*/*' || type === `${CONTENT_TYPES[given].split('/', 1)[0]}/*`) return given
  }
  throw new DomainError('answer-type-unsupported', `none of "${accept}" can be answered`)
}
