import { isJsonObject, type Json, type JsonObject } from '../../domain/json/json.js'
import { showValue } from '../../domain/scoring/values/shown.js'
import type { Variable } from '../../domain/scoring/scorer/signature.js'

/** The deepest chain of references and nested alternatives that is followed. */
const DEPTH_MAX = 20
const TYPE_MAX_CHARS = 100

type VariableKind = Pick<Variable, 'type' | 'length' | 'format'>

const NUMBER: VariableKind = { type: 'number' }
const WHOLE: VariableKind = { type: 'number', format: 'int64' }
const TEXT: VariableKind = { type: 'string' }
const STRUCTURE: VariableKind = { type: 'string', format: 'json' }

/**
 * The types that descriptions use: JSON Schema's, those of DS2 and of MAS (BIGINT, DECIMAL,
 * VARCHAR(20) …), and what Python programs write for them. Without blanks, in lower case.
 */
const KINDS: ReadonlyMap<string, VariableKind> = new Map([
  ...['number', 'decimal', 'double', 'float', 'numeric', 'real', 'float32', 'float64'].map(
    name => [name, NUMBER] as const
  ),
  ...['integer', 'int', 'int32', 'int64', 'bigint', 'long', 'smallint', 'short', 'tinyint'].map(
    name => [name, WHOLE] as const
  ),
  ...['string', 'char', 'varchar', 'nchar', 'nvarchar', 'character', 'text', 'str'].map(
    name => [name, TEXT] as const
  ),
  ...['array', 'object', 'datagrid'].map(name => [name, STRUCTURE] as const),
  ...['string', 'decimal', 'integer', 'bigint', 'double', 'char', 'varchar', 'int'].map(
    name => [`${name}array`, STRUCTURE] as const
  )
])

/** DS2's `char(20)`, `decimal(10,2)`. */
const SIZED = /^([a-z0-9]+)\((\d{1,9})(?:,\d{1,9})?\)$/

/**
 * Reads a variable's type from its schema: from `type`, a name or a list; from `$ref`, `allOf`,
 * `anyOf` and `oneOf`, where null is ignored; or from its allowed values (`enum`, `const`). `fault`
 * says what is not known, as the end of a sentence.
 */
export function typeOf (
  schema: Json,
  document: JsonObject
): VariableKind | { readonly fault: string } {
  const found = findKinds(schema, document, 0)
  const unknown = found.find(kind => 'fault' in kind)
  if (unknown !== undefined) return unknown
  const [first, ...others] = found as VariableKind[]
  if (first === undefined) return { fault: 'without a type' }
  const all = [first, ...others]
  if (
    all.some(({ type }) => type !== first.type) ||
    (all.some(({ format }) => format === 'json') && all.some(({ format }) => format !== 'json'))
  ) {
    return {
      fault: `with several types: ${[...new Set(all.map(({ type, format }) => format ?? type))].join(', ')}`
    }
  }
  // "integer or number" is a number
  const kind = all.every(({ format }) => format === first.format) ? first : NUMBER
  const length = all.map(({ length }) => length).find(length => length !== undefined)
  return length === undefined || kind.type !== 'string' ? kind : { ...kind, length }
}

/** A schema, or what its `$ref` points to within the document. */
export function resolveReference (
  schema: Json | undefined,
  document: JsonObject
): Json | undefined {
  let found = schema
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const reference = isJsonObject(found) ? found.get('$ref') : undefined
    if (typeof reference !== 'string') return found
    found = reference.startsWith('#/') ? followPointer(document, reference.slice(2)) : undefined
  }
  return undefined
}

/** RFC 6901. */
function followPointer (document: JsonObject, pointer: string): Json | undefined {
  let found: Json | undefined = document
  for (const part of pointer.slice(0, 1_000).split('/')) {
    found = isJsonObject(found)
      ? found.get(part.replaceAll('~1', '/').replaceAll('~0', '~'))
      : undefined
  }
  return found
}

type Found = VariableKind | { readonly fault: string }

function findKinds (schema: Json | undefined, document: JsonObject, depth: number): Found[] {
  const whole = resolveReference(schema, document)
  if (!isJsonObject(whole) || depth > DEPTH_MAX) return [{ fault: `as ${showValue(schema)}` }]
  const type = whole.get('type')
  const length = whole.get('maxLength')
  if (type !== undefined) {
    const names = (Array.isArray(type) ? type : [type]) as readonly Json[]
    const kinds = names.filter(name => !isNull(name)).map(name => kindOfName(name, whole))
    return kinds.map(kind =>
      typeof length === 'number' && 'type' in kind && kind.type === 'string'
        ? { ...kind, length }
        : kind
    )
  }
  const alternatives = ['allOf', 'anyOf', 'oneOf'].flatMap(name => {
    const list = whole.get(name)
    return Array.isArray(list) ? (list as readonly Json[]) : []
  })
  if (alternatives.length > 0) {
    return alternatives
      .slice(0, DEPTH_MAX)
      .filter(one => !isNullSchema(one))
      .flatMap(one => findKinds(one, document, depth + 1))
  }
  const values = whole.get('enum') ?? (whole.has('const') ? [whole.get('const')!] : [])
  return Array.isArray(values)
    ? (values as readonly Json[])
        .filter(value => value !== null)
        .slice(0, 1)
        .map(kindOfValue)
    : []
}

function kindOfName (name: Json, schema: JsonObject): Found {
  const plain =
    typeof name === 'string' && name.length <= TYPE_MAX_CHARS
      ? name.toLowerCase().replaceAll(/[\s_-]/g, '')
      : ''
  const [, base, size] = SIZED.exec(plain) ?? []
  const kind = KINDS.get(base ?? plain)
  if (kind === undefined) {
    return { fault: `with the type ${showValue(name)}, which is not known here` }
  }
  // OpenAPI writes double for a number and int64 for a whole one as `format`
  if (kind === WHOLE && ['double', 'float'].includes(String(schema.get('format')))) return NUMBER
  if (kind === NUMBER && ['int64', 'int32'].includes(String(schema.get('format')))) return WHOLE
  return size !== undefined && kind === TEXT ? { ...kind, length: Number(size) } : kind
}

function kindOfValue (value: Json): Found {
  if (typeof value === 'string') return TEXT
  return typeof value === 'number' ? NUMBER : { fault: `with values like ${showValue(value)}` }
}

function isNull (type: Json): boolean {
  return typeof type === 'string' && type.toLowerCase() === 'null'
}

function isNullSchema (schema: Json): boolean {
  const type = isJsonObject(schema) ? schema.get('type') : undefined
  return type !== undefined && type !== null && isNull(type)
}
