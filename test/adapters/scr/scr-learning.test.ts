import { once } from 'node:events'
import t from 'tap'
import type { Received } from './model-server.js'
import { ECHO, NOT_FOUND, openScorer, startModel } from './model-server.js'
import { failsWith, never } from '../../domain/scoring/support.js'

const ROW = { CLAGE: 94.3, JOB: null }
const OPENAPI = JSON.stringify({
  components: {
    schemas: {
      SCRInput: { properties: { data: { properties: { CLAGE: { type: 'number' } } } } },
      SCROutput: { properties: { data: { properties: { P: { type: 'number' } } } } }
    }
  }
})
const calls = (received: readonly Received[]) =>
  received.map(({ method, path, body }) =>
    `${method} ${path}${body === '' ? '' : ` ${formOf(body)}`}`
  )

/**
 * `data` or `inputs`; with a question mark where all values are missing: sent to see whether the
 * answer depends on the row.
 */
function formOf (body: string): string {
  const [[form, values]] = Object.entries(JSON.parse(body) as Record<string, object>) as [
    [string, object]
  ]
  const given = Array.isArray(values)
    ? (values as Array<{ value: unknown }>).map(({ value }) => value)
    : Object.values(values)
  return given.every(value => value === null) ? `${form}?` : form
}

/** Takes rows as `inputs` only, and refuses others as SCR does. */
const INPUTS_ONLY = ({ body }: Received) => {
  const { inputs } = JSON.parse(body) as { inputs?: unknown }
  return inputs === undefined
    ? { status: 400, text: '{"errorCode":1,"message":"inputs is missing"}' }
    : { text: JSON.stringify({ outputs: inputs }) }
}

t.test('a model that takes data is sent data from the first row on', async t => {
  const { target, received } = await startModel(t, ECHO)
  const scorer = openScorer(t)
  t.same(Object.fromEntries(await scorer.score(target, undefined, ROW, never())), ROW)
  await scorer.score(target, undefined, ROW, never())
  t.same(calls(received), ['POST /hmeq data', 'POST /hmeq data?', 'POST /hmeq data'])
})

t.test('a model that takes inputs only is asked with data for the first row only', async t => {
  const { target, received } = await startModel(t, INPUTS_ONLY)
  const scorer = openScorer(t)
  for (let row = 0; row < 2; row++) {
    t.same(Object.fromEntries(await scorer.score(target, undefined, ROW, never())), ROW)
  }
  t.same(calls(received), ['POST /hmeq data', 'POST /hmeq inputs', 'POST /hmeq data?',
    'POST /hmeq inputs'])
})

t.test('a first row that is refused in both styles teaches nothing, and the next row does', async t => {
  const { target, received } = await startModel(t,
    call =>
      call.body.includes('bad')
        ? { status: 400, text: '{"message":"JOB is unknown"}' }
        : ECHO(call))
  const scorer = openScorer(t)
  await failsWith(t, async () => await scorer.score(target, undefined, { JOB: 'bad' }, never()),
    'row-refused', /JOB is unknown/)
  t.same(Object.fromEntries(await scorer.score(target, undefined, ROW, never())), ROW)
  t.same(calls(received), ['POST /hmeq data', 'POST /hmeq inputs', 'POST /hmeq data',
    'POST /hmeq data?'])
})

t.test('rows wait for the one that finds out, and go together after it', async t => {
  const { target, received } = await startModel(t, INPUTS_ONLY)
  const scorer = openScorer(t)
  await Promise.all([1, 2, 3, 4, 5].map(async CLAGE => {
    t.same(Object.fromEntries(await scorer.score(target, undefined, { CLAGE }, never())), { CLAGE })
  }))
  t.equal(received.length, 7)
})

t.test('a row that waits for the one that finds out leaves when its signal fires', async t => {
  const { target, server } = await startModel(t, () => undefined)
  const scorer = openScorer(t)
  const stop = new AbortController()
  const stopFirst = new AbortController()
  const first = scorer.score(target, undefined, ROW, stopFirst.signal)
  const second = scorer.score(target, undefined, ROW, stop.signal)
  await once(server, 'call')
  stop.abort(new Error('left'))
  await t.rejects(second, { message: 'left' })
  stopFirst.abort(new Error('left first'))
  await t.rejects(first, { message: 'left first' })
})

