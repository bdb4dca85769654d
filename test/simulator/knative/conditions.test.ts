import t, { type Test } from 'tap'
import {
  conditionOf,
  KSVCS,
  REVISIONS,
  startCluster,
  until,
  V2,
  watch,
  type Cluster,
  type Obj
} from '../support.js'

/** Distinct lines in the order they came. */
const story = (objects: Obj[], line: (object: Obj) => string): string[] =>
  objects.map(line).filter((text, i, all) => text !== all[i - 1])

/** `generation/observed: ConfigurationsReady | RoutesReady | Ready` */
const ksvcLine = ({ metadata, status }: Obj): string =>
  `${metadata.generation}/${status?.observedGeneration ?? '-'}: ` +
  ['ConfigurationsReady', 'RoutesReady', 'Ready'].map(type => conditionOf(status?.conditions, type))
    .join(' | ')

/** `Active | ContainerHealthy | ResourcesAvailable | Ready` */
const revisionLine = ({ status }: Obj): string =>
  ['Active', 'ContainerHealthy', 'ResourcesAvailable', 'Ready'].map(type =>
    conditionOf(status?.conditions, type)
  ).join(' | ')

async function watched (t: Test, cluster: Cluster, path: string) {
  const { metadata } = (await cluster.api('GET', path)).body
  const { events } = await watch(t, cluster,
    `${path}?watch=1&resourceVersion=${metadata.resourceVersion}`)
  return (name: string) =>
    events.map(({ object }) => object).filter(({ metadata }) => metadata.name === name)
}

t.test('a new ksvc goes through the recorded conditions, without a status at first', async t => {
  const cluster = await startCluster(t)
  const seen = await watched(t, cluster, KSVCS)
  await cluster.create('a')
  await cluster.ready('a')
  const lines = story(seen('a'), ksvcLine)
  t.strictSame(lines, [
    '1/-: - | - | -',
    '1/1: Unknown OutOfDate | Unknown OutOfDate | Unknown OutOfDate',
    '1/1: Unknown | Unknown OutOfDate | Unknown OutOfDate',
    '1/1: Unknown | Unknown RevisionMissing | Unknown RevisionMissing',
    '1/1: True | Unknown RevisionMissing | Unknown RevisionMissing',
    '1/1: True | Unknown IngressNotConfigured | Unknown IngressNotConfigured',
    '1/1: True | True | True'
  ])
  t.match(seen('a').at(-1)?.status, {
    url: 'http://a.sas-model-inference.scr.test',
    address: { url: 'http://a.sas-model-inference.svc.cluster.local' },
    latestCreatedRevisionName: 'a-00001',
    latestReadyRevisionName: 'a-00001',
    traffic: [{ latestRevision: true, percent: 100, revisionName: 'a-00001' }]
  })
})

t.test('a new revision goes through the recorded conditions', async t => {
  const cluster = await startCluster(t)
  const seen = await watched(t, cluster, REVISIONS)
  await cluster.create('a')
  await cluster.ready('a')
  t.strictSame(story(seen('a-00001'), revisionLine).slice(0, 7), [
    '- | - | - | -',
    '- | Unknown | Unknown ResolvingDigests | Unknown ResolvingDigests',
    'Unknown Deploying | Unknown Deploying | Unknown Deploying | Unknown Deploying',
    'Unknown Queued | Unknown Deploying | Unknown Deploying | Unknown Deploying',
    'Unknown Queued | Unknown Deploying | True | Unknown Deploying',
    'Unknown NotReady | True | True | True',
    'True | True | True | True'
  ])
})

t.test('a new template on latest: Ready stays True while unobserved, traffic moves when the revision is ready', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  const seen = await watched(t, cluster, KSVCS)
  await cluster.change('a', read => {
    read.spec.template.spec.containers = [{ image: V2 }]
  })
  await cluster.ready('a')
  t.strictSame(story(seen('a'), ksvcLine), [
    '2/1: True | True | True',
    '2/2: Unknown OutOfDate | True | Unknown OutOfDate',
    '2/2: Unknown | True | Unknown',
    '2/2: True | Unknown TrafficNotMigrated | Unknown TrafficNotMigrated',
    '2/2: True | Unknown IngressNotConfigured | Unknown IngressNotConfigured',
    '2/2: True | True | True'
  ])
})

