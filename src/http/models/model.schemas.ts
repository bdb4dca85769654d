import { Type, type TSchema } from 'typebox'
import type { ModelSpec } from '../../domain/models/model/model.js'
import { DURATION_MAX } from '../../domain/models/spec/duration.js'
import { IMAGE_MAX } from '../../domain/models/spec/image-allow-list.js'
import { APP_PATH_MAX } from '../../domain/models/spec/names.js'
import { isModelField, type ModelField } from '../../domain/models/spec/spec-fields.js'
import { QUANTITY_MAX } from '../../domain/models/spec/quantity.js'
import { MODEL, NEW_MODEL, PATCH, REPLACED_MODEL } from './examples.js'

/** The longest name in the cluster. The domain knows shorter limits and the allowed characters. */
export const NAME_MAX = 253
/** Linux takes no longer variable of a process. */
const ENV_VALUE_MAX = 131_072
const LABEL_VALUE = Type.String({ maxLength: NAME_MAX })
/** A prefix, a slash and a name. */
const LABEL_NAMES = { maxProperties: 500, propertyNames: { maxLength: 253 + 1 + 63 } }

/** Of the path. */
export const Name = Type.Object({
  name: Type.String({ description: 'the model', examples: [MODEL] })
})

/**
 * The shapes of a model on the wire. Rules that relate two fields to each other are checked in
 * domain/models/spec/spec-rules.ts.
 */
const text = (description: string) => Type.String({ description })
const quantity = (example: string) =>
  Type.Optional(
    Type.String({ maxLength: QUANTITY_MAX, description: `Kubernetes quantity, e.g. ${example}` })
  )
const Amounts = Type.Object(
  { cpu: quantity('500m'), memory: quantity('2Gi') },
  { additionalProperties: false }
)

const EnvVar = Type.Object(
  {
    name: Type.String({
      maxLength: NAME_MAX,
      description: 'not SAS_SCR_APP_PATH (see appPath), PORT or K_…'
    }),
    value: Type.Optional(Type.String({ maxLength: ENV_VALUE_MAX })),
    secret: Type.Optional(
      Type.Object(
        { name: Type.String({ maxLength: NAME_MAX }), key: Type.String({ maxLength: NAME_MAX }) },
        { additionalProperties: false }
      )
    )
  },
  { additionalProperties: false, description: 'with either value or secret' }
)

const scaling = {
  minScale: Type.Integer({
    minimum: 0,
    description: 'pods kept warm; default 0: sleeps while nobody scores'
  }),
  maxScale: Type.Integer({ minimum: 0, description: 'default 0: no limit' }),
  initialScale: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    minimum: 0,
    description: 'pods at the start; default null: as the cluster has it'
  }),
  metric: Type.Unsafe<'concurrency' | 'rps' | 'cpu' | 'memory'>({
    type: 'string',
    enum: ['concurrency', 'rps', 'cpu', 'memory'],
    description: 'what target counts; default concurrency'
  }),
  target: Type.Number({ description: 'of the metric, per pod; default 10' }),
  window: Type.String({
    maxLength: DURATION_MAX,
    description: 'over which the metric is averaged, 6s to 1h; default 60s'
  }),
  retention: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    maxLength: DURATION_MAX,
    description: 'how long the last pod stays, up to 1h; default null: as the cluster has it'
  }),
  burstCapacity: Type.Number({
    description:
      'default 0: the activator leaves the path while pods are warm; -1: never leaves it'
  })
}

