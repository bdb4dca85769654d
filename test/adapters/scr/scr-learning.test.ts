import { once } from 'node:events'
import t from 'tap'
import type { Received } from './model-server.js'
import { ECHO, NOT_FOUND, openScorer, startModel } from './model-server.js'
import { failsWith, never } from '../../domain/scoring/support.js'

const ROW = { CLAGE: 94.3, JOB: null }
const OPENAPI = JSON.stringify({ components: { schemas: { SCRInput: { properties: { data: { properties: { CLAGE: { type: 'number' } } } } }, SCROutput: { properties: { data: { properties: { P: { type: 'number' } } } } } } } })
const calls = (received: readonly Received[]) => received.map(({ method, path, body }) => `${method} ${path}${body === '' ? '' : ` ${Object.keys(JSON.parse(body) as object).join()}`}`)

/** Takes rows as `inputs` only, and refuses others as SCR does. */
const INPUTS_ONLY = ({ body }: Received) => {
  const { inputs } = JSON.parse(body) as { inputs?: unknown }
  return inputs === undefined ? { status: 400, text: '{"errorCode":1,"message":"inputs is missing"}' } : { text: JSON.stringify({ outputs: inputs }) }
}

t.test('a model that takes data is sent data from the first row on', async t => {
  const { target, received } = await startModel(t, ECHO)
  const scorer = openScorer(t)
  t.same(await scorer.score(target, undefined, ROW, never()), ROW)
  await scorer.score(target, undefined, ROW, never())
  t.same(calls(received), ['POST /hmeq data', 'POST /hmeq data'])
})

t.test('a model that takes inputs only is asked once with data', async t => {
  const { target, received } = await startModel(t, INPUTS_ONLY)
  const scorer = openScorer(t)
  for (let row = 0; row < 2; row++) t.same(await scorer.score(target, undefined, ROW, never()), ROW)
  t.same(calls(received), ['POST /hmeq data', 'POST /hmeq inputs', 'POST /hmeq inputs'])
})

t.test('a first row that is refused in both styles teaches nothing, and the next row does', async t => {
  const { target, received } = await startModel(t, call => call.body.includes('bad') ? { status: 400, text: '{"message":"JOB is unknown"}' } : ECHO(call))
  const scorer = openScorer(t)
  await failsWith(t, async () => await scorer.score(target, undefined, { JOB: 'bad' }, never()), 'row-refused', /JOB is unknown/)
  t.same(await scorer.score(target, undefined, ROW, never()), ROW)
  t.same(calls(received), ['POST /hmeq data', 'POST /hmeq inputs', 'POST /hmeq data'])
})

t.test('rows wait for the one that finds out, and go together after it', async t => {
  const { target, received } = await startModel(t, INPUTS_ONLY)
  const scorer = openScorer(t)
  await Promise.all([1, 2, 3, 4, 5].map(async CLAGE => { t.same(await scorer.score(target, undefined, { CLAGE }, never()), { CLAGE }) }))
  t.equal(received.length, 6)
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
  t.same(await second, ROW)
})

t.test('the path is the first candidate under which the application answers', async t => {
  const { target, received } = await startModel(t, call => call.path === '/sr_hmeq' ? ECHO(call) : NOT_FOUND, { appPaths: ['hmeq', 'sr_hmeq', 'other'] })
  const scorer = openScorer(t)
  for (let row = 0; row < 2; row++) await scorer.score(target, undefined, ROW, never())
  t.same(calls(received), ['POST /hmeq data', 'POST /sr_hmeq data', 'POST /sr_hmeq data'])
})

t.test('an application that serves under no candidate is told with the paths tried', async t => {
  const { target } = await startModel(t, () => NOT_FOUND, { appPaths: ['hmeq', 'sr_hmeq'] })
  await failsWith(t, async () => await openScorer(t).score(target, undefined, ROW, never()), 'model-answer-invalid', /takes no rows at \/hmeq, \/sr_hmeq/)
})

t.test('an empty 404 is an address that nothing serves', async t => {
  const { target } = await startModel(t, () => ({ status: 404 }))
  await failsWith(t, async () => await openScorer(t).score(target, undefined, ROW, never()), 'revision-not-found', /nothing answers at the address of hmeq-1/)
  await failsWith(t, async () => await openScorer(t).signature(target, never()), 'revision-not-found', /nothing answers/)
})

t.test('a step is a path below the application\'s, encoded', async t => {
  const { target, received } = await startModel(t, ECHO)
  await openScorer(t).score(target, 'execute it', ROW, never())
  t.same(calls(received), ['POST /hmeq/execute%20it data'])
})

t.test('the signature is asked for once, and tells the path', async t => {
  const { target, received } = await startModel(t, call => call.path === '/b/apiMeta/api' ? { text: OPENAPI } : call.path === '/b' ? ECHO(call) : NOT_FOUND, { appPaths: ['a', 'b'] })
  const scorer = openScorer(t)
  for (let time = 0; time < 2; time++) t.same((await scorer.signature(target, never())).inputs, [{ name: 'CLAGE', type: 'number', required: true }])
  await scorer.score(target, undefined, ROW, never())
  t.same(calls(received), ['GET /a/apiMeta/api', 'GET /b/apiMeta/api', 'POST /b data'])
})

t.test('a model without a description has an inferred signature, asked for again the next time', async t => {
  const { target, received } = await startModel(t, () => NOT_FOUND)
  const scorer = openScorer(t)
  for (let time = 0; time < 2; time++) t.equal((await scorer.signature(target, never())).inferred, true)
  t.equal(received.length, 2)
})

t.test('a description that is none is the model\'s fault, not an inferred signature', async t => {
  for (const text of ['<html>', '{}']) {
    const { target } = await startModel(t, () => ({ text }))
    await failsWith(t, async () => await openScorer(t).signature(target, never()), 'model-answer-invalid', /apiMeta\/api/)
  }
})

t.test('a description that can\'t be had now is a failure, not an inferred signature', async t => {
  const { target } = await startModel(t, () => ({ status: 503, text: 'pending request queue full\n' }))
  await failsWith(t, async () => await openScorer(t).signature(target, never()), 'model-overloaded', /queue full/)
})
