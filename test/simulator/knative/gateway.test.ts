import type http from 'node:http'
import t from 'tap'
import {
  CORE,
  KSVCS,
  NAMESPACE,
  REVISIONS,
  startCluster,
  until,
  V1,
  V2,
  type Cluster
} from '../support.js'

/** Champion v1 and challenger v2, both ready. */
async function blueGreen (cluster: Cluster, percents: [number, number]) {
  await cluster.create('a', { image: V1 })
  await cluster.ready('a')
  await cluster.change('a', read => {
    read.spec.template.spec.containers = [{ image: V2 }]
    read.spec.traffic = [
      { revisionName: 'a-00001', percent: percents[0], tag: 'champion' },
      { revisionName: 'a-00002', percent: percents[1], tag: 'challenger' }
    ]
  })
  await cluster.ready('a')
}

t.test('a model answers under its outer and inner name, in any case, with any port', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  for (
    const host of ['a', `A.${NAMESPACE}.scr.test`, `a.${NAMESPACE}.scr.test:18080`,
      `a.${NAMESPACE}.svc.cluster.local`, `a-00001.${NAMESPACE}.svc.cluster.local:80`]
  ) {
    t.match(await cluster.score(host), { status: 200, text: 'v1' }, host)
  }
})

t.test('an unknown host is an empty 404 that closes the connection', async t => {
  const cluster = await startCluster(t)
  for (
    const host of ['nosuch', 'nosuch.example', '127.0.0.1',
      `nosuch-00001.${NAMESPACE}.svc.cluster.local`]
  ) {
    t.match(await cluster.score(host), {
      status: 404,
      text: '',
      headers: { server: 'envoy', connection: 'close', 'content-length': '0' }
    }, host)
  }
})

t.test('requests are spread by percent, and a tag goes to its revision', async t => {
  const cluster = await startCluster(t)
  await blueGreen(cluster, [75, 25])
  const answers = await Promise.all(
    Array.from({ length: 400 }, async () => (await cluster.score('a')).text)
  )
  const champion = answers.filter(text => text === 'v1').length
  t.ok(champion > 240 && champion < 360, `${champion} of 400 went to 75 %`)
  t.equal((await cluster.score('challenger-a')).text, 'v2')
  t.equal((await cluster.score('champion-a')).text, 'v1')
})

t.test('a challenger at 0 % gets nothing but what its tag brings', async t => {
  const cluster = await startCluster(t)
  await blueGreen(cluster, [100, 0])
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => (await cluster.score('a')).text)
  )
  t.ok(answers.every(text => text === 'v1'))
  t.equal((await cluster.score('challenger-a')).text, 'v2')
})

t.test('deleting a routed revision takes the whole host down; spec and status go on naming it', async t => {
  const cluster = await startCluster(t)
  await blueGreen(cluster, [25, 75])
  t.equal((await cluster.api('DELETE', `${REVISIONS}/a-00001`)).status, 200)
  const { status } = await until('RevisionMissing', () => cluster.ksvc('a'),
    ({ status }) =>
      status.conditions?.some(({ message }) =>
        message === 'Revision "a-00001" referenced in traffic not found.'
      ) ?? false)
  t.match(status.traffic, [{ revisionName: 'a-00001' }, { revisionName: 'a-00002' }])
  t.equal((await cluster.score('a')).status, 404)
})

t.test('a deleted latest revision is made again with the same name and another uid', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  const before = (await cluster.api('GET', `${REVISIONS}/a-00001`)).body.metadata.uid
  await cluster.api('DELETE', `${REVISIONS}/a-00001`)
  const again = await until('there again', () => cluster.api('GET', `${REVISIONS}/a-00001`),
    ({ status }) => status === 200)
  t.not(again.body.metadata.uid, before)
})

t.test('traffic on an unknown revision is accepted and changes nothing for callers', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  t.equal((await cluster.change('a', read => {
    read.spec.traffic = [{ revisionName: 'a-00077', percent: 100 }]
  })).status, 200)
  await until('RevisionMissing', () => cluster.ksvc('a'),
    ({ status }) =>
      status.conditions?.some(({ status, reason }) =>
        status === 'False' && reason === 'RevisionMissing'
      ) ?? false)
  t.equal((await cluster.score('a')).text, 'v1')
})

t.test('traffic may go to another model\'s revision', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a', { image: V1 })
  await cluster.create('b', { image: V2 })
  await cluster.ready('a')
  await cluster.ready('b')
  await cluster.change('a', read => {
    read.spec.traffic = [{ revisionName: 'b-00001', percent: 100 }]
  })
  await cluster.ready('a')
  t.equal((await cluster.score('a')).text, 'v2')
})

t.test('a container that cuts its connection is 502 EOF; an answer that had begun ends without its end', async t => {
  const CUT = 'dev.local/cut:1'
  const cut: http.RequestListener = (request, response) => {
    request.resume().on('end', () => {
      if (request.url === '/late') response.write('{"row":0}\n', () => response.destroy())
      else response.destroy()
    })
  }
  const cluster = await startCluster(t, { programs: { [CUT]: cut } })
  await cluster.create('a', { image: CUT })
  await cluster.ready('a')
  t.match(await cluster.score('a'), { status: 502, text: 'EOF\n' })
  await t.rejects(cluster.score('a', '{}', '/late'), { message: 'aborted' })
})

t.test('a pod deleted without grace cuts its requests, and another takes its place', async t => {
  const SILENT = 'dev.local/silent:1'
  const cluster = await startCluster(t, {
    programs: {
      [SILENT]: request => {
        request.resume()
      }
    },
    timing: { podStartMs: 100 }
  })
  await cluster.create('a', {
    image: SILENT,
    annotations: { 'autoscaling.knative.dev/min-scale': '1' }
  })
  await cluster.ready('a')
  const [pod] = await cluster.pods('a')
  const answer = cluster.score('a')
  await cluster.api('GET', KSVCS) // the request is under way before the pod goes
  await cluster.api('DELETE', `${CORE}/pods/${pod?.metadata.name}?gracePeriodSeconds=0`)
  t.match(await answer, { status: 502, text: 'EOF\n' })
  const pods = await until('another pod', () => cluster.pods('a'), pods => pods.length === 1)
  t.not(pods[0]?.metadata.name, pod?.metadata.name)
})

t.test('a model deleted in the middle lets running requests end', async t => {
  const SLOW = 'dev.local/slow:1'
  const slow: http.RequestListener = (request, response) => {
    request.resume().on('end', () => {
      setTimeout(() => response.end('done'), 300)
    })
  }
  const cluster = await startCluster(t, { programs: { [SLOW]: slow }, timing: { drainMs: 50 } })
  await cluster.create('a', { image: SLOW })
  await cluster.ready('a')
  const answer = cluster.score('a')
  await cluster.api('GET', KSVCS)
  await cluster.api('DELETE', `${KSVCS}/a`)
  t.match(await answer, { status: 200, text: 'done' })
  t.equal((await cluster.score('a')).status, 404)
})
