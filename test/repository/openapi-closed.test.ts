import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { openSimulator, openTestService } from '../support/service.js'

type Json = Readonly<Record<string, unknown>>
interface Operation extends Json {
  readonly operationId: string
  readonly requestBody?: Json
  readonly responses: Json
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** Objects of requests whose names are the caller's own to choose. */
const OPEN_REQUESTS = [
  'score multipart/form-data',
  // any field name for the file; the options among them are checked by the handler
  'compareRevisions multipart/form-data'
]

// Answers are open on purpose, all of them: a client that was made for today's members passes over
// those that come later. What a request has too much was meant for something, and would be lost in
// silence.

const { paths } = parse(await readFile('openapi.yaml', 'utf8')) as Document
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
)

t.test('no object that a request may have takes names that are not known', async t => {
  const open = operations.flatMap(({ operation }) =>
    openObjects(operation.requestBody, operation.operationId)
  )
  t.same(open.filter(path => !OPEN_REQUESTS.includes(path)), [])
  t.ok(operations.some(({ operation }) => operation.requestBody !== undefined), 'there are bodies')
})

t.test('no call of models or scorings takes an option that it does not know', async t => {
  const { cluster } = await openSimulator(t)
  const { url } = await openTestService(t, cluster)
  for (const { path, method } of operations.filter(({ path }) =>
    /^\/(models|scorings)/.test(path)
  )) {
    const body = BODIES[`${method} ${path}`]
    const sent = body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(`${url}${path.replaceAll(/\{\w+\}/g, 'm')}?bogus=1`, {
      method: method.toUpperCase(),
      ...sent
    })
    const { fields = [] } = await response.json() as {
      fields?: Array<{ field: string, remedy?: string }>
    }
    t.same([response.status, fields.map(({ field }) => field)], [422, ['query.bogus']],
      `${method} ${path}`)
  }
})

/** Bodies in order, which are looked at before the options. */
const BODIES: Readonly<Record<string, unknown>> = {
  'post /models': { name: 'm', image: 'a/b:1' },
  'put /models/{name}': { image: 'a/b:1' },
  'patch /models/{name}': {},
  'post /models/{name}/revisions': {},
  'put /models/{name}/traffic': [],
  'post /models/{name}/promote': { tag: 'a' },
  'post /models/{name}/score': {},
  'post /models/{name}/compare': {}
}

/** Paths of objects with listed properties, or with none at all, that take others too. */
function openObjects (schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  if (Array.isArray(schema)) return schema.flatMap((part, i) => openObjects(part, `${path}.${i}`))
  const { type, properties, additionalProperties, patternProperties, content, ...others } =
    schema as Json
  const named = content === undefined
    ? []
    : Object.entries(content as Record<string, Json>)
      .flatMap(([type, body]) => openObjects(body['schema'], `${path} ${type}`))
  const isObject = [type].flat().includes('object')
  const isMap = patternProperties !== undefined || typeof additionalProperties === 'object'
  const own = isObject && !isMap && additionalProperties !== false ? [path] : []
  const deeper = Object.entries({ ...properties as Json, ...others }).flatMap(([name, part]) =>
    openObjects(part, `${path}.${name}`)
  )
  return [...own, ...named, ...deeper]
}
