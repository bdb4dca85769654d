import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { deferred, type Deferred } from '../../src/async/deferred.js'
import { orderedMap } from '../../src/async/ordered-map.js'
import { all, flat, never } from '../domain/scoring/support.js'

const window = (size: number, maxWeight = Infinity) => ({
  size: () => size,
  maxWeight,
  weightOf: () => 1
})

async function * numbers (
  count: number,
  seen = { read: 0, closed: false }
): AsyncGenerator<readonly number[], void, undefined> {
  try {
    for (let item = 0; item < count; item++) {
      seen.read++
      yield [item]
    }
  } finally {
    seen.closed = true
  }
}

async function turns (count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

t.test('results come in the order of their items, whatever finishes first', async t => {
  await t.resolves(
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 40 }), fc.integer({ min: 1, max: 9 }),
        async (delays, size) => {
          const results = orderedMap(numbers(delays.length), window(size), async item => {
            await turns(delays[item]!)
            return item
          }, never())
          assert.deepEqual(await flat(results), [...delays.keys()])
        }),
      { numRuns: 60 }
    )
  )
})

t.test('no more items are read than have room for their results', async t => {
  const seen = { read: 0, closed: false }
  const results = orderedMap(numbers(1_000, seen), window(8), async item => item, never())
  for (let taken = 0; taken < 40;) {
    taken += (await results.next()).value?.length ?? Infinity
    await turns(5)
    t.ok(seen.read <= taken + 8 + 1, `${seen.read} read for ${taken} taken`)
  }
  await results.return()
})

t.test('a slow first item holds the window, not the memory', async t => {
  const seen = { read: 0, closed: false }
  const first = deferred()
  const results = orderedMap(numbers(1_000, seen), window(8), async item => {
    if (item === 0) await first.promise
  }, never())
  const taken = results.next()
  await turns(20)
  t.ok(seen.read <= 8 + 1, `${seen.read} read`)
  first.resolve()
  await taken
  await results.return()
})

t.test('the first failure in order ends it, the others are told by their signal, and the source is closed', async t => {
  const seen = { read: 0, closed: false }
  const told: Array<Deferred<unknown>> = []
  const results = orderedMap(numbers(1_000, seen), window(4), async (item, signal) => {
    if (item === 1) {
      await turns(10)
      throw new Error('row 1')
    }
    if (item === 0) return item
    const stopped = deferred<unknown>()
    told.push(stopped)
    signal.addEventListener('abort', () => stopped.resolve(signal.reason))
    await stopped.promise
    return item
  }, never())
  await t.rejects(all(results), { message: 'row 1' })
  t.ok(told.length > 0)
  for (const stopped of told) t.type(await stopped.promise, Error)
  await turns(5)
  t.equal(seen.closed, true)
})

t.test('what the source fails with comes after the results before it', async t => {
  const source = (async function * () {
    yield [1]
    yield [2]
    throw new Error('source')
  })()
  const found: number[] = []
  await t.rejects(async () => {
    const results = orderedMap(source, window(8), async item => item, never())
    for await (const items of results) found.push(...items)
  }, { message: 'source' })
  t.same(found, [1, 2])
})

t.test('a reader that leaves closes the source and stops the calls', async t => {
  const seen = { read: 0, closed: false }
  const stopped = deferred()
  const results = orderedMap(numbers(1_000, seen), window(4), async (item, signal) => {
    if (item > 0) signal.addEventListener('abort', () => stopped.resolve(), { once: true })
    return item
  }, never())
  await results.next()
  await results.return()
  await stopped.promise
  await turns(5)
  t.equal(seen.closed, true)
})

t.test('a signal that fired before lets no call begin', async t => {
  let calls = 0
  await t.rejects(all(orderedMap(numbers(5), window(2), async () => {
    calls++
  }, AbortSignal.abort(new Error('left')))), { message: 'left' })
  t.equal(calls, 0)
})

t.test('a signal that fires while calls run ends it with its reason', async t => {
  const stop = new AbortController()
  const begun = deferred()
  const results = all(orderedMap(numbers(5), window(2), async (_item, signal) => {
    const stopped = deferred()
    signal.addEventListener('abort', () => stopped.reject(signal.reason), { once: true })
    begun.resolve()
    await stopped.promise
  }, stop.signal))
  await begun.promise
  stop.abort(new Error('left'))
  await t.rejects(results, { message: 'left' })
})

t.test('heavy items hold the window as many do', async t => {
  const seen = { read: 0, closed: false }
  const first = deferred()
  const heavy = { size: () => 100, maxWeight: 10, weightOf: () => 4 }
  const results = orderedMap(numbers(1_000, seen), heavy, async item => {
    if (item === 0) await first.promise
  }, never())
  const taken = results.next()
  await turns(20)
  t.ok(seen.read <= 3 + 1, `${seen.read} read`)
  first.resolve()
  await taken
  await results.return()
})

t.test('a window that grows takes more items in without waiting for the first result', async t => {
  const [first, second] = [deferred(), deferred()]
  let begun = 0
  const results = orderedMap(numbers(10), {
    size: () => begun === 0 ? 2 : 4,
    maxWeight: Infinity,
    weightOf: () => 1
  }, async item => {
    begun++
    await (item === 0 ? first : second).promise
  }, never())
  const taken = results.next()
  await turns(5)
  second.resolve()
  await turns(5)
  t.equal(begun, 4)
  first.resolve()
  await taken
  await results.return()
})
