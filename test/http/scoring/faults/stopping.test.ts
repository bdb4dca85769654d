import t from 'tap'
import { deferred } from '../../../../src/async/deferred.js'
import { fileForm, stubbornPost } from '../../../support/caller.js'
import { formulaModel, hasRightRows, keyedRows } from '../../../support/data/formula.js'
import { deployed, until } from '../../../support/model-program.js'

// What SIGTERM begins, in this process; process.test.ts sends the signal itself to a process of its
// own.

const ROWS = 600

t.test('a service told to stop in the middle of a file finishes it: every row, once, in its place and right', async t => {
  const { promise: stopping, resolve: go } = deferred()
  const model = formulaModel(async ({ index }) => {
    if (index > 100) await stopping
    return undefined
  })
  const service = await deployed(t, model, { env: { DRAIN_SECONDS: '30' } })
  const csv = await keyedRows(ROWS)
  const answering = stubbornPost(service.scoreUrl(), fileForm(csv))
  await until(() => model.asked.length, asked => asked > 100)
  const stopped = service.stop()
  await until(async () => (await fetch(`${service.url}/readyz`)).status, status => status === 503)
  go()
  hasRightRows(t, csv, await answering)
  await stopped
})

t.test('a file that is not done within the grace time is 503 with the remedy, while its status is held', async t => {
  const model = formulaModel(({ index }) => index > 100 ? 'done' : undefined)
  const service = await deployed(t, model, { env: { DRAIN_SECONDS: '1' } })
  const answering = stubbornPost(service.scoreUrl(), fileForm(await keyedRows(ROWS)))
  await until(() => model.asked.length, asked => asked > 100)
  const stopped = service.stop()
  const { status, body } = await answering
  t.equal(status, 503)
  t.match(JSON.parse(body), {
    type: '/problems/service-stopping',
    remedy: /send the request again/
  })
  await stopped
})

t.test('a file that is not done within the grace time breaks off, once its answer streams', async t => {
  const model = formulaModel(({ index }) => index > 0 ? 'done' : undefined)
  const service = await deployed(t, model, { env: { DRAIN_SECONDS: '1', HOLD_SECONDS: '0' } })
  const response = await fetch(service.scoreUrl(), {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: await keyedRows(12)
  }) // so few that the upload's end is read
  t.equal(response.status, 200)
  const stopped = service.stop()
  await t.rejects(response.text())
  await stopped
})
