import { Type } from 'typebox'
import { SCORED } from '../models/examples.js'

const Values = Type.Record(Type.String(), Type.Unknown())
const NamedValue = Type.Object(
  { name: Type.String(), value: Type.Unknown() },
  { additionalProperties: false }
)

/** A text first: /docs fills it in, while a file has to be chosen. */
export const SCORE_BODY = {
  content: {
    'text/csv': {
      schema: Type.String({ description: 'a CSV with a header line', examples: [SCORED.csv] })
    },
    'multipart/form-data': {
      schema: Type.Object({
        file: Type.String({
          format: 'binary',
          description: 'a CSV with a header line; any field name will do'
        })
      })
    },
    'application/json': {
      schema: Type.Union(
        [
          Type.Object({ data: Values }, { additionalProperties: false }),
          Type.Object({ inputs: Type.Array(NamedValue) }, { additionalProperties: false }),
          Type.Array(Values)
        ],
        { examples: [SCORED.json] }
      )
    },
    'application/x-ndjson': {
      schema: Type.String({ description: 'one JSON object a line', examples: [SCORED.ndjson] })
    }
  }
}

export const SCORE_ANSWER = {
  description:
    'All rows in the order they came. CSV: carried columns, the outputs, with revisionColumn=true a column _revision, and with onError=report a column _error. ' +
    'JSON: {data} to {data}, {outputs} to {inputs}, {rows, counts} to anything else. Headers: Scoring-Id (GET /scorings/{id} tells how far it is, and the counts where they came too late for headers), Scoring-Rows, Scoring-Failed, Scoring-Revisions (rows by revision), ' +
    'Scoring-Renamed (input columns carried as in_NAME and outputs written as out_NAME, since the answer has a column of the name), ' +
    'Scoring-Undeclared (outputs that the model answered and its description lacks; columns where the first scored row has them), ' +
    'Scoring-Unused (columns that are nearly an optional input that no column has), ' +
    'Scoring-Unnamed (how many columns at the right have neither name nor content, and were passed over), Scoring-Types: inferred for a model without a signature.',
  content: {
    'text/csv': { schema: Type.String() },
    'application/json': { schema: Type.Object({}, { additionalProperties: true }) },
    'application/x-ndjson': { schema: Type.String() }
  }
}
