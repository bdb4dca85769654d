import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { deferred } from '../../../src/async/deferred.js'
import { Pools } from '../../../src/adapters/scr/pools.js'

/** Longer than connections are kept. */
const PAUSE_MS = 5_500

t.test('a call after a pause is answered, although every connection that the pool may have is too old', async t => {
  const { promise: all, resolve: allAreHere } = deferred()
  let here = 0
  const server = http.createServer((_request, response) => {
    if (++here === 4) allAreHere()
    void all.then(() => response.end('{}'))
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const pools = new Pools({ connections: 4 })
  t.teardown(async () => await pools.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const call = async () =>
    await pools.call(url, { path: '/', method: 'POST', body: '{}', limitMs: 10_000 },
      AbortSignal.timeout(15_000))

  await Promise.all(Array.from({ length: 4 }, call)) // as many connections
  await sleep(PAUSE_MS)
  t.equal((await call()).status, 200)
})
