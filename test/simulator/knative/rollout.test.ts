import t from 'tap'
import {
  conditionOf,
  KSVCS,
  startCluster,
  V1,
  V2,
  until,
  watch,
  type Cluster,
  type Obj
} from '../support.js'

/** Distinct lines in the order they came. */
const story = (objects: Obj[]): string[] =>
  objects.map(line).filter((text, i, all) => text !== all[i - 1])

/** `Ready: revision=percent …`, with a `*` at rows that follow the latest. */
function line ({ status }: Obj): string {
  const rows = (status.traffic ?? []) as Array<
    { revisionName: string, percent: number, latestRevision: boolean }
  >
  return `${conditionOf(status.conditions, 'Ready')}: ${
    rows.map(({ revisionName, percent, latestRevision }) =>
      `${revisionName}${latestRevision ? '*' : ''}=${percent}`
    ).join(' ')
  }`
}

const withTemplate = (image: string, traffic?: object[]) => (ksvc: Obj) => {
  ksvc.spec.template.spec.containers = [{ image }]
  if (traffic !== undefined) ksvc.spec.traffic = traffic
}

/** A model on its first revision that rolls out gradually. */
async function rolling (cluster: Cluster): Promise<void> {
  await cluster.api('POST', KSVCS, {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'a', annotations: { 'serving.knative.dev/rollout-duration': '4s' } },
    spec: { template: { spec: { containers: [{ image: V1 }] } } }
  })
  await cluster.ready('a')
}

t.test('a rollout moves from one latest revision to the next by steps, begins with 1 %, and is not Ready before its end', async t => {
  const cluster = await startCluster(t)
  await rolling(cluster)
  const { events } = await watch(t, cluster,
    `${KSVCS}?watch=1&resourceVersion=${(await cluster.ksvc('a')).metadata.resourceVersion}`)
  await cluster.change('a', withTemplate(V2))
  await until('all on the second revision', async () => await cluster.ksvc('a'),
    ksvc => line(ksvc) === 'True: a-00002*=100')
  t.strictSame(
    story(events.map(({ object }) => object)).filter(text => !text.endsWith(': a-00001*=100')),
    [
      'Unknown RolloutInProgress: a-00001*=99 a-00002*=1',
      'Unknown RolloutInProgress: a-00001*=74 a-00002*=26',
      'Unknown RolloutInProgress: a-00001*=49 a-00002*=51',
      'Unknown RolloutInProgress: a-00001*=24 a-00002*=76',
      'Unknown IngressNotConfigured: a-00002*=100',
      'True: a-00002*=100'
    ]
  )
})

t.test('callers get the shares of the rollout', async t => {
  const cluster = await startCluster(t)
  await rolling(cluster)
  await cluster.change('a', withTemplate(V2))
  await until('half way', async () => await cluster.ksvc('a'),
    ksvc => line(ksvc).includes('a-00002*=51'))
  const answers = await Promise.all(
    Array.from({ length: 60 }, async () => (await cluster.score('a')).text)
  )
  t.strictSame([...new Set(answers)].sort(), ['v1', 'v2'])
})

t.test('a pinned row beside it keeps its share', async t => {
  const cluster = await startCluster(t)
  await rolling(cluster)
  await cluster.change('a', ({ spec }) => {
    spec.traffic = [{ latestRevision: true, percent: 80 }, { revisionName: 'a-00001', percent: 20 }]
  })
  await cluster.ready('a')
  await cluster.change('a', withTemplate(V2))
  await until('some on the second revision', async () => await cluster.ksvc('a'),
    ksvc => line(ksvc).endsWith('a-00001*=79 a-00002*=1 a-00001=20'))
  await until('all that follows the latest', async () => await cluster.ksvc('a'),
    ksvc => line(ksvc) === 'True: a-00002*=80 a-00001=20')
})

t.test('from a pinned revision to the latest it is one jump', async t => {
  const cluster = await startCluster(t)
  await rolling(cluster)
  await cluster.change('a', withTemplate(V2, [{ revisionName: 'a-00001', percent: 100 }]))
  await cluster.ready('a')
  const { events } = await watch(t, cluster,
    `${KSVCS}?watch=1&resourceVersion=${(await cluster.ksvc('a')).metadata.resourceVersion}`)
  await cluster.change('a', ({ spec }) => {
    spec.traffic = [{ latestRevision: true, percent: 100 }]
  })
  await until('all on the second revision', async () => await cluster.ksvc('a'),
    ksvc => line(ksvc) === 'True: a-00002*=100')
  t.strictSame(
    story(events.map(({ object }) => object)).filter(text => text.includes('RolloutInProgress')),
    []
  )
})
