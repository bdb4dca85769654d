import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { deferred, type Deferred } from '../../../../src/async/deferred.js'
import { DomainError } from '../../../../src/domain/errors.js'
import { Admission, type AdmittedRequest } from '../../../../src/domain/scoring/calls/admission.js'
import type { ScoringTarget } from '../../../../src/domain/scoring/scorer/scorer.js'
import { failsWith, never } from '../support.js'

function target (key = 'r', given: Partial<ScoringTarget> = {}): ScoringTarget {
  const limits = { timeoutSeconds: 300, containerConcurrency: 0, rowsPerPod: 10, replicas: 1 }
  return {
    model: 'm',
    revision: key,
    key,
    url: `http://${key}`,
    appPaths: ['m'],
    ...limits,
    ...given
  }
}

/** Lets the revision's limit grow to at least this. */
async function warmedUp (admission: Admission, at: ScoringTarget, rows: number): Promise<void> {
  const request = admission.enter()
  while (admission.limitOf(at).rows < rows) {
    const row = async () =>
      await request.run(at, async () => {
        await new Promise(resolve => setImmediate(resolve))
      }, never())
    await Promise.all(Array.from({ length: 2 * rows }, row))
  }
  request.leave()
}

t.test('there are never more rows in flight than the capacity or the request allows, and all get their turn', async t => {
  const rows = fc.array(
    fc.record({
      request: fc.nat(2),
      key: fc.constantFrom('a', 'b'),
      turns: fc.nat(3),
      fails: fc.boolean(),
      leaves: fc.boolean()
    }),
    { maxLength: 40 }
  )
  await t.resolves(
    fc.assert(fc.asyncProperty(fc.integer({ min: 3, max: 6 }), rows, async (capacity, rows) => {
      const admission = new Admission(capacity)
      const most = [Infinity, 2, 1]
      const requests = most.map(concurrency => admission.enter(concurrency))
      const running = new Map<AdmittedRequest, number>(requests.map(request => [request, 0]))
      const targets = { a: target('a'), b: target('b') }
      const stop = new AbortController()
      const results = await Promise.allSettled(
        rows.map(async ({ request: index, key, turns, fails, leaves }) => {
          const request = requests[index]!
          await request.run(targets[key as 'a' | 'b'], async () => {
            running.set(request, running.get(request)! + 1)
            assert.ok(admission.inFlight <= capacity && running.get(request)! <= most[index]!)
            for (let turn = 0; turn < turns; turn++) {
              await new Promise(resolve => setImmediate(resolve))
            }
            running.set(request, running.get(request)! - 1)
            stop.abort(new Error('left'))
            if (fails) { throw new Error('failed') }
          }, leaves ? stop.signal : never())
        })
      )
      const wrong = results.filter(result =>
        result.status === 'rejected' && !/^(failed|left)$/.test((result.reason as Error).message)
      )
      assert.deepEqual([wrong, admission.inFlight, [...running.values()]], [[], 0, [0, 0, 0]])
    }), { numRuns: 200 })
  )
})

t.test('a request with many rows does not hold up one with a few', async t => {
  const admission = new Admission(4)
  const at = target()
  await warmedUp(admission, at, 4)
  const [large, small] = [admission.enter(), admission.enter()]
  const order: string[] = []
  const row = async (request: AdmittedRequest, name: string) =>
    await request.run(at, async () => {
      order.push(name)
      await new Promise(resolve => setImmediate(resolve))
    }, never())
  await Promise.all([...Array.from({ length: 200 }, async () => await row(large, 'large')),
    ...Array.from({ length: 10 }, async () => await row(small, 'small'))])
  t.ok(order.lastIndexOf('small') < 40,
    `the last small row was number ${order.lastIndexOf('small')} of 210`)
})

t.test('a revision that is overloaded does not hold up the rows of another', async t => {
  const admission = new Admission(8)
  const [stuck, well] = [target('stuck'), target('well')]
  const request = admission.enter()
  const held: Array<Deferred<void>> = []
  const waiting = Array.from({ length: 20 }, async () =>
    await request.run(stuck, async () => {
      const hold = deferred()
      held.push(hold)
      await hold.promise
    }, never()))
  const other = admission.enter()
  await Promise.all(
    Array.from({ length: 20 }, async () => await other.run(well, async () => {}, never()))
  )
  t.equal(held.length, 1, 'a revision not heard of yet gets one row')
  for (let freed = 0; freed < 20; freed++) {
    while (held[freed] === undefined) await new Promise(resolve => setImmediate(resolve))
    held[freed]!.resolve()
  }
  await Promise.all(waiting)
  t.equal(admission.inFlight, 0)
})

t.test('overload halves what a revision gets', async t => {
  const admission = new Admission(100)
  const at = target()
  await warmedUp(admission, at, 16)
  const before = admission.limitOf(at).rows
  await admission.enter().run(at, async () => {
    throw new DomainError('model-overloaded', 'queue full')
  }, never()).catch(() => {})
  t.equal(admission.limitOf(at).rows, Math.floor(before / 2))
})

t.test('a row that a model refuses is an answer, not an overload', async t => {
  const admission = new Admission(100)
  const at = target()
  await warmedUp(admission, at, 16)
  const before = admission.limitOf(at).rows
  await admission.enter().run(at, async () => {
    throw new DomainError('row-refused', 'no')
  }, never()).catch(() => {})
  t.equal(admission.limitOf(at).rows, before)
})

t.test('a row that waits leaves when its signal fires, and the next one keeps its turn', async t => {
  const request = new Admission(1).enter()
  const [at, first, stop] = [target(), deferred(), new AbortController()]
  const running = request.run(at, async () => await first.promise, never())
  const leaving = request.run(at, async () => 'ran', stop.signal)
  const next = request.run(at, async () => 'ran', never())
  stop.abort(new Error('left'))
  await t.rejects(leaving, { message: 'left' })
  first.resolve()
  await running
  t.equal(await next, 'ran')
})

t.test('more requests than rows may be in flight are refused, until one leaves', async t => {
  const admission = new Admission(2)
  const first = admission.enter()
  admission.enter()
  await failsWith(t, () => admission.enter(), 'service-busy', /2 requests/)
  first.leave()
  first.leave()
  admission.enter()
  await failsWith(t, () => admission.enter(), 'service-busy', /2 requests/)
})

t.test('the first row of a model that slept is told as a cold start, the others are not', async t => {
  const woken: string[] = []
  const request = new Admission(10, ({ key }) => {
    woken.push(key)
  }).enter()
  for (const at of [target('asleep', { replicas: 0 }), target('awake')]) {
    for (let row = 0; row < 3; row++) await request.run(at, async () => {}, never())
  }
  t.same(woken, ['asleep'])
})
