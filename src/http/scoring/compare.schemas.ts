import { Type } from 'typebox'
import { CHALLENGER } from '../models/examples.js'
import { NAME_MAX } from '../models/model.schemas.js'
import { FileOptions } from './score-options.js'

export const CompareOptions = Type.Object(
  {
    champion: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: NAME_MAX,
        description: "a tag, else a revision's name; default: the revision with the most traffic"
      })
    ),
    challenger: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: NAME_MAX,
        description: "a tag, else a revision's name; required, here or as a form field",
        examples: [CHALLENGER]
      })
    ),
    worst: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        description: 'how many of the rows that differ most are shown; default 10'
      })
    ),
    ...FileOptions,
    format: Type.Optional(
      Type.Enum(['json', 'csv', 'ndjson'], {
        description:
          'json (default): the comparison; csv, ndjson: the rows with the outputs of both. Goes before Accept'
      })
    )
  },
  { additionalProperties: false }
)

const Count = (description: string) => Type.Integer({ minimum: 0, description })
const Side = Type.Object({ revision: Type.String() })
const Row = Type.Record(Type.String(), Type.Unknown())

const OutputComparison = Type.Object({
  name: Type.String(),
  type: Type.Enum(['number', 'string']),
  onlyChampion: Type.Optional(
    Type.Boolean({ description: 'true: the challenger has no such output' })
  ),
  onlyChallenger: Type.Optional(
    Type.Boolean({ description: 'true: the champion has no such output' })
  ),
  compared: Count('rows in which both have it, missing values included'),
  equal: Count(
    'of these, rows with the same value: numbers to the last bit, the same text, or missing on both sides'
  ),
  agreement: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
    description: 'equal / compared; null when nothing was compared'
  }),
  meanDifference: Type.Optional(
    Type.Union([Type.Number(), Type.Null()], {
      description:
        'of a number: mean absolute difference over rows with a number on both sides; null without any'
    })
  ),
  largestDifference: Type.Optional(
    Type.Union([Type.Number(), Type.Null()], {
      description: 'of a number: the largest absolute difference'
    })
  ),
  missingDiffers: Count('rows in which it is missing on one side only')
})

export const ComparisonAnswer = Type.Object(
  {
    champion: Side,
    challenger: Side,
    rows: Count('in the file'),
    compared: Count('rows that both scored'),
    failed: Type.Object({
      champion: Count('rows that the champion did not score'),
      challenger: Count('… the challenger'),
      either: Count('… at least one of them')
    }),
    outputs: Type.Array(OutputComparison),
    worst: Type.Array(
      Type.Object({
        line: Type.Integer({ description: 'in the file; in a JSON array the position, from 1' }),
        inputs: Row,
        champion: Row,
        challenger: Row,
        difference: Type.Number({
          description:
            "the largest of the row's outputs: of two numbers |a - b| / max(1, |a|, |b|), so absolute up to 1 and relative above; 1 for a number that is missing on one side; 0 for texts"
        })
      }),
      {
        description:
          'rows on which the two disagree: those with the largest difference first; of equal difference those with more outputs that disagree, then the earlier line'
      }
    )
  },
  { $id: 'Comparison' }
)

export const COMPARE_ANSWER = {
  description:
    'JSON: the comparison, after all rows were scored. CSV or NDJSON (by Accept or format=): all rows in the order they came: carried columns, for each output NAME_champion and NAME_challenger ' +
    '(one of them where only one revision has it), and _error. Headers: Scoring-Champion and Scoring-Challenger (the revisions), Scoring-Id, Scoring-Revisions, Scoring-Rows, Scoring-Failed (rows that one of them did not score), Scoring-Renamed, Scoring-Types as for score.',
  content: {
    'application/json': { schema: ComparisonAnswer },
    'text/csv': { schema: Type.String() },
    'application/x-ndjson': { schema: Type.String() }
  }
}