t.test('a change of traffic alone leaves the configuration True', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  const seen = await watched(t, cluster, KSVCS)
  await cluster.change('a', read => {
    read.spec.traffic = [{ revisionName: 'a-00001', percent: 100, tag: 'champion' }]
  })
  const { status } = await cluster.ready('a')
  t.strictSame(story(seen('a'), ksvcLine), [
    '2/1: True | True | True',
    '2/2: True | Unknown OutOfDate | Unknown OutOfDate',
    '2/2: True | Unknown IngressNotConfigured | Unknown IngressNotConfigured',
    '2/2: True | True | True'
  ])
  t.strictSame(status.traffic, [{
    revisionName: 'a-00001',
    percent: 100,
    tag: 'champion',
    latestRevision: false,
    url: 'http://champion-a.sas-model-inference.scr.test'
  }])
})

t.test('a revision pinned by its foretold name holds the whole old routing until it is ready', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  const seen = await watched(t, cluster, KSVCS)
  await cluster.change('a', read => {
    read.spec.template.spec.containers = [{ image: V2 }]
    read.spec.traffic = [{ revisionName: 'a-00001', percent: 100 }, {
      revisionName: 'a-00002',
      percent: 0,
      tag: 'challenger'
    }]
  })
  await cluster.ready('a')
  const waiting = seen('a').filter(({ status }) =>
    conditionOf(status.conditions, 'RoutesReady') === 'Unknown RevisionMissing'
  )
  const old = [{ latestRevision: true, percent: 100, revisionName: 'a-00001' }]
  const messages = waiting.map(({ status }) =>
    status.conditions?.find(({ type }) => type === 'RoutesReady')?.message
  )
  t.ok(waiting.length > 0)
  t.ok(messages.some(message => message === 'Revision "a-00002" is not yet ready.'),
    messages.join('; '))
  t.ok(waiting.every(({ status }) => JSON.stringify(status.traffic) === JSON.stringify(old)),
    'status.traffic is the old one all the while')
})

t.test('an image that the registry does not have is final at once, and told as RevisionFailed, then RevisionMissing', async t => {
  const cluster = await startCluster(t)
  const seen = await watched(t, cluster, KSVCS)
  const revisions = await watched(t, cluster, REVISIONS)
  await cluster.create('a', { image: 'registry.demo/sr_hmeq_logreg:1.0-missing' })
  await until('the route is False', async () => seen('a'),
    objects => conditionOf(objects.at(-1)?.status?.conditions, 'RoutesReady').startsWith('False'))
  t.strictSame(story(seen('a'), ksvcLine).slice(-2), [
    '1/1: False RevisionFailed | Unknown RevisionMissing | False RevisionFailed',
    '1/1: False RevisionFailed | False RevisionMissing | False RevisionMissing'
  ])
  const message =
    'Unable to fetch image "registry.demo/sr_hmeq_logreg:1.0-missing": failed to resolve image to digest: ' +
    'HEAD https://registry.demo/v2/sr_hmeq_logreg/manifests/1.0-missing: unexpected status code 404 Not Found (HEAD responses have no body, use GET for details)'
  const last = seen('a').at(-1)?.status.conditions
  t.equal(last?.find(({ type }) => type === 'ConfigurationsReady')?.message,
    `Revision "a-00001" failed with message: ${message}.`)
  t.equal(last?.find(({ type }) => type === 'Ready')?.message,
    'Configuration "a" does not have any ready Revision.')
  t.equal(revisions('a-00001').map(revisionLine).at(-1),
    '- | False ContainerMissing | Unknown ResolvingDigests | False ContainerMissing')
  t.strictSame(await cluster.pods('a'), [])
})
