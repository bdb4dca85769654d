import { definitions, type Schema } from './openapi.js'
import type { Resource } from './resources.js'

/** The media type in which kubectl takes `/openapi/v2`, and no other. */
export const OPENAPI_V2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/**
 * The OpenAPI 2 document as kubectl before 1.25 needs it: definitions to look for unknown fields, and which patches take `dryRun`.
 * Field numbers are those of gnostic's OpenAPIv2.proto.
 */
export function openapiV2 (): Buffer {
  const all = definitions()
  const named = all.map(({ name, resource, schema }) => bytes(1, text(1, name), bytes(2, schemaBytes(schema), kind(31, resource, '- '))))
  const paths = all.map(({ resource }) =>
    bytes(2, text(1, `/${resource.plural}.${resource.group}/{name}`), bytes(2, bytes(8, dryRun, kind(13, resource, '  ')))))
  return Buffer.concat([text(1, '2.0'), bytes(2, text(1, 'Kubernetes'), text(2, 'v1.34.1')), bytes(8, ...paths), bytes(9, ...named)])
}

const property = ([name, schema]: [string, Schema]): Buffer => bytes(1, text(1, name), bytes(2, schemaBytes(schema)))

function schemaBytes ({ type, description, items, properties, additionalProperties }: Schema): Buffer {
  return Buffer.concat([
    ...(description === undefined ? [] : [text(4, description)]),
    ...(additionalProperties === undefined ? [] : [bytes(21, bytes(1, schemaBytes(additionalProperties)))]),
    ...(type === undefined ? [] : [bytes(22, text(1, type))]),
    ...(items === undefined ? [] : [bytes(23, bytes(1, schemaBytes(items)))]),
    ...(properties === undefined ? [] : [bytes(25, ...Object.entries(properties).map(property))])
  ])
}

/** `x-kubernetes-group-version-kind`, as YAML: a definition has a list of them, an operation one. */
function kind (field: number, resource: Resource, lead: '- ' | '  '): Buffer {
  const yaml = `${lead}group: "${resource.group}"\n  kind: ${resource.kind}\n  version: v1\n`
  return bytes(field, text(1, 'x-kubernetes-group-version-kind'), bytes(2, text(2, yaml)))
}

const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value))

/** A length-delimited field: key, length, content. */
function bytes (field: number, ...content: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(content)
  return Buffer.concat([varint(field << 3 | 2), varint(whole.length), whole])
}

/** Of an operation: the query parameter `dryRun`. */
const dryRun = bytes(8, bytes(1, bytes(2, bytes(3, text(2, 'query'), text(4, 'dryRun'), text(6, 'string')))))

function varint (value: number): Buffer {
  const digits: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...digits, rest])
    digits.push(rest & 127 | 128)
  }
}
