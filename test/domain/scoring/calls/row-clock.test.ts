import t from 'tap'
import { DomainError } from '../../../../src/domain/errors.js'
import { RowClock } from '../../../../src/domain/scoring/calls/row-clock.js'

const fired = async (signal: AbortSignal): Promise<unknown> =>
  await new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(signal.reason))
  })

t.test('a row whose time is over fires with model-timeout, and not before', async t => {
  const outer = new AbortController()
  const time = new RowClock(100, 'm').row(outer.signal)
  t.equal(time.msLeft, Infinity, 'it has not begun')
  const beganAt = performance.now()
  time.begin()
  const reason = await fired(time.signal)
  t.ok(performance.now() - beganAt >= 99)
  t.ok(reason instanceof DomainError && reason.fault === 'model-timeout')
  t.ok(time.msLeft <= 0)
})

t.test('rows that begin together share a signal, those that begin later have another', async t => {
  const outer = new AbortController()
  t.teardown(() => {
    outer.abort()
  })
  const clock = new RowClock(1_000, 'm')
  const begun = () => {
    const time = clock.row(outer.signal)
    time.begin()
    return time
  }
  const [first, second] = [begun(), begun()]
  t.equal(first.signal, second.signal)
  await new Promise(resolve => setTimeout(resolve, 60))
  const third = begun()
  t.not(third.signal, first.signal)
  first.end()
  t.notOk(second.signal.aborted, 'one of its rows is still running')
  second.end()
  t.ok(first.signal.aborted, 'its timer is gone')
  t.notOk(third.signal.aborted)
})

t.test('the signal given ends all rows, with its reason', async t => {
  const outer = new AbortController()
  const time = new RowClock(10_000, 'm').row(outer.signal)
  time.begin()
  outer.abort('left')
  t.equal(time.signal.reason, 'left')
})
