import t from 'tap'
import { deferred } from '../../../../src/async/deferred.js'
import { answer, deployed, program, until, type Program } from '../../../support/model-program.js'

interface Problem {
  readonly type: string
  readonly detail: string
}

const types = { inputs: { X: 'number' }, outputs: { Y: 'number' } } as const
const twice = (): Program =>
  program({ ...types, score: ({ row }) => ({ Y: 2 * Number(row['X']) }) })
const csv = (rows: number): string =>
  'X\n' + Array.from({ length: rows }, (_, row) => `${row}\n`).join('')
const scores = (rows: number): string =>
  'Y,_error\n' + Array.from({ length: rows }, (_, row) => `${2 * row},\n`).join('')

async function post (
  url: string,
  body: string
): Promise<{ readonly status: number, readonly text: string, readonly headers: Headers }> {
  const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/csv' }, body })
  return { status: reply.status, text: await reply.text(), headers: reply.headers }
}

t.test('a model is asked for one row first, then for more and more at the same time', async t => {
  const running: number[] = []
  const model = program({
    ...types,
    async score ({ row }) {
      running.push(model.running())
      await new Promise(resolve => setTimeout(resolve, 2))
      return { Y: 2 * Number(row['X']) }
    }
  })
  const service = await deployed(t, model)
  t.equal((await post(service.scoreUrl('columns=outputs'), csv(2_000))).text, scores(2_000))
  t.equal(running[0], 1)
  t.ok(Math.max(...running) >= 8, `at most ${Math.max(...running)} at the same time`)
})

t.test('concurrency= limits the rows in flight', async t => {
  const model = program({
    ...types,
    async score ({ row }) {
      await new Promise(resolve => setImmediate(resolve))
      return { Y: 2 * Number(row['X']) }
    }
  })
  const service = await deployed(t, model)
  t.equal((await post(service.scoreUrl('columns=outputs&concurrency=3'), csv(300))).text,
    scores(300))
  t.ok(model.mostRunning() <= 3, `${model.mostRunning()} at the same time`)
})

t.test('a file of many rows does not hold up a call with a few', async t => {
  const [large, few] = [deferred(), deferred()]
  let asked = 0
  const model = program({
    ...types,
    async score ({ row }) {
      if (++asked > 500) large.resolve()
      await new Promise(resolve => setImmediate(resolve))
      return { Y: 2 * Number(row['X']) }
    }
  })
  const service = await deployed(t, model)
  const job = post(service.scoreUrl('columns=outputs'), csv(6_000)).finally(() => few.resolve())
  await large.promise
  const before = asked
  t.equal((await post(service.scoreUrl('columns=outputs'), csv(10))).text, scores(10))
  t.ok(asked - before < 2_000, `${asked - before} rows were asked for meanwhile`)
  t.equal((await job).text, scores(6_000))
})

t.test('more requests than rows may be in flight are 429 with Retry-After, and the next one is taken again', async t => {
  const held: Array<() => void> = []
  const model = program({
    ...types,
    score ({ response, row }) {
      held.push(() => answer(response, 200, { data: { Y: 2 * Number(row['X']) } }))
      return undefined
    }
  })
  const service = await deployed(t, model, { env: { MAX_CONCURRENCY: '2' } })
  const first = [post(service.scoreUrl(), csv(1)), post(service.scoreUrl(), csv(1))]
  await until(() => held.length, count => count > 0)
  const { status, text, headers } = await post(service.scoreUrl(), csv(1))
  t.equal(status, 429)
  t.equal(headers.get('retry-after'), '5')
  t.match(JSON.parse(text) as Problem, { type: '/problems/service-busy', detail: /2 requests/ })
  let answered = 0
  for (const one of first) {
    void one.finally(() => {
      answered++
    })
  }
  await until(() => {
    held.shift()?.()
    return answered
  }, count => count === 2)
  t.same((await Promise.all(first)).map(({ status }) => status), [200, 200])
  const next = post(service.scoreUrl(), csv(1))
  await until(() => held.length, count => count > 0)
  held.shift()!()
  t.equal((await next).status, 200)
})

t.test('rows that are not scored within timeout= seconds end the request with 504', async t => {
  const service = await deployed(t, program({ ...types, score: () => undefined }))
  const { status, text } = await post(service.scoreUrl('timeout=1'), csv(5))
  t.equal(status, 504)
  t.match(JSON.parse(text) as Problem, {
    type: '/problems/deadline-passed',
    detail: 'the rows were not scored within timeout=1 seconds'
  })
})

t.test('a model that is overloaded gets fewer rows at the same time, and none is lost', async t => {
  const model = program({
    ...types,
    async score ({ response, row }) {
      if (model.running() > 8) { return answer(response, 503, 'pending request queue full\n') as undefined }
      await new Promise(resolve => setTimeout(resolve, 1))
      return { Y: 2 * Number(row['X']) }
    }
  })
  const service = await deployed(t, model)
  t.equal((await post(service.scoreUrl('columns=outputs'), csv(600))).text, scores(600))
})

t.test('the first row of a model that slept is counted as a cold start', async t => {
  const service = await deployed(t, twice(), {
    timing: { windowMs: 100, graceMs: 50, drainMs: 50 }
  })
  const pods = async () =>
    (await (await fetch(`${service.url}/models/m`)).json() as { status: { replicas: number } })
      .status.replicas
  await post(service.scoreUrl(), csv(3))
  const before = await coldStarts(service)
  await until(pods, replicas => replicas === 0)
  t.equal((await post(service.scoreUrl('columns=outputs'), csv(3))).text, scores(3))
  t.equal(await coldStarts(service) - before, 1)
})

async function coldStarts ({ url }: { readonly url: string }): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^scr_modelops_cold_start_seconds_count\{.*\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
}
