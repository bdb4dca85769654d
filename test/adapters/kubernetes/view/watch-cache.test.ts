import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { openConnection } from '../../../../src/adapters/kubernetes/api/connection.js'
import { buildKsvc } from '../../../../src/adapters/kubernetes/ksvc/ksvc-spec.js'
import type { Ksvc } from '../../../../src/adapters/kubernetes/api/kube-objects.js'
import {
  type WatchCache,
  openWatchCache
} from '../../../../src/adapters/kubernetes/view/watch-cache.js'
import { folder } from '../../../support/service.js'
import {
  KSVCS,
  NAMESPACE,
  QUICK,
  QUIET,
  type World,
  eventually,
  openWorld,
  spec
} from '../support.js'

async function openCache (t: Test, world: Pick<World, 'connection'>): Promise<WatchCache<Ksvc>> {
  const cache = openWatchCache<Ksvc>(world.connection, {
    path: KSVCS,
    modelOf: ({ metadata }) => metadata.name
  }, QUIET, QUICK)
  t.teardown(() => {
    cache.close()
  })
  await cache.synced
  return cache
}

async function create ({ connection, signal }: World, name: string): Promise<void> {
  await connection.send('POST', KSVCS, buildKsvc(name, NAMESPACE, spec(name)), signal)
}

async function remove ({ connection, signal }: World, name: string): Promise<void> {
  await connection.send('DELETE', `${KSVCS}/${name}`, undefined, signal)
}

const namesIn = (cache: WatchCache<Ksvc>) =>
  Array.from(cache.values(), ({ metadata }) => metadata.name).sort().join()

t.test('objects of before and after the list are there, and deleted ones go', async t => {
  const world = await openWorld(t)
  await create(world, 'before')
  const cache = await openCache(t, world)
  t.equal(namesIn(cache), 'before')
  await create(world, 'after')
  await eventually(() => namesIn(cache), names => names === 'after,before')
  await remove(world, 'before')
  await eventually(() => namesIn(cache), names => names === 'after')
})

t.test('an expired watch lists again, and finds what came and went in between', async t => {
  const world = await openWorld(t)
  await create(world, 'gone')
  const cache = await openCache(t, world)
  world.simulator.silenceWatches(true)
  await remove(world, 'gone')
  await create(world, 'new')
  world.simulator.silenceWatches(false)
  world.simulator.expireWatches()
  await eventually(() => namesIn(cache), names => names === 'new')
})

t.test('a watch that is cut goes on where it was', async t => {
  const world = await openWorld(t)
  const cache = await openCache(t, world)
  world.simulator.cutWatches()
  await create(world, 'one')
  await eventually(() => namesIn(cache), names => names === 'one')
})

t.test('the age grows while the API is silent, and shrinks when it speaks again', async t => {
  const world = await openWorld(t)
  const cache = await openCache(t, world)
  world.simulator.refuse({ verb: 'watch', status: 503 })
  world.simulator.cutWatches()
  await eventually(() => cache.ageMs(), age => age > 1_000)
  world.simulator.refuse()
  await eventually(() => cache.ageMs(), age => age < 500)
})

t.test('a listener hears of every object that changes, until it leaves', async t => {
  const world = await openWorld(t)
  const cache = await openCache(t, world)
  const heard = new Set<string>()
  const leave = cache.onChange(model => heard.add(model))
  await create(world, 'one')
  await eventually(() => heard.has('one'), is => is)
  leave()
  await create(world, 'two')
  await eventually(() => cache.get('two') !== undefined, is => is)
  t.notOk(heard.has('two'))
})

t.test('closing before the first list rejects with its reason, and ends the loop', async t => {
  const world = await openWorld(t)
  world.simulator.refuse({ status: 503 })
  const cache = openWatchCache<Ksvc>(world.connection, {
    path: KSVCS,
    modelOf: ({ metadata }) => metadata.name
  }, QUIET, QUICK)
  cache.close()
  await t.rejects(cache.synced, { message: 'the cache is closed' })
})

/** An API server that answers lists with nothing, and watches as the test says. */
async function openScripted (
  t: Test,
  watch: (response: http.ServerResponse, n: number, url: URL) => void
): Promise<Pick<World, 'connection'>> {
  let watches = 0
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://api')
    if (url.searchParams.get('watch') === 'true') return watch(response, ++watches, url)
    response.end(JSON.stringify({ items: [], metadata: { resourceVersion: '10' } }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const kubeconfigFile = path.join(await folder(t), 'kubeconfig')
  const { port } = server.address() as AddressInfo
  await writeFile(kubeconfigFile, JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x'
  }))
  const connection = await openConnection({ kubeconfigFile })
  t.teardown(async () => await connection.close())
  return { connection }
}

const added = (name: string, resourceVersion: string) =>
  JSON.stringify({
    type: 'ADDED',
    object: { ...buildKsvc(name, NAMESPACE, spec(name)), metadata: { name, resourceVersion } }
  })

t.test('a watch that says nothing, not even its end, is given up and begun again', async t => {
  const world = await openScripted(t, (response, n) => {
    response.flushHeaders()
    if (n > 1) response.write(added('late', '11') + '\n')
  })
  const cache = await openCache(t, world)
  await eventually(() => namesIn(cache), names => names === 'late', 4_000)
})

t.test('a line that is cut in its middle is not taken, and the next watch begins before it', async t => {
  const seen: Array<string | null> = []
  const line = added('whole', '12')
  const world = await openScripted(t, (response, n, url) => {
    seen.push(url.searchParams.get('resourceVersion'))
    response.write(
      JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '11' } } }) + '\n'
    )
    if (n === 1) response.write(line.slice(0, 40), () => response.destroy())
    else response.write(line + '\n')
  })
  const cache = await openCache(t, world)
  await eventually(() => namesIn(cache), names => names === 'whole')
  t.same(seen.slice(0, 2), ['10', '11'], 'the bookmark is where the second watch begins')
})

t.test('characters that a chunk cuts in two arrive whole', async t => {
  const object = { ...buildKsvc('m', NAMESPACE, spec('m', { description: 'größe' })) }
  const bytes = Buffer.from(
    JSON.stringify({
      type: 'ADDED',
      object: { ...object, metadata: { ...object.metadata, resourceVersion: '11' } }
    }) + '\n'
  )
  const cut = bytes.indexOf('ö') + 1
  const world = await openScripted(t, response => {
    response.write(bytes.subarray(0, cut),
      () => setImmediate(() => response.write(bytes.subarray(cut))))
  })
  const cache = await openCache(t, world)
  const found = await eventually(() => cache.get('m'), ksvc => ksvc !== undefined)
  t.equal(found?.metadata.annotations?.['scr-modelops/description'], 'größe')
})
