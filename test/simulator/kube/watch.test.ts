import t from 'tap'
import { KSVCS, ksvc, startCluster, until, watch, type Cluster } from '../support.js'

const version = async (cluster: Cluster) =>
  (await cluster.api('GET', KSVCS)).body.metadata.resourceVersion
const label = async (cluster: Cluster, name: string, page: string) =>
  await cluster.api('PATCH', `${KSVCS}/${name}`, { metadata: { labels: { page } } }, {
    'content-type': 'application/merge-patch+json'
  })

t.test('a watch without a version begins with what is there, as ADDED', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  const { events } = await watch(t, cluster, `${KSVCS}?watch=1`)
  await until('ADDED', async () => events, ([first]) => first !== undefined)
  t.match(events[0], { type: 'ADDED', object: { metadata: { name: 'a' } } })
})

t.test('a watch from a listed version brings every later change in order', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  const from = await version(cluster)
  await cluster.create('b')
  const { events } = await watch(t, cluster, `${KSVCS}?watch=true&resourceVersion=${from}`)
  await cluster.ready('b')
  await cluster.api('DELETE', `${KSVCS}/b`)
  await until('DELETED', async () => events, events => events.at(-1)?.type === 'DELETED')
  const versions = events.map(({ object }) => Number(object.metadata.resourceVersion))
  t.strictSame(versions, [...versions].sort((a, b) => a - b))
  const types = events.filter(({ object }) => object.metadata.name === 'b').map(({ type }) => type)
  t.equal(types[0], 'ADDED')
  t.ok(types.slice(1, -1).every(type => type === 'MODIFIED'))
})

t.test('an object that leaves the selection comes as DELETED, and as ADDED when it returns', async t => {
  const cluster = await startCluster(t)
  await cluster.api('POST', KSVCS, {
    ...ksvc('a'),
    metadata: { name: 'a', labels: { page: 'yes' } }
  })
  await cluster.ready('a')
  const { events } = await watch(t, cluster,
    `${KSVCS}?watch=1&resourceVersion=${await version(cluster)}&labelSelector=page%3Dyes`)
  await label(cluster, 'a', 'no')
  await label(cluster, 'a', 'yes')
  await until('two events', async () => events, ({ length }) => length >= 2)
  t.strictSame(events.slice(0, 2).map(({ type }) => type), ['DELETED', 'ADDED'])
})

t.test('a version that is gone answers 200 with one ERROR event of 410, then ends', async t => {
  const cluster = await startCluster(t)
  const from = await version(cluster)
  await cluster.create('a')
  cluster.simulator.expireWatches()
  const { events, ended, status } = await watch(t, cluster,
    `${KSVCS}?watch=1&resourceVersion=${from}`)
  t.equal(await ended, 'end')
  t.equal(status, 200)
  t.match(events, [{
    type: 'ERROR',
    object: {
      kind: 'Status',
      reason: 'Expired',
      code: 410,
      message: /^too old resource version: \d+ \(\d+\)$/
    }
  }])
})

t.test('expiring ends open watches by an ERROR event; a new list and watch go on', async t => {
  const cluster = await startCluster(t)
  const open = await watch(t, cluster, `${KSVCS}?watch=1&resourceVersion=${await version(cluster)}`)
  cluster.simulator.expireWatches()
  t.equal(await open.ended, 'end')
  t.match(open.events, [{ type: 'ERROR', object: { code: 410 } }])
  const again = await watch(t, cluster,
    `${KSVCS}?watch=1&resourceVersion=${await version(cluster)}`)
  await cluster.create('a')
  await until('ADDED', async () => again.events, ([first]) => first?.type === 'ADDED')
})

t.test('timeoutSeconds ends a watch; a bookmark that holds nothing but a version comes before', async t => {
  const cluster = await startCluster(t)
  const from = await version(cluster)
  const { events, ended } = await watch(t, cluster,
    `${KSVCS}?watch=1&resourceVersion=${from}&timeoutSeconds=1&allowWatchBookmarks=true`)
  t.equal(await ended, 'end')
  t.strictSame(events, [{
    type: 'BOOKMARK',
    object: {
      kind: 'Service',
      apiVersion: 'serving.knative.dev/v1',
      metadata: { resourceVersion: from }
    }
  }])
})

t.test('while silent a watch stays open and brings nothing; afterwards it brings what was missed', async t => {
  const cluster = await startCluster(t)
  const { events } = await watch(t, cluster,
    `${KSVCS}?watch=1&resourceVersion=${await version(cluster)}`)
  cluster.simulator.silenceWatches(true)
  await cluster.create('a')
  await cluster.ready('a')
  t.strictSame(events, [])
  cluster.simulator.silenceWatches(false)
  await until('caught up', async () => events, events => events.length >= 4)
  t.equal(events[0]?.type, 'ADDED')
})

t.test('a cut watch breaks its connection', async t => {
  const cluster = await startCluster(t)
  const { ended } = await watch(t, cluster, `${KSVCS}?watch=1`)
  cluster.simulator.cutWatches()
  t.equal(await ended, 'broken')
})

t.test('a bad selector is 400 and a bad version 500 before the watch begins', async t => {
  const cluster = await startCluster(t)
  t.equal((await cluster.api('GET', `${KSVCS}?watch=1&labelSelector=a%20b`)).status, 400)
  t.match((await cluster.api('GET', `${KSVCS}?watch=1&resourceVersion=x`)).body, {
    code: 500,
    message: /^resourceVersion: Invalid value: "x"/
  })
})