const fields = {
  description: Type.String({ maxLength: 2_000, description: 'default empty' }),
  labels: Type.Record(Type.String(), LABEL_VALUE, {
    ...LABEL_NAMES,
    description: 'Kubernetes labels, for labelSelector'
  }),
  appPath: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    maxLength: APP_PATH_MAX,
    description:
      "path that SCR serves under; default: the model's name; null: not set, found by probing"
  }),
  port: Type.Integer({ description: 'that the container listens on; default 8080' }),
  env: Type.Array(EnvVar, {
    maxItems: 500,
    description: 'variables of the container, in this order'
  }),
  resources: Type.Object(
    { requests: Type.Optional(Amounts), limits: Type.Optional(Amounts) },
    { additionalProperties: false }
  ),
  // Type.Partial of the object would drop the option `additionalProperties`
  scaling: Type.Object(makeOptional(scaling), { additionalProperties: false }),
  containerConcurrency: Type.Integer({
    description:
      'rows that one pod scores at once, 0 to 1000; default 0: no hard limit, scaling.target scales'
  }),
  timeoutSeconds: Type.Integer({
    description: 'the longest a single call may take, 1 to 600 seconds; default 300'
  }),
  imagePullSecrets: Type.Array(Type.String({ maxLength: NAME_MAX }), {
    maxItems: 100,
    description:
      "names of secrets in the models' namespace that the image is pulled with; default: those of the setting IMAGE_PULL_SECRETS; []: none"
  }),
  rolloutSeconds: Type.Integer({
    description:
      'over which Knative moves traffic to a newer latest revision, 0 to 3600; default 0: at once; traffic that is pinned to revisions moves at once'
  }),
  retrySafe: Type.Boolean({
    description:
      'a row that may have been scored may be sent again; default true: scoring is a pure function'
  })
}
const image = Type.String({
  minLength: 1,
  maxLength: IMAGE_MAX,
  description: 'registry reference, best by digest; a change makes a new revision'
})
const name = Type.String({
  maxLength: NAME_MAX,
  description: 'DNS-1035 label of up to 63 characters, e.g. sr-hmeq'
})

export const NewModel = Type.Object(
  { name, image, ...makeOptional(fields) },
  { $id: 'NewModel', additionalProperties: false, examples: [NEW_MODEL] }
)

/**
 * Members of an answer that a replacement may repeat. They are ignored, so that what GET gave can
 * be sent back.
 */
const ignored = Type.Optional(Type.Unknown({ description: 'ignored' }))
const answered = {
  status: ignored,
  traffic: ignored,
  desired: ignored,
  generation: ignored,
  createdAt: ignored,
  createdBy: ignored,
  updatedBy: ignored,
  warnings: ignored
}

export const ReplacedModel = Type.Object(
  {
    name: Type.Optional(
      Type.String({ maxLength: NAME_MAX, description: 'if given, the same as in the path' })
    ),
    image,
    ...makeOptional(fields),
    ...answered
  },
  {
    $id: 'ReplacedModel',
    additionalProperties: false,
    description: 'absent fields go to their defaults',
    examples: [REPLACED_MODEL]
  }
)

const NO_FIELD_NEEDED = { required: [], additionalProperties: false }
const PatchedAmount = Type.String({ maxLength: QUANTITY_MAX })
const PatchedAmounts = makeNullable(
  Type.Object(makeAllNullable({ cpu: PatchedAmount, memory: PatchedAmount }), NO_FIELD_NEEDED)
)
const patched = {
  ...fields,
  labels: Type.Record(Type.String(), makeNullable(LABEL_VALUE), LABEL_NAMES),
  resources: Type.Object({ requests: PatchedAmounts, limits: PatchedAmounts }, NO_FIELD_NEEDED),
  scaling: Type.Object(makeAllNullable(scaling), NO_FIELD_NEEDED)
}
/** Fields in which a challenger may differ from the model: those of its template. */
export const challengerFields = makeOptional(
  Object.fromEntries(
    Object.entries({ image, ...fields }).filter(
      ([field]) => !isModelField(field as keyof ModelSpec)
    )
  ) as Omit<typeof fields & { readonly image: typeof image }, ModelField>
)

export const ModelPatch = Type.Unsafe<object>(
  Type.Object(
    { image, ...makeAllNullable(patched) },
    {
      ...NO_FIELD_NEEDED,
      $id: 'ModelPatch',
      description:
        'RFC 7396 merge patch: null puts a field back to its default, arrays are replaced as wholes',
      examples: [PATCH]
    }
  )
)

