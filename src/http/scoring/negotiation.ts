import Negotiator from 'negotiator'
import { DomainError } from '../../domain/errors.js'
import type { AnswerFormat } from '../../domain/scoring/answer/answer-options.js'
import { UTF_8 } from '../../domain/scoring/encodings/encoding.js'
import type { CsvDialect } from '../../domain/scoring/tables/table.js'

export const CONTENT_TYPES: Readonly<Record<AnswerFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8'
}

/** A CSV is in the encoding of its dialect, everything else in UTF-8. */
export function contentTypeOf (format: AnswerFormat, { encoding = UTF_8 }: CsvDialect): string {
  return format === 'csv'
    ? CONTENT_TYPES.csv.replace(UTF_8.charset, encoding.charset)
    : CONTENT_TYPES[format]
}

/** The media types of each format; the first one is what the answer is sent as. */
const TYPES: Readonly<Record<AnswerFormat, readonly string[]>> = {
  csv: ['text/csv'],
  json: ['application/json'],
  ndjson: ['application/x-ndjson', 'application/ndjson']
}

/**
 * The answer's format by the Accept header (RFC 9110, 12.5.1); `given` (that of the input) where
 * the caller leaves it open. Only the parameter `q` counts: text/csv is CSV whatever charset the
 * caller wrote beside it. @throws `answer-type-unsupported`
 */
export function acceptedFormat (accept: string | undefined, given: AnswerFormat): AnswerFormat {
  if (accept === undefined || accept.trim() === '') return given
  const formats = [
    given,
    ...(['csv', 'json', 'ndjson'] as const).filter(format => format !== given)
  ]
  const ranges = accept
    .replaceAll(/"[^"]*"/g, '')
    .split(',')
    .map(qualityOf)
    .join()
  const [type] = new Negotiator({ headers: { accept: ranges } }).mediaTypes(
    formats.flatMap(format => TYPES[format])
  )
  const format = formats.find(format => type !== undefined && TYPES[format].includes(type))
  if (format !== undefined) return format
  throw new DomainError(
    'answer-type-unsupported',
    `none of "${accept.slice(0, 200)}" can be answered`
  )
}

/** A media range with its weight and without its other parameters. */
function qualityOf (range: string): string {
  const [type, ...parameters] = range.split(';')
  return [type, ...parameters.filter(parameter => /^[\t ]*q[\t ]*=/i.test(parameter))].join(';')
}
