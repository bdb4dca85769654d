import type { FastifyRequest } from 'fastify'
import { Type, type Static, type TObject } from 'typebox'
import { invalidFields } from '../../domain/errors.js'
import type { AnswerOptions } from '../../domain/scoring/answer/answer-options.js'
import type { Wanted } from '../../domain/scoring/routing/targets.js'
import { withCharset } from '../transfer/content-type.js'
import { CsvOptions, givenDialect, type GivenCsvOptions } from './csv-options.js'
import { NAME_MAX } from '../models/model.schemas.js'
import { acceptedFormat } from './negotiation.js'
import { fieldFault } from '../problem.js'
import type { Upload } from '../transfer/upload.js'

/** Refuses "." and "..", which would lead to another path. */
const NO_DOTS = '[^.]|^[.]{3}'

/** A list of columns may be as long as a field of a form. */
export const COLUMNS_MAX = 65_536

export const PinQuery = {
  revision: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: NAME_MAX,
      description: 'score on this revision, whatever the traffic table says'
    })
  ),
  tag: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: NAME_MAX,
      description: 'score on the revision with this tag'
    })
  )
}

/** Options for reading and scoring a file, shared by score and compare. */
export const FileOptions = {
  columns: Type.Optional(
    Type.String({
      maxLength: COLUMNS_MAX,
      description:
        'input columns carried into the answer, before the outputs: all (default), outputs (none), or names separated by commas'
    })
  ),
  ...CsvOptions,
  concurrency: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description: 'upper limit of rows in flight for this request'
    })
  ),
  timeout: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 604_800,
      description:
        'seconds that all rows together may take; then the request ends with 504, or is broken off when its answer has begun. Default: no limit'
    })
  ),
  step: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: NAME_MAX,
      pattern: NO_DOTS,
      description:
        "a step other than the model's default; not . or .., which would lead to another path"
    })
  )
}

export const ScoreOptions = Type.Object(
  {
    ...PinQuery,
    route: Type.Optional(
      Type.String({
        maxLength: 1_000,
        description:
          'mixed: rows are spread over the routed revisions by percent (what happens by default, but never left to the platform). ' +
          'sticky:COLUMN: rows with the same text in this column go to the same revision, in every request, while the percents hold; when they move, only to a revision whose share grew. ' +
          'Outside the cluster each routed revision then needs a tag'
      })
    ),
    revisionColumn: Type.Optional(
      Type.Boolean({
        description:
          'true: a column _revision after the outputs tells which revision had the row; missing where the platform chose it and for rows that were not sent'
      })
    ),
    ...FileOptions,
    onError: Type.Optional(
      Type.Enum(['report', 'fail', 'skip'], {
        description:
          "a row that can't be scored is kept with its reason in the column _error (report, default), ends the request with 422 (fail), or is left out (skip)"
      })
    ),
    format: Type.Optional(
      Type.Enum(['csv', 'json', 'ndjson'], {
        description: "the answer's format; goes before Accept; default: that of the input"
      })
    )
  },
  { additionalProperties: false }
)
export type ScoreOptions = Static<typeof ScoreOptions>

/**
 * Reads options among the form's fields, and checks them as those of the query. @throws DomainError
 * `request-invalid`
 */
export function formOptions<Options extends TObject> (
  request: FastifyRequest,
  { fields }: Upload,
  options: Options
): Partial<Static<Options>> {
  if (Object.keys(fields).length === 0) return {}
  const typed: Record<string, unknown> = { ...fields }
  const validate =
    request.getValidationFunction('querystring') ??
    request.compileValidationSchema(options, 'querystring')
  if (validate(typed)) return typed as Partial<Static<Options>>
  throw invalidFields(
    (validate.errors ?? []).map(fault => ({
      ...fieldFault('form', fault),
      ...(fault.keyword === 'additionalProperties'
        ? { remedy: fieldRemedy(fault.params['meant']) }
        : {})
    }))
  )
}

function fieldRemedy (meant: unknown): string {
  const name = typeof meant === 'string' ? `did you mean ${meant}? Otherwise ` : ''
  return `${name}see /docs for the options; the file itself must be a file part, with a file name`
}

/**
 * Reads which revisions score, and the column that decides among them. @throws DomainError
 * `request-invalid`
 */
export function wantedOf ({
  revision,
  tag,
  route
}: Pick<ScoreOptions, 'revision' | 'tag' | 'route'>): {
    wanted: Wanted
    stickyColumn: string | undefined
  } {
  const [first, second] = Object.entries({ revision, tag, route }).filter(
    ([, value]) => value !== undefined
  )
  if (first !== undefined && second !== undefined) {
    throw invalidFields([
      {
        field: `query.${second[0]}`,
        detail: `can't be combined with ${first[0]}`,
        remedy: `give one of ${first[0]} and ${second[0]}`
      }
    ])
  }
  const stickyColumn =
    route?.startsWith('sticky:') === true ? route.slice('sticky:'.length) : undefined
  if (route !== undefined && route !== 'mixed' && (stickyColumn ?? '') === '') {
    throw invalidFields([
      {
        field: 'query.route',
        detail: `"${route}" is neither mixed nor sticky:COLUMN`,
        remedy: 'give route=mixed, or route=sticky: and the name of a column'
      }
    ])
  }
  return { wanted: { revision, tag, spread: route !== undefined }, stickyColumn }
}

/**
 * Reads how the answer shall look. `fallback` is its format where neither `format` nor Accept says
 * one; the default is that of the input.
 */
export function answerOptions (
  given: Partial<Pick<ScoreOptions, 'format' | 'columns' | 'onError' | 'revisionColumn'>> &
    GivenCsvOptions,
  request: FastifyRequest,
  { kind, charset }: Pick<Upload, 'kind' | 'charset'>,
  fallback: AnswerOptions['format'] = kind
): AnswerOptions {
  return {
    format: given.format ?? acceptedFormat(request.headers.accept, fallback),
    columns: columnsOf(given.columns),
    onError: given.onError ?? 'report',
    revisionColumn: given.revisionColumn ?? false,
    dialect: givenDialect(withCharset(given, charset, kind))
  }
}

export function columnsOf (given: string | undefined): AnswerOptions['columns'] {
  if (given === undefined || given === 'all') return 'all'
  return given === 'outputs' ? 'outputs' : given.split(',').map(name => name.trim())
}