t.test('a row that finds out and leaves lets the next one find out', async t => {
  let calls = 0
  const { target, server } = await startModel(t, call => ++calls === 1 ? undefined : ECHO(call))
  const scorer = openScorer(t)
  const stop = new AbortController()
  const first = scorer.score(target, undefined, ROW, stop.signal)
  const second = scorer.score(target, undefined, ROW, never())
  await once(server, 'call')
  stop.abort(new Error('left'))
  await t.rejects(first, { message: 'left' })
  t.same(Object.fromEntries(await second), ROW)
})

t.test('the path is the first candidate under which the application answers', async t => {
  const { target, received } = await startModel(t,
    call => call.path === '/sr_hmeq' ? ECHO(call) : NOT_FOUND, {
      appPaths: ['hmeq', 'sr_hmeq', 'other']
    })
  const scorer = openScorer(t)
  for (let row = 0; row < 2; row++) await scorer.score(target, undefined, ROW, never())
  t.same(calls(received), ['POST /hmeq data', 'POST /sr_hmeq data', 'POST /sr_hmeq data?',
    'POST /sr_hmeq data'])
})

t.test('an application that serves under no candidate is told with the paths tried', async t => {
  const { target } = await startModel(t, () => NOT_FOUND, { appPaths: ['hmeq', 'sr_hmeq'] })
  await failsWith(t, async () => await openScorer(t).score(target, undefined, ROW, never()),
    'model-answer-invalid', /takes no rows at \/hmeq, \/sr_hmeq/)
})

t.test('an empty 404 is an address that nothing serves', async t => {
  const { target } = await startModel(t, () => ({ status: 404 }))
  await failsWith(t, async () => await openScorer(t).score(target, undefined, ROW, never()),
    'revision-not-found', /nothing answers at the address of hmeq-1/)
  await failsWith(t, async () => await openScorer(t).signature(target, undefined, never()),
    'revision-not-found', /nothing answers/)
})

t.test('a step is a path below the application\'s, encoded', async t => {
  const { target, received } = await startModel(t, ECHO)
  await openScorer(t).score(target, 'execute it', ROW, never())
  t.same(calls(received), ['POST /hmeq/execute%20it data', 'POST /hmeq/execute%20it data?'])
})

t.test('the signature is asked for once, and tells the path', async t => {
  const { target, received } = await startModel(t,
    call =>
      call.path === '/b/apiMeta/api'
        ? { text: OPENAPI }
        : call.path === '/b'
          ? ECHO(call)
          : NOT_FOUND, { appPaths: ['a', 'b'] })
  const scorer = openScorer(t)
  for (let time = 0; time < 2; time++) {
    t.same((await scorer.signature(target, undefined, never())).inputs, [{
      name: 'CLAGE',
      type: 'number',
      required: true
    }])
  }
  await scorer.score(target, undefined, ROW, never())
  t.same(calls(received), ['GET /a/apiMeta/api', 'GET /b/apiMeta/api', 'POST /b data',
    'POST /b data?'])
})

t.test('a model without a description has an inferred signature, asked for again the next time', async t => {
  const { target, received } = await startModel(t, () => NOT_FOUND)
  const scorer = openScorer(t)
  for (let time = 0; time < 2; time++) {
    t.equal((await scorer.signature(target, undefined, never())).inferred, true)
  }
  t.equal(received.length, 2)
})

t.test('a description that is none is the model\'s fault, not an inferred signature', async t => {
  for (const text of ['<html>', '{}']) {
    const { target } = await startModel(t, () => ({ text }))
    await failsWith(t, async () => await openScorer(t).signature(target, undefined, never()),
      'model-answer-invalid', /apiMeta\/api/)
  }
})

t.test('a description that can\'t be had now is a failure, not an inferred signature', async t => {
  const { target } = await startModel(t,
    () => ({ status: 503, text: 'pending request queue full\n' }))
  await failsWith(t, async () => await openScorer(t).signature(target, undefined, never()),
    'model-overloaded', /queue full/)
})

/** Answers the constants and what `f` makes of X; of a form that it does not read, X is missing. */
const scoring =
  (reads: 'data' | 'inputs' | 'both', f: (x: number | null) => object) => ({ body }: Received) => {
    const { data, inputs } = JSON.parse(body) as {
      data?: { X: number | null }
      inputs?: Array<{ value: number | null }>
    }
    const isRead = reads === 'both' || (reads === 'data') === (data !== undefined)
    return {
      text: JSON.stringify({ data: f(isRead ? data?.X ?? inputs?.[0]?.value ?? null : null) })
    }
  }
