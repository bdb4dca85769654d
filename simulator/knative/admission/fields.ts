import { isObject, type Json, type JsonObject } from '../../kube/json.js'
import { badRequest } from '../../kube/status-errors.js'

/** The type of a field in the spec of a ksvc. `open` accepts any value. */
export type Field =
  'string' | 'int32' | 'int64' | 'bool' | 'open' | 'quantities' | Shape | readonly [Shape]

export interface Shape {
  /** the name of the Go struct in messages */
  readonly go: string
  /** the embedded Go struct that messages put into the path before a field */
  readonly via?: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, Field>>
}

const fieldsOfType = (field: Field, ...names: readonly string[]): Record<string, Field> =>
  Object.fromEntries(names.map(name => [name, field]))

const SECRET_REF: Shape = {
  go: 'SecretKeySelector',
  fields: { name: 'string', key: 'string', optional: 'bool' }
}
const VALUE_FROM: Shape = {
  go: 'EnvVarSource',
  fields: {
    secretKeyRef: SECRET_REF,
    configMapKeyRef: SECRET_REF,
    fieldRef: 'open',
    resourceFieldRef: 'open'
  }
}
const ENV: Shape = {
  go: 'EnvVar',
  fields: { name: 'string', value: 'string', valueFrom: VALUE_FROM }
}
const PORT: Shape = {
  go: 'ContainerPort',
  fields: { containerPort: 'int32', name: 'string', protocol: 'string' }
}
const RESOURCES: Shape = {
  go: 'ResourceRequirements',
  fields: { requests: 'quantities', limits: 'quantities' }
}

const CONTAINER: Shape = {
  go: 'Container',
  fields: {
    ...fieldsOfType(
      'string',
      'name',
      'image',
      'workingDir',
      'imagePullPolicy',
      'terminationMessagePath',
      'terminationMessagePolicy'
    ),
    ...fieldsOfType(
      'open',
      'command',
      'args',
      'envFrom',
      'readinessProbe',
      'livenessProbe',
      'startupProbe',
      'securityContext',
      'volumeMounts'
    ),
    env: [ENV],
    ports: [PORT],
    resources: RESOURCES
  }
}

/** The spec of a revision. */
export const REVISION_SPEC: Shape = {
  go: 'RevisionSpec',
  via: {
    containers: 'PodSpec',
    volumes: 'PodSpec',
    imagePullSecrets: 'PodSpec',
    serviceAccountName: 'PodSpec',
    enableServiceLinks: 'PodSpec'
  },
  fields: {
    containers: [CONTAINER],
    serviceAccountName: 'string',
    ...fieldsOfType('bool', 'enableServiceLinks', 'automountServiceAccountToken'),
    ...fieldsOfType(
      'int64',
      'containerConcurrency',
      'timeoutSeconds',
      'responseStartTimeoutSeconds',
      'idleTimeoutSeconds'
    ),
    ...fieldsOfType(
      'open',
      'volumes',
      'imagePullSecrets',
      'nodeSelector',
      'tolerations',
      'affinity',
      'initContainers'
    )
  }
}

const TEMPLATE: Shape = {
  go: 'RevisionTemplateSpec',
  fields: { metadata: 'open', spec: REVISION_SPEC }
}

const TARGET: Shape = {
  go: 'TrafficTarget',
  fields: {
    revisionName: 'string',
    configurationName: 'string',
    latestRevision: 'bool',
    percent: 'int64',
    tag: 'string',
    url: 'string'
  }
}

/** The spec of a ksvc. */
export const SPEC: Shape = {
  go: 'ServiceSpec',
  via: { template: 'ConfigurationSpec', traffic: 'RouteSpec' },
  fields: { template: TEMPLATE, traffic: [TARGET] }
}

const QUANTITY = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/

/**
 * Reads the spec of a ksvc as the API server and the webhook do together. It drops unknown fields
 * and returns their paths. A wrong type is a 400 in the recorded words.
 */
export function decodeSpec (spec: Json): { spec: Json; unknown: string[] } {
  const unknown: string[] = []
  return { spec: decode(spec, SPEC, 'spec', 'spec', 'ServiceSpec', unknown), unknown }
}

function decode (
  value: Json,
  field: Field,
  path: string,
  goPath: string,
  owner: string,
  unknown: string[]
): Json {
  if (value === null || field === 'open') return value
  if (field === 'quantities') return decodeQuantities(value, `${owner}.${goPath}`)
  if (typeof field === 'string') return decodeLeaf(value, field, `${owner}.${goPath}`)
  if ('go' in field) {
    return isObject(value)
      ? decodeObject(value, field, path, goPath, unknown)
      : throwMismatch(value, `${owner}.${goPath}`, field.go)
  }
  if (!Array.isArray(value)) { return throwMismatch(value, `${owner}.${goPath}`, `[]v1.${field[0].go}`) }
  return (value as readonly Json[]).map((item, i) =>
    decode(item, field[0], `${path}[${i}]`, goPath, owner, unknown)
  )
}

function decodeObject (
  value: JsonObject,
  shape: Shape,
  path: string,
  goPath: string,
  unknown: string[]
): JsonObject {
  const known: Record<string, Json> = {}
  for (const [name, inner] of Object.entries(value)) {
    const field = shape.fields[name]
    if (field === undefined) unknown.push(`${path}.${name}`)
    else {
      known[name] = decode(
        inner,
        field,
        `${path}.${name}`,
        [goPath, shape.via?.[name], name].filter(part => part !== undefined).join('.'),
        shape.go,
        unknown
      )
    }
  }
  return known
}

function decodeLeaf (value: Json, type: 'string' | 'int32' | 'int64' | 'bool', where: string): Json {
  const fits =
    type === 'string'
      ? typeof value === 'string'
      : type === 'bool'
        ? typeof value === 'boolean'
        : Number.isInteger(value)
  return fits ? value : throwMismatch(value, where, type)
}

function decodeQuantities (value: Json, where: string): Json {
  if (!isObject(value)) return throwMismatch(value, where, 'v1.ResourceList')
  for (const quantity of Object.values(value)) {
    if (!QUANTITY.test(String(quantity))) {
      throw undecodable(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
      )
    }
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, quantity]) => [name, String(quantity)])
  )
}

/**
 * Refuses a value as Go's encoding/json does. The message names the JSON type of the value, and the
 * literal of a number that does not fit.
 */
function throwMismatch (value: Json, where: string, type: string): never {
  const integer = type === 'int32' || type === 'int64'
  const met = Array.isArray(value)
    ? 'array'
    : typeof value === 'number' && integer
      ? `number ${value}`
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value
  throw undecodable(`json: cannot unmarshal ${met} into Go struct field ${where} of type ${type}`)
}

const undecodable = (why: string) =>
  badRequest(
    `admission webhook "webhook.serving.knative.dev" denied the request: mutation failed: cannot decode incoming new object: ${why}`
  )
