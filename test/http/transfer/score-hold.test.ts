import t from 'tap'
import { deferred } from '../../../src/async/deferred.js'
import { fileForm, stubbornPost } from '../../support/caller.js'
import { answer, deployed, program, until, type Program } from '../../support/model-program.js'

const HOLD = { HOLD_SECONDS: '1' }

/** Answers the first row at once and the others as `later` does, once the test lets it. */
function slow (
  later: (row: number) => 'answer' | 'cut' | 'refuse'
): { model: Program, go: () => void } {
  const { promise: going, resolve: go } = deferred()
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    async score ({ row, index, request, response }) {
      if (index > 0) await going
      const what = index === 0 ? 'answer' : later(row['X'] as number)
      if (what === 'answer') return { Y: row['X'] }
      if (what === 'cut') request.socket.destroy()
      else {
        answer(response, 400, {
          errorCode: 1,
          message: 'not this one',
          details: [],
          httpStatusCode: 400
        })
      }
      return undefined
    }
  })
  return { model, go }
}

const csv = 'X\n1\n2\n3\n'
/** With fetch: its answer is there as soon as the head is. */
const post = async (url: string): Promise<Response> =>
  await fetch(url, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: csv })

t.test('after the hold the answer streams, without a length, and is whole', async t => {
  const { model, go } = slow(() => 'answer')
  const service = await deployed(t, model, { env: HOLD })
  const response = await post(service.scoreUrl())
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-length'), null)
  t.equal(response.headers.get('scoring-rows'), null, 'counts are not known yet')
  go()
  t.equal(await response.text(), 'X,Y,_error\n1,1,\n2,2,\n3,3,\n')
})

t.test('after the hold a refused row is told by _error', async t => {
  const { model, go } = slow(row => row === 2 ? 'refuse' : 'answer')
  const service = await deployed(t, model, { env: HOLD })
  const response = await post(service.scoreUrl())
  go()
  t.equal(await response.text(),
    'X,Y,_error\n1,1,\n2,,line 3: the model refused the row (400): not this one\n3,3,\n')
})

t.test('a failure after the hold breaks the connection: the answer never looks whole', async t => {
  const { model, go } = slow(() => 'cut')
  const service = await deployed(t, model, { env: HOLD, fields: { retrySafe: false } })
  const response = await post(service.scoreUrl())
  t.equal(response.status, 200)
  go()
  await t.rejects(response.text())
})

t.test('the same failure during the hold is a status', async t => {
  const { model, go } = slow(() => 'cut')
  go()
  const service = await deployed(t, model, { env: HOLD, fields: { retrySafe: false } })
  t.equal((await stubbornPost(service.scoreUrl(), fileForm(csv))).status, 502)
})

for (const onError of ['fail', 'skip']) {
  t.test(`with onError=${onError} the status is held beyond the hold, and the answer has its length and counts`, async t => {
    const { model, go } = slow(() => 'answer')
    const service = await deployed(t, model, { env: { HOLD_SECONDS: '0' } })
    const answering = stubbornPost(service.scoreUrl(`onError=${onError}&concurrency=1`),
      fileForm(csv))
    await model.called
    let answered = false
    void answering.then(() => {
      answered = true
    })
    // the first row's answer has come back by then
    await until(() => model.asked.length, asked => asked === 2)
    t.notOk(answered)
    go()
    const { status, headers, body } = await answering
    t.equal(status, 200)
    t.equal(body, 'X,Y\n1,1\n2,2\n3,3\n')
    t.match(headers, {
      'content-length': '16',
      'scoring-rows': '3',
      'scoring-failed': '0',
      'scoring-revisions': 'm-00001=3',
      'server-timing': /^total;dur=/
    })
  })
}