const yOf = (x: number | null) => ({ Y: x === null ? -1 : x * 2 })

t.test('a model that passes over data and scores it as a row of missing values is sent inputs', async t => {
  const { target } = await startModel(t, scoring('inputs', yOf))
  const scorer = openScorer(t)
  for (const X of [3, 4]) {
    t.same(Object.fromEntries(await scorer.score(target, undefined, { X }, never())), { Y: X * 2 })
  }
})

t.test('a row of missing values does not decide the form', async t => {
  const { target } = await startModel(t, scoring('inputs', yOf))
  const scorer = openScorer(t)
  for (const X of [null, null, 5, 6]) {
    t.same(Object.fromEntries(await scorer.score(target, undefined, { X }, never())), yOf(X))
  }
})

t.test('rows that score as missing values do, do not decide the form, however many', async t => {
  const stepped = (x: number | null) => ({ Y: x !== null && x > 100 ? 1 : 0 })
  const { target } = await startModel(t, scoring('inputs', stepped))
  const scorer = openScorer(t)
  const found = await Promise.all(
    [1, 2, 3, 200, 4, 300].map(async X =>
      Object.fromEntries(await scorer.score(target, undefined, { X }, never()))
    )
  )
  t.same(found.map(({ Y }) => Y), [0, 0, 0, 1, 0, 1])
})

t.test('a row that a model refuses as data, and scores as missing when sent as inputs, is refused', async t => {
  const model = scoring('data', yOf)
  const { target } = await startModel(t,
    call =>
      call.body.includes('13') && call.body.includes('data')
        ? { status: 400, text: '{"message":"not 13"}' }
        : model(call))
  const scorer = openScorer(t)
  await failsWith(t, async () => await scorer.score(target, undefined, { X: 13 }, never()),
    'row-refused', /not 13/)
  t.same(Object.fromEntries(await scorer.score(target, undefined, { X: 5 }, never())), { Y: 10 })
})

t.test('forms that disagree while neither depends on the row are the row\'s failure, which says so', async t => {
  const { target } = await startModel(t,
    ({ body }) => ({ text: `{"data":{"Y":${body.includes('data') ? 1 : 2}}}` }))
  await failsWith(t, async () => await openScorer(t).score(target, undefined, { X: 1 }, never()),
    'row-answer-invalid', /neither answer depends on the row/)
})

t.test('a model that fails on a row of missing values takes the form that scored', async t => {
  const { target, received } = await startModel(t, (call, response) => {
    if (!call.body.includes('null')) return ECHO(call)
    response.socket!.destroy()
    return undefined
  })
  const scorer = openScorer(t)
  for (let row = 0; row < 2; row++) await scorer.score(target, undefined, { X: 1 }, never())
  t.same(calls(received), ['POST /hmeq data', 'POST /hmeq data?', 'POST /hmeq data'])
})

const stepDocument = JSON.stringify({
  openapi: '3.0.1',
  paths: {
    '/hmeq/other': {
      post: {
        requestBody: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/OtherIn' } } }
        },
        responses: {
          200: {
            content: { 'application/json': { schema: { $ref: '#/components/schemas/OtherOut' } } }
          }
        }
      }
    }
  },
  components: {
    schemas: Object.fromEntries(
      Object.entries({ SCRInput: 'A', SCROutput: 'B', OtherIn: 'C', OtherOut: 'D' })
        .map((
          [schema, name]
        ) => [schema, { properties: { data: { properties: { [name]: { type: 'number' } } } } }])
    )
  }
})

t.test('a step has the signature of its own path; without one it is unknown, never that of the default step', async t => {
  const { target, received } = await startModel(t, () => ({ text: stepDocument }))
  const scorer = openScorer(t)
  const told = async (step?: string) => {
    const { inputs, outputs, inferred } = await scorer.signature(target, step, never())
    return [...inputs, ...outputs].map(({ name }) => name).join() + (inferred ? 'inferred' : '')
  }
  for (let time = 0; time < 2; time++) {
    t.same([await told(), await told('other'), await told('third')], ['A,B', 'C,D', 'inferred'])
  }
  t.equal(received.length, 3)
})
