import { Type, type TSchema } from 'typebox'

/** The wire's shapes of a model. Ranges that a schema can't relate to each other are checked in domain/models/spec-rules.ts. */
const text = (description: string) => Type.String({ description })
const quantity = (example: string) => Type.Optional(Type.String({ description: `Kubernetes quantity, e.g. ${example}` }))
const Amounts = Type.Object({ cpu: quantity('500m'), memory: quantity('2Gi') }, { additionalProperties: false })

const EnvVar = Type.Object({
  name: Type.String({ description: 'not SAS_SCR_APP_PATH (see appPath), PORT or K_…' }),
  value: Type.Optional(Type.String()),
  secret: Type.Optional(Type.Object({ name: Type.String(), key: Type.String() }, { additionalProperties: false }))
}, { additionalProperties: false, description: 'with either value or secret' })

const scaling = {
  minScale: Type.Integer({ minimum: 0, description: 'pods kept warm; default 0: sleeps while nobody scores' }),
  maxScale: Type.Integer({ minimum: 0, description: 'default 0: no limit' }),
  initialScale: Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0, description: 'pods at the start; default null: as the cluster has it' }),
  metric: Type.Unsafe<'concurrency' | 'rps' | 'cpu' | 'memory'>({
    type: 'string', enum: ['concurrency', 'rps', 'cpu', 'memory'], description: 'what target counts; default concurrency'
  }),
  target: Type.Number({ description: 'of the metric, per pod; default 10' }),
  window: text('over which the metric is averaged, 6s to 1h; default 60s'),
  retention: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'how long the last pod stays, up to 1h; default null: as the cluster has it' }),
  burstCapacity: Type.Number({ description: 'default 0: the activator leaves the path while pods are warm; -1: never leaves it' })
}

const fields = {
  description: text('up to 2000 characters; default empty'),
  labels: Type.Record(Type.String(), Type.String(), { description: 'Kubernetes labels, for labelSelector' }),
  appPath: Type.Unsafe<string | null>({
    type: ['string', 'null'], description: 'path that SCR serves under; default: the model\'s name; null: not set, found by probing'
  }),
  port: Type.Integer({ description: 'that the container listens on; default 8080' }),
  env: Type.Array(EnvVar, { description: 'variables of the container, in this order' }),
  resources: Type.Object({ requests: Type.Optional(Amounts), limits: Type.Optional(Amounts) }, { additionalProperties: false }),
  scaling: Type.Partial(Type.Object(scaling, { additionalProperties: false })),
  containerConcurrency: Type.Integer({ description: 'rows that one pod scores at once, 0 to 1000; default 0: no hard limit, scaling.target scales' }),
  timeoutSeconds: Type.Integer({ description: 'the longest a single call may take, 1 to 600 seconds; default 300' }),
  imagePullSecrets: Type.Array(Type.String(), {
    description: 'names of secrets in the models\' namespace that the image is pulled with; default: those of the setting IMAGE_PULL_SECRETS; []: none'
  }),
  rolloutSeconds: Type.Integer({
    description: 'over which Knative moves traffic to a newer latest revision, 0 to 3600; default 0: at once; traffic that is pinned to revisions moves at once'
  }),
  retrySafe: Type.Boolean({ description: 'a row that may have been scored may be sent again; default true: scoring is a pure function' })
}
const image = Type.String({ minLength: 1, description: 'registry reference, best by digest; a change makes a new revision' })
const name = Type.String({ description: 'DNS-1035 label of up to 63 characters, e.g. sr-hmeq' })

export const NewModel = Type.Object({ name, image, ...optional(fields) }, { $id: 'NewModel', additionalProperties: false })

/** Members of an answer that a replacement may repeat: they are ignored, so that what GET gave can be sent back. */
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

export const ReplacedModel = Type.Object({
  name: Type.Optional(Type.String({ description: 'if given, the same as in the path' })), image, ...optional(fields), ...answered
}, { $id: 'ReplacedModel', additionalProperties: false, description: 'absent fields go to their defaults' })