const TrafficRow = Type.Object({
  revision: Type.String(),
  latest: Type.Boolean({ description: 'follows the latest ready revision' }),
  percent: Type.Integer(),
  tag: Type.Optional(Type.String()),
  url: Type.Optional(text('of the tag'))
})
const DesiredRow = Type.Object({
  latest: Type.Boolean(),
  revision: Type.Optional(Type.String()),
  percent: Type.Integer(),
  tag: Type.Optional(Type.String())
})

export const Explanation = Type.Object({
  summary: Type.String(),
  remedy: Type.String(),
  owner: Type.Unsafe<string>({
    type: 'string',
    enum: ['you', 'platform engineer', 'registry owner', 'nobody'],
    description: 'who can act'
  }),
  needsAction: Type.Boolean({
    description: 'nothing improves until the owner acts; otherwise waiting is enough'
  })
})

const Status = Type.Object({
  phase: Type.Unsafe<string>({
    type: 'string',
    enum: ['Ready', 'Deploying', 'Degraded', 'Failed', 'Deleting'],
    description: 'Degraded: an earlier revision serves while the one asked for fails'
  }),
  ready: Type.Boolean({ description: 'serves what was asked for; asleep at zero pods is ready' }),
  reason: Type.Optional(text("Knative's own word")),
  message: Type.Optional(text("Knative's own message")),
  explanation: Explanation,
  url: Type.Optional(text('from outside the cluster')),
  replicas: Type.Integer({
    description: 'pods that take requests; 0 and ready: asleep, or waking'
  }),
  latestCreatedRevision: Type.Optional(Type.String()),
  latestReadyRevision: Type.Optional(Type.String())
})

export const ModelAnswer = Type.Object(
  {
    name,
    image,
    ...fields,
    scaling: Type.Object(scaling),
    status: Status,
    traffic: Type.Array(TrafficRow, { description: 'what serves now' }),
    desired: Type.Array(DesiredRow, { description: 'what was asked for' }),
    generation: Type.Integer(),
    createdAt: Type.String({ format: 'date-time' }),
    createdBy: Type.String(),
    updatedBy: Type.String(),
    warnings: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'what this write has done beside what was asked for, and what the cluster remarked on it'
      })
    )
  },
  { $id: 'Model' }
)

export const TrafficAnswer = Type.Object(
  {
    traffic: Type.Array(TrafficRow, { description: 'what serves now' }),
    desired: Type.Array(DesiredRow, {
      description:
        'what was asked for; the two differ while a change is under way, see explanation'
    }),
    history: Type.Array(Type.Array(DesiredRow), {
      description: 'earlier tables, the most recent last: what rollback goes back to'
    }),
    explanation: Explanation
  },
  { $id: 'Traffic' }
)

export const RevisionAnswer = Type.Object(
  {
    name: Type.String(),
    image: Type.String(),
    imageDigest: Type.Optional(
      Type.String({ description: 'what runs, where the cluster looked it up' })
    ),
    ready: Type.Unsafe<boolean | null>({
      type: ['boolean', 'null'],
      description: 'null: not decided yet'
    }),
    explanation: Explanation,
    percent: Type.Integer({ description: 'of the traffic that it gets now' }),
    tags: Type.Array(Type.String()),
    replicas: Type.Integer(),
    createdAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'absent until the cluster has made it' })
    )
  },
  { $id: 'Revision' }
)

function makeOptional<Fields extends Readonly<Record<string, TSchema>>> (all: Fields) {
  return Type.Partial(Type.Object(all)).properties
}

/** Also allows null. A union would name every branch in its faults. */
function makeNullable (
  schema: TSchema & { readonly type?: unknown; readonly enum?: readonly unknown[] }
): TSchema {
  const types = [schema.type].flat()
  return Type.Unsafe({
    ...schema,
    type: types.includes('null') ? types : [...types, 'null'],
    ...(schema.enum === undefined ? {} : { enum: [...schema.enum, null] })
  })
}

function makeAllNullable (all: Readonly<Record<string, TSchema>>): Record<string, TSchema> {
  return Object.fromEntries(
    Object.entries(all).map(([field, schema]) => [field, makeNullable(schema)])
  )
}
