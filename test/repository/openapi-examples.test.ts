import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { until } from '../support/model-program.js'
import { openSimulator, openTestService } from '../support/service.js'

// "Try it out" of /docs works as it is prefilled: what openapi.yaml has as examples fits its
// schemas, and is taken by the service, on the demo's images, one call after the other.

interface Described {
  readonly schema: object & { readonly default?: unknown }
  readonly example?: unknown
}
interface Operation {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<Described & {
    readonly name: string
    readonly in: string
    readonly required: boolean
  }>
  readonly requestBody?: { readonly content: Readonly<Record<string, Described>> }
}
interface Call {
  readonly url: string
  readonly method: string
  readonly operation: Operation
}

const { paths } = parse(await readFile('openapi.yaml', 'utf8')) as {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
const calls = new Map<string, Call>(
  Object.entries(paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      [operation.operationId, { url, method, operation }]
    )
  )
)
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })

/** What /docs lets its reader choose from the disk. */
const isChosen = (type: string) => type === 'multipart/form-data'

function faultsOf ({ schema, example }: Described): string {
  const validate = ajv.compile(schema)
  return validate(example) ? '' : ajv.errorsText(validate.errors)
}

for (const { operation: { operationId, parameters = [], requestBody } } of calls.values()) {
  for (const [type, described] of Object.entries(requestBody?.content ?? {})) {
    if (isChosen(type)) continue
    t.test(`${operationId} has a body of ${type} that fits its schema`, async t => {
      t.not(described.example, undefined)
      t.equal(faultsOf(described), '')
    })
  }
  for (const parameter of parameters) {
    if (!parameter.required && parameter.example === undefined) continue
    t.test(`${operationId} has a ${parameter.name} that fits its schema`, async t => {
      t.not(parameter.example, undefined)
      t.equal(faultsOf(parameter), '')
    })
  }
}

t.test('the body that /docs shows first is one that it fills in', async t => {
  const first = [...calls.values()].map(({ operation }) =>
    Object.keys(operation.requestBody?.content ?? {})[0]
  )
  t.same(first.filter(type => type !== undefined && isChosen(type)), [])
})

/** A way through /docs with the statuses of success; the other calls of models are reads. */
const STORY: ReadonlyArray<readonly [operationId: string, status: number]> = [
  ['createModel', 201],
  ['getSignature', 200],
  ['getSnippet', 200],
  ['putModel', 200],
  ['patchModel', 200],
  ['score', 200],
  ['deployChallenger', 201],
  ['compareRevisions', 200],
  ['putTraffic', 200],
  ['getRevision', 200],
  ['promote', 200],
  ['rollback', 200],
  ['deleteModel', 204]
]

t.test('every example is taken as it is', async t => {
  const { url } = await openTestService(t, (await openSimulator(t)).cluster)
  t.same(
    [...calls.values()].map(({ operation }) => operation).filter(({ operationId, requestBody }) =>
      requestBody !== undefined && !STORY.some(([id]) => id === operationId)
    ),
    [],
    'no call with a body is left out'
  )
  for (const [operationId, status] of STORY) {
    for (const request of prefilled(url, calls.get(operationId)!)) {
      const response = await fetch(request)
      t.equal(response.status, status, `${operationId}: ${await response.text()}`)
    }
    await until(() => unready(url), left => left.length === 0)
  }
})

/** Of the models, by what a person sees: none is waited for by the prefilled calls themselves. */
async function unready (url: string): Promise<unknown[]> {
  const { items } = await (await fetch(`${url}/models`)).json() as {
    items: Array<{ status: { phase: string } }>
  }
  return items.filter(({ status }) => !['Ready', 'Deleting'].includes(status.phase))
}

/** As Swagger UI makes it: examples, else defaults; a request for each body that it fills in. */
function prefilled (base: string, { url, method, operation }: Call): Request[] {
  const address = new URL(base)
  address.pathname = url
  for (const { name, in: place, example, schema } of operation.parameters ?? []) {
    const value = example ?? schema.default
    if (value === undefined) continue
    if (place === 'path') address.pathname = address.pathname.replace(`%7B${name}%7D`, String(value))
    if (place === 'query') address.searchParams.set(name, String(value))
  }
  const types = Object.entries(operation.requestBody?.content ?? {})
  const bodies = types.length === 0
    ? [{}]
    : types.flatMap(([type, { example }]) =>
      isChosen(type)
        ? []
        : [{
            headers: { 'content-type': type },
            body: typeof example === 'string' ? example : JSON.stringify(example)
          }]
    )
  return bodies.map(body => new Request(address, { method: method.toUpperCase(), ...body }))
}
