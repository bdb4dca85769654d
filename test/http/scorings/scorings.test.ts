import t from 'tap'
import { deployed, until } from '../../support/model-program.js'
import { stubbornPost } from '../../support/caller.js'
import { held, list, post, rowsOf, scoringWhen } from './support.js'

t.test('a running scoring tells how far it is, under the id that its caller gave', async t => {
  const { model, go } = held(40)
  const service = await deployed(t, model)
  const answering = post(service.scoreUrl(), rowsOf(100), { 'x-request-id': 'my-file.1' })
  const told = await scoringWhen(service.url, 'my-file.1', ({ rowsScored }) => rowsScored === 40)
  t.match(told, {
    id: 'my-file.1',
    kind: 'score',
    model: 'm',
    user: 'anonymous',
    state: 'running',
    bytesRead: rowsOf(100).length,
    rowsFailed: 0,
    revisions: { 'm-00001': 40 },
    expectedEnd: /Z$/
  })
  t.ok(told.rowsPerSecond > 0)
  t.ok(told.share! > 0.39 && told.share! < 0.41, `${told.share}`)
  t.ok(Date.parse(told.expectedEnd ?? '') > Date.parse(told.startedAt))
  go()
  await (await answering).text()
})

t.test('a finished scoring is kept with its outcome', async t => {
  const { model, go } = held(Infinity)
  go()
  const service = await deployed(t, model)
  const response = await post(service.scoreUrl(), 'X\n1\nnone\n3\n')
  const [id, text] = [response.headers.get('scoring-id') ?? '', await response.text()]
  t.match(text, /line 3, column X/)
  t.equal(id, response.headers.get('x-request-id'))
  const told = await scoringWhen(service.url, id, ({ state }) => state !== 'running')
  t.match(told, {
    state: 'finished',
    rowsRead: 3,
    rowsScored: 2,
    rowsFailed: 1,
    revisions: { 'm-00001': 2 },
    share: 1,
    endedAt: /Z$/
  })
  t.notOk('expectedEnd' in told || 'error' in told)
})

t.test('a scoring that fails says why', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  const response = await post(service.scoreUrl(), 'Z\n1\n')
  t.equal(response.status, 422)
  const told = await scoringWhen(service.url, response.headers.get('scoring-id') ?? '')
  t.match(told, {
    state: 'failed',
    error: { type: '/problems/columns-missing', detail: /X/, remedy: /add the named columns/ }
  })
})

t.test('a caller who leaves is why a scoring failed', async t => {
  const { model } = held(1)
  const service = await deployed(t, model)
  const leaving = new AbortController()
  const gone = fetch(service.scoreUrl(), {
    method: 'POST',
    headers: { 'content-type': 'text/csv', 'x-request-id': 'gone' },
    body: rowsOf(10),
    signal: leaving.signal
  })
  await scoringWhen(service.url, 'gone', ({ rowsScored }) => rowsScored === 1)
  leaving.abort()
  await t.rejects(gone)
  const told = await scoringWhen(service.url, 'gone', ({ state }) => state !== 'running')
  t.match(told, { state: 'failed', error: { type: '/problems/caller-gone' } })
})

t.test('an id that nobody has is 404, and says what is known', async t => {
  const { model } = held(0)
  const service = await deployed(t, model)
  for (const method of ['GET', 'DELETE']) {
    const response = await fetch(`${service.url}/scorings/nobody`, { method })
    t.equal(response.status, 404)
    t.match(await response.json(), {
      type: '/problems/scoring-not-found',
      detail: /there is no scoring nobody/,
      remedy: /GET \/scorings/
    })
  }
})

