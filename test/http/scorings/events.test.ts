import t from 'tap'
import { deployed } from '../../support/model-program.js'
import { follow, held, post, rowsOf, scoringWhen } from './support.js'

t.test('events tell of progress every second and of the end, and then nothing more', async t => {
  const { model, go } = held(4)
  const service = await deployed(t, model)
  const answering = post(service.scoreUrl(), rowsOf(10), { 'x-request-id': 'followed' })
  await scoringWhen(service.url, 'followed', ({ rowsScored }) => rowsScored === 4)
  const seen: Array<[string, number]> = []
  const times: number[] = []
  for await (const { event, told } of follow(service.url, 'followed')) {
    seen.push([event, told.rowsScored])
    times.push(performance.now())
    if (seen.length === 4) go()
  }
  t.same(seen.slice(0, 4), Array.from({ length: 4 }, () => ['progress', 4]))
  t.same(seen.at(-1), ['end', 10])
  t.ok(times.slice(1, 4).every((time, index) => time - times[index]! < 1000), `${times}`)
  await (await answering).text()
})

t.test('who follows a scoring that has ended gets its end alone', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  await (await post(service.scoreUrl(), rowsOf(2), { 'x-request-id': 'over' })).text()
  await scoringWhen(service.url, 'over', ({ state }) => state === 'finished')
  const events: string[] = []
  for await (const { event } of follow(service.url, 'over')) events.push(event)
  t.same(events, ['end'])
})

t.test('a stopped scoring ends its events', async t => {
  const { model } = held(1)
  const service = await deployed(t, model)
  const answering = post(service.scoreUrl(), rowsOf(10), { 'x-request-id': 'cut' })
  await scoringWhen(service.url, 'cut')
  let last = ''
  for await (const { told: { state } } of follow(service.url, 'cut')) {
    if (last === '') await fetch(`${service.url}/scorings/cut`, { method: 'DELETE' })
    last = state
  }
  t.equal(last, 'stopped')
  t.equal((await answering).status, 409)
})

t.test('what is neither JSON nor events is 406', async t => {
  const { model } = held(0)
  const service = await deployed(t, model)
  const response = await fetch(`${service.url}/scorings/any`, { headers: { accept: 'text/html' } })
  t.equal(response.status, 406)
  t.match(await response.json(), { remedy: /text\/event-stream/ })
})

t.test('a service that stops ends what follows its scorings, so that it is asked elsewhere', async t => {
  const { model } = held(1)
  const service = await deployed(t, model, { env: { DRAIN_SECONDS: '1' } })
  const answering = post(service.scoreUrl(), rowsOf(10), { 'x-request-id': 'drained' })
  await scoringWhen(service.url, 'drained')
  const events: string[] = []
  let stopped: Promise<void> | undefined
  for await (const { event } of follow(service.url, 'drained')) {
    events.push(event)
    stopped ??= service.stop()
  }
  t.same(new Set(events), new Set(['progress']))
  t.equal((await answering).status, 503)
  await stopped
})