const NO_FIELD_NEEDED = { required: [], additionalProperties: false }
const PatchedAmounts = nullable(Type.Object(nullables({ cpu: Type.String(), memory: Type.String() }), NO_FIELD_NEEDED))
const patched = {
  ...fields,
  labels: Type.Record(Type.String(), nullable(Type.String())),
  resources: Type.Object({ requests: PatchedAmounts, limits: PatchedAmounts }, NO_FIELD_NEEDED),
  scaling: Type.Object(nullables(scaling), NO_FIELD_NEEDED)
}
/** What a challenger may have otherwise than the model. */
export const challengerFields = (({ description, labels, retrySafe, rolloutSeconds, ...template }) => optional({ image, ...template }))(fields)

export const ModelPatch = Type.Unsafe<object>(Type.Object({ image, ...nullables(patched) }, {
  ...NO_FIELD_NEEDED,
  $id: 'ModelPatch',
  description: 'RFC 7396 merge patch: null puts a field back to its default, arrays are replaced as wholes'
}))

const TrafficRow = Type.Object({
  revision: Type.String(),
  latest: Type.Boolean({ description: 'follows the latest ready revision' }),
  percent: Type.Integer(),
  tag: Type.Optional(Type.String()),
  url: Type.Optional(text('of the tag'))
})
const DesiredRow = Type.Object({
  latest: Type.Boolean(), revision: Type.Optional(Type.String()), percent: Type.Integer(), tag: Type.Optional(Type.String())
})

export const Explanation = Type.Object({
  summary: Type.String(),
  remedy: Type.String(),
  owner: Type.Unsafe<string>({ type: 'string', enum: ['you', 'platform engineer', 'registry owner', 'nobody'], description: 'who can act' }),
  needsAction: Type.Boolean({ description: 'nothing improves until the owner acts; otherwise waiting is enough' })
})

const Status = Type.Object({
  phase: Type.Unsafe<string>({
    type: 'string',
    enum: ['Ready', 'Deploying', 'Degraded', 'Failed', 'Deleting'],
    description: 'Degraded: an earlier revision serves while the one asked for fails'
  }),
  ready: Type.Boolean({ description: 'serves what was asked for; asleep at zero pods is ready' }),
  reason: Type.Optional(text('Knative\'s own word')),
  message: Type.Optional(text('Knative\'s own message')),
  explanation: Explanation,
  url: Type.Optional(text('from outside the cluster')),
  replicas: Type.Integer({ description: 'pods that take requests; 0 and ready: asleep, or waking' }),
  latestCreatedRevision: Type.Optional(Type.String()),
  latestReadyRevision: Type.Optional(Type.String())
})

export const ModelAnswer = Type.Object({
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
  warnings: Type.Optional(Type.Array(Type.String(), { description: 'what the cluster remarked on this write' }))
}, { $id: 'Model' })

export const TrafficAnswer = Type.Object({
  traffic: Type.Array(TrafficRow, { description: 'what serves now' }),
  desired: Type.Array(DesiredRow, { description: 'what was asked for; the two differ while a change is under way, see explanation' }),
  history: Type.Array(Type.Array(DesiredRow), { description: 'earlier tables, the most recent last: what rollback goes back to' }),
  explanation: Explanation
}, { $id: 'Traffic' })

export const RevisionAnswer = Type.Object({
  name: Type.String(),
  image: Type.String(),
  imageDigest: Type.Optional(Type.String({ description: 'what runs, where the cluster looked it up' })),
  ready: Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description: 'null: not decided yet' }),
  explanation: Explanation,
  percent: Type.Integer({ description: 'of the traffic that it gets now' }),
  tags: Type.Array(Type.String()),
  replicas: Type.Integer(),
  createdAt: Type.String({ format: 'date-time' })
}, { $id: 'Revision' })

function optional<Fields extends Readonly<Record<string, TSchema>>> (all: Fields) {
  return Type.Partial(Type.Object(all)).properties
}

/** May be null too. Not a union: its faults would name every branch. */
function nullable (schema: TSchema & { readonly type?: unknown, readonly enum?: readonly unknown[] }): TSchema {
  const types = [schema.type].flat()
  return Type.Unsafe({
    ...schema,
    type: types.includes('null') ? types : [...types, 'null'],
    ...(schema.enum === undefined ? {} : { enum: [...schema.enum, null] })
  })
}

function nullables (all: Readonly<Record<string, TSchema>>): Record<string, TSchema> {
  return Object.fromEntries(Object.entries(all).map(([field, schema]) => [field, nullable(schema)]))
}
