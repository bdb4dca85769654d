import type { Catalog, Schema } from '../catalog.js'
import type { Resource } from '../resource.js'
import { definitionsOf } from './openapi.js'

/** The only media type of `/openapi/v2` that kubectl takes. */
export const OPENAPI_V2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/**
 * Encodes the OpenAPI 2 document for kubectl before 1.25. kubectl finds unknown fields by its
 * definitions, and learns from its paths which patches take `dryRun`. The field numbers are those
 * of gnostic's OpenAPIv2.proto.
 */
export function encodeOpenapiV2 (catalog: Catalog): Buffer {
  const all = definitionsOf(catalog)
  const named = all.map(({ name, resource, schema }) =>
    encodeBytes(
      1,
      encodeText(1, name),
      encodeBytes(2, encodeSchema(schema), encodeKind(31, resource, '- '))
    )
  )
  const paths = all.map(({ resource }) =>
    encodeBytes(
      2,
      encodeText(1, `/${resource.plural}.${resource.group}/{name}`),
      encodeBytes(2, encodeBytes(8, dryRun, encodeKind(13, resource, '  ')))
    )
  )
  return Buffer.concat([
    encodeText(1, '2.0'),
    encodeBytes(2, encodeText(1, 'Kubernetes'), encodeText(2, 'v1.34.1')),
    encodeBytes(8, ...paths),
    encodeBytes(9, ...named)
  ])
}

const encodeProperty = ([name, schema]: [string, Schema]): Buffer =>
  encodeBytes(1, encodeText(1, name), encodeBytes(2, encodeSchema(schema)))

function encodeSchema ({
  type,
  description,
  items,
  properties,
  additionalProperties
}: Schema): Buffer {
  return Buffer.concat([
    ...(description === undefined ? [] : [encodeText(4, description)]),
    ...(additionalProperties === undefined
      ? []
      : [encodeBytes(21, encodeBytes(1, encodeSchema(additionalProperties)))]),
    ...(type === undefined ? [] : [encodeBytes(22, encodeText(1, type))]),
    ...(items === undefined ? [] : [encodeBytes(23, encodeBytes(1, encodeSchema(items)))]),
    ...(properties === undefined
      ? []
      : [encodeBytes(25, ...Object.entries(properties).map(encodeProperty))])
  ])
}

/**
 * Encodes `x-kubernetes-group-version-kind` as YAML. A definition has a list of kinds, an operation
 * has one kind.
 */
function encodeKind (field: number, resource: Resource, lead: '- ' | '  '): Buffer {
  const yaml = `${lead}group: "${resource.group}"\n  kind: ${resource.kind}\n  version: v1\n`
  return encodeBytes(
    field,
    encodeText(1, 'x-kubernetes-group-version-kind'),
    encodeBytes(2, encodeText(2, yaml))
  )
}

const encodeText = (field: number, value: string): Buffer => encodeBytes(field, Buffer.from(value))

/** Encodes a length-delimited field: key, length, content. */
function encodeBytes (field: number, ...content: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(content)
  return Buffer.concat([encodeVarint((field << 3) | 2), encodeVarint(whole.length), whole])
}

/** The query parameter `dryRun` of an operation. */
const dryRun = encodeBytes(
  8,
  encodeBytes(
    1,
    encodeBytes(
      2,
      encodeBytes(3, encodeText(2, 'query'), encodeText(4, 'dryRun'), encodeText(6, 'string'))
    )
  )
)

function encodeVarint (value: number): Buffer {
  const digits: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...digits, rest])
    digits.push((rest & 127) | 128)
  }
}
