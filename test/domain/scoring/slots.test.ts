import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { deferred } from '../../../src/domain/deferred.js'
import { Slots } from '../../../src/domain/scoring/slots.js'
import { never } from './support.js'

t.test('there are never more in it than places, and all get their turn', async t => {
  const jobs = fc.array(fc.record({ turns: fc.nat(3), fails: fc.boolean(), leaves: fc.boolean() }), { maxLength: 20 })
  await t.resolves(fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), jobs, async (size, jobs) => {
    const slots = new Slots(size)
    let running = 0
    const stop = new AbortController()
    const run = async ({ turns, fails, leaves }: (typeof jobs)[number]) => await slots.run(leaves ? stop.signal : never(), async () => {
      assert.ok(++running <= size && slots.inUse <= size)
      for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
      running--
      stop.abort(new Error('left'))
      if (fails) throw new Error('failed')
    })
    const results = await Promise.allSettled(jobs.map(run))
    const wrong = results.filter(result => result.status === 'rejected' && !/^(failed|left)$/.test((result.reason as Error).message))
    assert.deepEqual([wrong, running, slots.inUse], [[], 0, 0])
  }), { numRuns: 200 }))
})

t.test('first come, first served', async t => {
  const slots = new Slots(1)
  const order: number[] = []
  await Promise.all([1, 2, 3, 4].map(async number => await slots.run(never(), async () => { order.push(number) })))
  t.same(order, [1, 2, 3, 4])
})

t.test('a waiter leaves when its signal fires, and the next one keeps its turn', async t => {
  const slots = new Slots(1)
  const first = deferred()
  const stop = new AbortController()
  const running = slots.run(never(), async () => await first.promise)
  const leaving = slots.run(stop.signal, async () => 'ran')
  const next = slots.run(never(), async () => 'ran')
  stop.abort(new Error('left'))
  await t.rejects(leaving, { message: 'left' })
  first.resolve()
  await running
  t.equal(await next, 'ran')
  t.equal(slots.inUse, 0)
})

t.test('a signal that fired before does not queue', async t => {
  const slots = new Slots(1)
  const first = deferred()
  const running = slots.run(never(), async () => await first.promise)
  await t.rejects(slots.run(AbortSignal.abort(new Error('left')), async () => 'ran'), { message: 'left' })
  first.resolve()
  await running
})

t.test('a failure gives the place back', async t => {
  const slots = new Slots(1)
  await t.rejects(slots.run(never(), async () => { throw new Error('failed') }), { message: 'failed' })
  t.equal(slots.inUse, 0)
  t.equal(await slots.run(never(), async () => 'ran'), 'ran')
})