t.test('a second scoring under the id of a running one gets an id of its own', async t => {
  const { model, go } = held(1)
  const service = await deployed(t, model)
  const first = post(service.scoreUrl(), rowsOf(3), { 'x-request-id': 'same' })
  await scoringWhen(service.url, 'same')
  const second = post(service.scoreUrl(), rowsOf(5), { 'x-request-id': 'same' })
  await until(async () => (await list(service.url)).length, found => found === 2)
  go()
  const [one, other] = [await first, await second]
  await Promise.all([one.text(), other.text()])
  t.equal(one.headers.get('scoring-id'), 'same')
  t.equal(other.headers.get('x-request-id'), 'same')
  const id = other.headers.get('scoring-id') ?? ''
  t.not(id, 'same')
  t.equal((await scoringWhen(service.url, id, told => told.state === 'finished')).rowsScored, 5)
  t.equal((await scoringWhen(service.url, 'same')).rowsScored, 3)
})

t.test('an ended scoring gives its id to the next one', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  for (const rows of [2, 4]) {
    const response = await post(service.scoreUrl(), rowsOf(rows), { 'x-request-id': 'again' })
    await response.text()
    t.equal(response.headers.get('scoring-id'), 'again')
  }
  const found = await until(async () => await list(service.url), ([first]) =>
    first?.state === 'finished')
  t.same(found.map(({ id, rowsScored }) => [id, rowsScored]), [['again', 4]])
})

t.test('an id that no path can have is not taken', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  for (const given of ['..', '.', 'a/b', 'a b', 'x'.repeat(129)]) {
    const response = await post(service.scoreUrl(), rowsOf(1), { 'x-request-id': given })
    await response.text()
    t.match(response.headers.get('scoring-id'), /^[0-9a-f-]{36}$/, given)
  }
})

t.test('the list is by model and state, the newest first', async t => {
  const { model, go } = held(2)
  const service = await deployed(t, model)
  await (await post(service.scoreUrl(), rowsOf(1), { 'x-request-id': 'first' })).text()
  const running = post(service.scoreUrl(), rowsOf(9), { 'x-request-id': 'second' })
  await scoringWhen(service.url, 'second')
  const ids = async (query: string) => (await list(service.url, query)).map(({ id }) => id)
  t.same(await ids(''), ['second', 'first'])
  t.same(await ids('?state=running'), ['second'])
  t.same(await ids('?state=finished&model=m'), ['first'])
  t.same(await ids('?model=other'), [])
  t.equal((await fetch(`${service.url}/scorings?state=odd`)).status, 422)
  go()
  await (await running).text()
})

t.test('a single row as a JSON object is told by its answer alone', async t => {
  const { model } = held(Infinity)
  const service = await deployed(t, model)
  const response = await post(service.scoreUrl(), '{"data":{"X":1}}', {
    'content-type': 'application/json'
  })
  t.equal(await response.text(), '{"data":{"Y":1}}')
  t.same(await list(service.url), [])
})

t.test('of rows in JSON it is known how many there are', async t => {
  const { model, go } = held(1)
  const service = await deployed(t, model)
  const rows = JSON.stringify(Array.from({ length: 2000 }, (_, X) => ({ X })))
  const type = { 'content-type': 'application/json', 'x-request-id': 'json' }
  const answering = post(service.scoreUrl(), rows, type)
  const told = await scoringWhen(service.url, 'json', ({ rowsScored }) => rowsScored === 1)
  t.equal(told.share, 0.0005)
  go()
  await (await answering).text()
})

t.test('the share is that of rows, while a file is read ahead of them', async t => {
  const { model, go } = held(500)
  const service = await deployed(t, model)
  const note = 'n'.repeat(1000)
  const body = 'X,NOTE\n' + Array.from({ length: 5000 }, (_, row) => `${row},${note}\n`).join('')
  const answering = stubbornPost(service.scoreUrl(), {
    headers: { 'content-type': 'text/csv', 'x-request-id': 'long' },
    body
  })
  const { share = 0 } = await scoringWhen(service.url, 'long', ({ rowsScored }) =>
    rowsScored === 500)
  t.ok(share > 0.095 && share < 0.105, `${share}`)
  go()
  t.equal((await answering).headers['scoring-rows'], '5000')
})
