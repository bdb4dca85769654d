import t from 'tap'
import { Scorings } from '../../../src/domain/scorings/scorings.js'
import { logProgress } from '../../../src/http/scoring/log-progress.js'
import { head, openSocket, readAnswer, send } from '../../support/caller.js'
import { deployed, gauge, until } from '../../support/model-program.js'
import { twoRevisions } from '../../support/two-revisions.js'
import { held, post, rowsOf, scoringWhen } from './support.js'

const OK = 'scr_modelops_rows_total{model="m",outcome="ok"}'
const FAILED = 'scr_modelops_rows_total{model="m",outcome="failed"}'
const UPLOADS = 'scr_modelops_uploads{model="m"}'

t.test('rows are in the metrics while their file goes on, and once', async t => {
  const { model, go } = held(10)
  const service = await deployed(t, model)
  const body = rowsOf(20).replace('\n5\n', '\nfive\n')
  const answering = post(service.scoreUrl(), body, { 'x-request-id': 'counted' })
  await scoringWhen(service.url, 'counted', ({ rowsScored }) => rowsScored === 9)
  t.same([await gauge(service, OK), await gauge(service, FAILED)], [9, 1])
  go()
  await (await answering).text()
  await until(async () => await gauge(service, OK), rows => rows === 19)
  t.equal(await gauge(service, FAILED), 1)
})

t.test('rows of a file that was broken off are in the metrics', async t => {
  const { model } = held(10)
  const service = await deployed(t, model)
  const answering = post(service.scoreUrl(), rowsOf(20), { 'x-request-id': 'broken' })
  await scoringWhen(service.url, 'broken', ({ rowsScored }) => rowsScored === 10)
  await fetch(`${service.url}/scorings/broken`, { method: 'DELETE' })
  await answering
  t.equal(await gauge(service, OK), 10)
})

t.test('a file that is coming is an upload of its model, one that has come is none', async t => {
  const { model, go } = held(2)
  const service = await deployed(t, model)
  const caller = openSocket(service.url)
  t.teardown(() => caller.destroy())
  const body = rowsOf(20)
  await send(caller, head(service.scoreUrl(), {
    'content-type': 'text/csv',
    'content-length': String(body.length),
    'x-request-id': 'coming'
  }))
  await send(caller, body.slice(0, 20))
  await scoringWhen(service.url, 'coming', ({ rowsScored }) => rowsScored === 2)
  t.equal(await gauge(service, UPLOADS), 1)
  go()
  await send(caller, body.slice(20))
  t.equal((await readAnswer(caller)).status, 200)
  await t.rejects(gauge(service, UPLOADS))
})

t.test('when the status could not be held, the counts are at the scoring\'s address', async t => {
  const { model, go } = held(10)
  const service = await deployed(t, model, { env: { HOLD_SECONDS: '0' } })
  const response = await post(service.scoreUrl(), rowsOf(20))
  t.equal(response.headers.get('scoring-rows'), null)
  go()
  await response.text()
  const id = response.headers.get('scoring-id') ?? ''
  const told = await scoringWhen(service.url, id, ({ state }) => state === 'finished')
  t.match(told, { rowsScored: 20, rowsFailed: 0, revisions: { 'm-00001': 20 } })
})

for (const format of ['json', 'csv']) {
  t.test(`a comparison is a scoring, and counts as it goes on (${format})`, async t => {
    const [{ model, go }, other] = [held(6), held(Infinity)]
    const service = await twoRevisions(t, model, other.model)
    const url = `${service.url}/models/m/compare?challenger=two&format=${format}`
    const answering = post(url, rowsOf(9), { 'x-request-id': 'compared' })
    const told = await scoringWhen(service.url, 'compared', ({ rowsScored }) => rowsScored === 6)
    t.match(told, { kind: 'compare', revisions: { 'm-00001': 6, 'm-00002': 6 } })
    go()
    const answer = await answering
    await answer.text()
    t.match(await scoringWhen(service.url, 'compared', ({ state }) => state === 'finished'),
      { rowsScored: 9, rowsFailed: 0 })
    t.equal(answer.headers.get('scoring-revisions'), 'm-00001=9, m-00002=9')
  })
}

t.test('the log says now and then how far a scoring is, until it ends', async t => {
  const scoring = new Scorings().begin({ id: 'a', kind: 'score', model: 'm', user: 'ann' })
  scoring.progress.counts = { rows: 7, failed: 1, revisions: new Map() }
  scoring.progress.rowsInAll = 14
  const lines: unknown[] = []
  logProgress(scoring, { info: (...line: unknown[]) => lines.push(line) }, 5)
  await until(() => lines.length, count => count >= 2)
  t.match(lines[0], [{
    scoring: 'a',
    user: 'ann',
    model: 'm',
    rows: 7,
    rowsFailed: 1,
    percent: 50
  }, 'score goes on'])
  scoring.finish()
  await scoring.ended
  const count = lines.length
  await until(() => performance.now(), (since => (now: number) => now - since > 50)(
    performance.now()))
  t.equal(lines.length, count)
})
