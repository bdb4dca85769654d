import t from 'tap'
import { DomainError, type Fault } from '../../../../src/domain/errors.js'
import {
  RetryBudget,
  retryDelayMs,
  withRetries,
  type CallTime
} from '../../../../src/domain/scoring/calls/retry.js'
import { failsWith, never } from '../support.js'

const table: ReadonlyArray<{ fault: Fault, safe: boolean, unsafe: boolean }> = [
  { fault: 'model-unreachable', safe: true, unsafe: true },
  { fault: 'model-overloaded', safe: true, unsafe: true },
  { fault: 'revision-not-found', safe: true, unsafe: true },
  { fault: 'model-cut-off', safe: true, unsafe: false },
  { fault: 'model-unavailable', safe: true, unsafe: false },
  { fault: 'model-timeout', safe: true, unsafe: false },
  { fault: 'row-refused', safe: false, unsafe: false },
  { fault: 'model-answer-invalid', safe: false, unsafe: false },
  { fault: 'caller-gone', safe: false, unsafe: false }
]
for (const { fault, safe, unsafe } of table) {
  t.test(`${fault} is ${safe ? unsafe ? 'always' : 'only if the model is retry-safe' : 'never'} repeated`, async t => {
    const error = new DomainError(fault, fault)
    t.equal(retryDelayMs(error, 1, true, 0) !== undefined, safe, 'retry-safe')
    t.equal(retryDelayMs(error, 1, false, 0) !== undefined, unsafe, 'not retry-safe')
  })
}

t.test('an error of another kind is never repeated', async t => {
  t.equal(retryDelayMs(new TypeError('bug'), 1, true, 0), undefined)
})

t.test('the delay doubles with each attempt up to five seconds, and has jitter of half', async t => {
  const error = new DomainError('model-unreachable', 'x')
  const delays = (random: number) =>
    [1, 2, 3, 4, 5, 6, 7, 8].map(attempt => retryDelayMs(error, attempt, false, random))
  t.same(delays(0), [50, 100, 200, 400, 800, 1_600, 2_500, 2_500])
  t.same(delays(1), [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
})

t.test('a request is patient once it has seen its model work', async t => {
  const budget = new RetryBudget()
  t.equal(budget.patienceMs, 6_000)
  budget.earn()
  t.equal(budget.patienceMs, 60_000)
})

t.test('a request may repeat a thousand calls, and one more for each that succeeded', async t => {
  const budget = new RetryBudget()
  const spend = (times: number) =>
    Array.from({ length: times }, () => budget.spend()).filter(Boolean).length
  t.equal(spend(999), 999)
  budget.earn()
  budget.earn()
  t.equal(spend(10), 3)
})

t.test('a call is not repeated when nothing is left to spend', async t => {
  const { seen, call } = failing(1, 'model-unreachable')
  const budget = new RetryBudget()
  while (budget.spend());
  await t.rejects(withRetries(call, { retrySafe: true, budget }, within(10_000)), {
    message: 'failure 1'
  })
  t.equal(seen.length, 1)
})

function within (msLeft: number, signal = never()): CallTime {
  return { signal, msLeft }
}

function failing (
  times: number,
  fault: Fault
): { readonly seen: string[], readonly call: (failure: unknown) => Promise<string> } {
  const seen: string[] = []
  return {
    seen,
    call: async failure => {
      seen.push(failure instanceof DomainError ? failure.message : 'first')
      if (seen.length <= times) throw new DomainError(fault, `failure ${seen.length}`)
      return 'scored'
    }
  }
}

t.test('a call is repeated until it succeeds, and is told the failure before', async t => {
  const { seen, call } = failing(2, 'model-unreachable')
  t.equal(await withRetries(call, { retrySafe: false, budget: new RetryBudget() }, within(10_000)),
    'scored')
  t.same(seen, ['first', 'failure 1', 'failure 2'])
})

t.test('a call that is not worth another attempt fails at once', async t => {
  const { seen, call } = failing(1, 'row-refused')
  const run = async () =>
    await withRetries(call, { retrySafe: true, budget: new RetryBudget() }, within(10_000))
  await failsWith(t, run, 'row-refused', /failure 1/)
  t.equal(seen.length, 1)
})

t.test('a delay that would pass the time-out is not begun', async t => {
  const { seen, call } = failing(9, 'model-unreachable')
  await t.rejects(withRetries(call, { retrySafe: true, budget: new RetryBudget() }, within(40)), {
    message: 'failure 1'
  })
  t.equal(seen.length, 1)
})

t.test('a signal that fires during a call ends it with the signal\'s reason', async t => {
  const stop = new AbortController()
  const reason = new DomainError('caller-gone', 'left')
  const call = async () => {
    stop.abort(reason)
    throw new DomainError('model-unreachable', 'x')
  }
  await t.rejects(
    withRetries(call, { retrySafe: true, budget: new RetryBudget() }, within(10_000, stop.signal)),
    reason
  )
})

t.test('a signal that fires during the delay ends it with the signal\'s reason', async t => {
  const stop = new AbortController()
  const reason = new DomainError('service-stopping', 'shutting down')
  const call = async () => {
    setImmediate(() => setImmediate(() => stop.abort(reason)))
    throw new DomainError('model-unreachable', 'x')
  }
  const limits = { retrySafe: true, budget: new RetryBudget() }
  const error: unknown = await withRetries(call, limits, within(10_000, stop.signal)).catch((
    error: unknown
  ) => error)
  t.equal(error, reason)
})
