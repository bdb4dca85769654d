import t from 'tap'
import { deferred } from '../../../../src/async/deferred.js'
import { fileForm, head, openSocket, readAnswer, send } from '../../../support/caller.js'
import {
  deployed,
  gauge,
  program,
  until,
  type Deployed,
  type Program
} from '../../../support/model-program.js'

/** A model that answers the first `answered` rows, and then none. */
const silent = (answered = 0): Program =>
  program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    score: ({ index, row }) => index < answered ? { Y: row['X'] } : undefined
  })

const NOTE = 'n'.repeat(10 * 1024)
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, row) => `${from + row},${NOTE}\n`).join('')

/** Calls have ended, and the disk is given back. */
async function workHasStopped (service: Deployed, model: Program): Promise<void> {
  await until(model.running, running => running === 0)
  await until(async () => await gauge(service, 'scr_modelops_rows_in_flight'), rows => rows === 0)
  await until(async () => await gauge(service, 'scr_modelops_spool_bytes'), bytes => bytes === 0)
}

t.test('a caller who leaves during the upload ends the model\'s calls', async t => {
  const model = silent(1)
  const service = await deployed(t, model)
  const caller = openSocket(service.url)
  await send(caller,
    head(service.scoreUrl(), { 'content-type': 'text/csv', 'content-length': '1000000000' }))
  await send(caller, 'X,NOTE\n' + lines(0, 50))
  await until(model.running, running => running > 0 && model.asked.length > 1)
  caller.destroy()
  await workHasStopped(service, model)
  t.ok(model.asked.length <= 33, `${model.asked.length} of 50 rows were asked for: none after that`)
})

for (const megabytes of [2, 40]) {
  t.test(`a caller who leaves ${megabytes} MB behind, more than a silent model lets through, is noticed within seconds`, async t => {
    const model = silent(1)
    const service = await deployed(t, model)
    const caller = openSocket(service.url)
    await send(caller,
      head(service.scoreUrl(), { 'content-type': 'text/csv', 'content-length': '1000000000' }))
    caller.write('X,NOTE\n')
    for (let row = 0; row < megabytes * 100; row += 50) caller.write(lines(row, row + 50))
    await until(model.running, running => running > 0 && model.asked.length > 1)
    // its rows take no more: the upload is read on
    await until(async () => await gauge(service, 'scr_modelops_spool_bytes'), bytes => bytes > 0)
    caller.destroy()
    await workHasStopped(service, model)
  })
}

t.test('a caller who leaves while it waits ends the model\'s calls', async t => {
  const model = silent(1)
  const service = await deployed(t, model)
  const { headers, body } = fileForm('X\n1\n2\n3\n')
  const caller = openSocket(service.url)
  await send(caller,
    head(service.scoreUrl(), { ...headers, 'content-length': String(body.length) }))
  await send(caller, body)
  await until(model.running, running => running > 0 && model.asked.length > 1)
  caller.destroy()
  await workHasStopped(service, model)
})

t.test('what a caller who leaves had on disk is given back', async t => {
  const model = silent(Infinity)
  const service = await deployed(t, model)
  const caller = openSocket(service.url)
  await send(caller,
    head(service.scoreUrl(), { 'content-type': 'text/csv', 'content-length': '1000000000' }))
  await send(caller, 'X,NOTE\n' + lines(0, 500))
  await until(async () => await gauge(service, 'scr_modelops_spool_bytes'),
    bytes => bytes > 3_000_000)
  caller.destroy()
  await workHasStopped(service, model)
})

t.test('a caller who leaves while its model is being asked for its signature harms nobody', async t => {
  const { promise: asked, resolve: ask } = deferred()
  let answering = false
  const describing = silent(1)
  const service = await deployed(t, (request, response) => {
    if (request.method === 'GET' && !answering) return ask()
    describing.listener(request, response)
  })
  const { headers, body } = fileForm('X,NOTE\n' + lines(0, 100))
  const caller = openSocket(service.url)
  await send(caller,
    head(service.scoreUrl(), { ...headers, 'content-length': String(body.length) }))
  await send(caller, body.subarray(0, 500_000))
  await asked
  caller.destroy()
  answering = true
  const next = await fetch(service.scoreUrl('columns=outputs'), {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: 'X\n1\n'
  })
  t.equal(await next.text(), 'Y,_error\n1,\n')
})

t.test('an upload that stands still is 408', async t => {
  const service = await deployed(t, silent(), { env: { UPLOAD_IDLE_SECONDS: '1' } })
  const caller = openSocket(service.url)
  await send(caller,
    head(service.scoreUrl(), { 'content-type': 'text/csv', 'content-length': '1000000' }))
  await send(caller, 'X\n1\n')
  const { status, headers, body, whole } = await readAnswer(caller)
  caller.destroy()
  t.equal(status, 408)
  t.match(JSON.parse(body), {
    type: '/problems/upload-stalled',
    detail: 'the upload stood still for 1 s'
  })
  t.ok(whole)
  t.equal(headers['connection'], 'close')
})
