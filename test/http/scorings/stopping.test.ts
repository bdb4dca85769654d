import t from 'tap'
import { head, openSocket, readAnswer, send, stubbornPost } from '../../support/caller.js'
import { deployed, gauge, until } from '../../support/model-program.js'
import { held, post, rowsOf, scoringWhen, type Told } from './support.js'

async function stop (url: string, id: string): Promise<{ status: number; told: Told }> {
  const response = await fetch(`${url}/scorings/${id}`, { method: 'DELETE' })
  return { status: response.status, told: await response.json() as Told }
}

t.test('a scoring that is stopped while its status is held is a problem', async t => {
  const { model } = held(3)
  const service = await deployed(t, model)
  const answering = stubbornPost(service.scoreUrl(), {
    headers: { 'content-type': 'text/csv', 'x-request-id': 'stop-me' },
    body: rowsOf(20)
  })
  await scoringWhen(service.url, 'stop-me', ({ rowsScored }) => rowsScored === 3)
  const { status, told } = await stop(service.url, 'stop-me')
  t.equal(status, 200)
  t.match(told, { state: 'stopped', rowsScored: 3, endedAt: /Z$/ })
  const answer = await answering
  t.equal(answer.status, 409)
  t.match(JSON.parse(answer.body), {
    type: '/problems/scoring-stopped',
    detail: 'the scoring stop-me was stopped by "anonymous"',
    remedy: /send the file again/
  })
  await until(model.running, running => running === 0)
  t.equal(await gauge(service, 'scr_modelops_rows_in_flight'), 0)
})

t.test('a scoring that is stopped when its answer has begun never looks whole', async t => {
  const { model } = held(3)
  const service = await deployed(t, model, { env: { HOLD_SECONDS: '0' } })
  const response = await post(service.scoreUrl(), rowsOf(20))
  t.equal(response.status, 200)
  const id = response.headers.get('scoring-id') ?? ''
  t.equal((await stop(service.url, id)).told.state, 'stopped')
  await t.rejects(response.text())
})

t.test('a scoring is stopped while its file is still coming', async t => {
  const { model } = held(3)
  const service = await deployed(t, model)
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  const body = rowsOf(50)
  await send(caller, head(service.scoreUrl(), {
    'content-type': 'text/csv',
    'content-length': String(body.length),
    'x-request-id': 'coming'
  }))
  await send(caller, body.slice(0, 100))
  await scoringWhen(service.url, 'coming', ({ rowsScored }) => rowsScored === 3)
  t.equal((await stop(service.url, 'coming')).told.state, 'stopped')
  await until(model.running, running => running === 0)
  await send(caller, body.slice(100))
  const { status, whole } = await readAnswer(caller)
  t.same([status, whole], [409, true], 'its caller sees why, after it has written all')
})

t.test('stopping a scoring that has ended changes nothing', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  const response = await post(service.scoreUrl(), rowsOf(2))
  await response.text()
  const id = response.headers.get('scoring-id') ?? ''
  await scoringWhen(service.url, id, ({ state }) => state === 'finished')
  const { status, told } = await stop(service.url, id)
  t.same([status, told.state, told.rowsScored], [200, 'finished', 2])
})
