import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { timeLimit } from '../../src/async/time-limit.js'

t.test('it fires after its time, also when garbage is collected meanwhile', async t => {
  // AbortSignal.any([outer, AbortSignal.timeout(ms)]) never fired here: on Node 20 the collection
  // took its timer away.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { signal } = timeLimit(new AbortController().signal, 50)
  const fired = once(signal, 'abort')
  collect()
  await fired
  t.match(signal.reason, { name: 'TimeoutError' })
})

t.test('it fires with the outer signal and its reason, before and during', async t => {
  const late = timeLimit(AbortSignal.abort('before'), 10_000)
  const outer = new AbortController()
  const limit = timeLimit(outer.signal, 10_000)
  t.teardown(() => {
    late.end()
    limit.end()
  }) // their timers would keep the process for 10 s
  t.equal(late.signal.reason, 'before')
  outer.abort('during')
  t.equal(limit.signal.reason, 'during')
})

t.test('its end fires for what still hangs on it, and later the outer signal changes nothing', async t => {
  const outer = new AbortController()
  const limit = timeLimit(outer.signal, 10_000)
  limit.end()
  outer.abort('late')
  t.match(limit.signal.reason, { name: 'AbortError' })
})
