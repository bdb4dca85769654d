import { Type, type Static } from 'typebox'
import { SCORING_STATES } from '../../domain/scorings/scoring.js'
import { NAME_MAX } from '../models/model.schemas.js'

export const Id = Type.Object({
  id: Type.String({
    description: "the scoring's, from Scoring-Id of its answer, or as sent in x-request-id",
    examples: ['hmeq-today']
  })
})

export type Id = Static<typeof Id>

const Scope = {
  scope: Type.Optional(
    Type.Enum(['replica'], {
      description:
        'replica: only what the replica that answers has itself; the replicas ask each other so'
    })
  )
}
export const ScopeQuery = Type.Object(Scope, { additionalProperties: false })
export type ScopeQuery = Static<typeof ScopeQuery>
export const ListQuery = Type.Object(
  {
    model: Type.Optional(Type.String({ maxLength: NAME_MAX, description: 'only of this model' })),
    state: Type.Optional(Type.Enum([...SCORING_STATES], { description: 'only in this state' })),
    ...Scope
  },
  { additionalProperties: false }
)

const time = (description: string) => Type.String({ format: 'date-time', description })
const count = (description: string) => Type.Integer({ minimum: 0, description })

export const ScoringAnswer = Type.Object(
  {
    id: Type.String({ description: "the request's id, unless another running scoring had it" }),
    kind: Type.Enum(['score', 'compare']),
    model: Type.String(),
    user: Type.String({ description: 'who began it' }),
    state: Type.Enum([...SCORING_STATES], {
      description: 'failed: error says why; stopped: by DELETE'
    }),
    bytesRead: count('of the file, unpacked'),
    rowsRead: count('of the file; some of them wait to be scored'),
    rowsScored: count('with outputs'),
    rowsFailed: count('without; of a comparison: that one of the two did not score'),
    revisions: Type.Record(Type.String(), Type.Integer(), {
      description: 'rows by the revision that scored them, where it is known'
    }),
    rowsPerSecond: Type.Number({
      description: 'over the last ten seconds; of one that has ended over all its time'
    }),
    share: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          'how much of the file is scored, where its length is known: by Content-Length, or when it has come; of a file that is gzip only then'
      })
    ),
    startedAt: time('when its request came'),
    endedAt: Type.Optional(time('when all was scored, or it ended otherwise')),
    expectedEnd: Type.Optional(time('by share and rowsPerSecond')),
    error: Type.Optional(
      Type.Object(
        {
          type: Type.String(),
          title: Type.String(),
          status: Type.Integer(),
          detail: Type.String({
            description: 'told to who began it; to others without it, since it may hold values'
          }),
          remedy: Type.String()
        },
        { description: 'the problem that its caller got, or did not get any more' }
      )
    )
  },
  { $id: 'Scoring' }
)
export type ScoringAnswer = Static<typeof ScoringAnswer>

export const EVENTS =
  'With Accept: text/event-stream: events `progress` at least once a second, each with the scoring as its data, then one event `end` when it has ended, and nothing more. ' +
  'A stream that ends without `end` was cut: ask again.'
