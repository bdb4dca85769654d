import t from 'tap'
import { CRASH_EXIT_CODE, CRASH_LOG } from '../../../simulator/scr/faults.js'
import {
  conditionOf,
  CORE,
  REVISIONS,
  startCluster,
  until,
  type Cluster,
  type Obj
} from '../support.js'

const MODEL = 'registry.demo/sr_hmeq_logreg:1.0'
const deadline = (seconds: number) => ({ 'serving.knative.dev/progress-deadline': `${seconds}s` })
const failed = async (cluster: Cluster, name: string) =>
  await until(`${name} is not Ready`, () => cluster.ksvc(name), ({ status }) =>
    conditionOf(status?.conditions, 'Ready').startsWith('False'))
const user = (pod: Obj | undefined) =>
  pod?.status.containerStatuses?.find(({ name }) => name === 'user-container')
const waitingFor = async (cluster: Cluster, name: string, reason: string) =>
  (await until(`${name} waits for ${reason}`, () => cluster.pods(name), ([pod]) =>
    user(pod)?.state['waiting']?.reason === reason))[0]
const revision = async (cluster: Cluster, name: string) =>
  (await cluster.api('GET', `${REVISIONS}/${name}-00001`)).body
const told = ({ status }: Obj, type: string) =>
  status.conditions?.find(each => each.type === type)?.message

t.test('a crash at start shows on pod and events at once, on the ksvc only after the progress deadline', async t => {
  const cluster = await startCluster(t, { timing: { podStartMs: 200, backOffMs: 200 } })
  await cluster.create('a', { image: `${MODEL}-crash`, annotations: deadline(2) })
  const pod = await waitingFor(cluster, 'a', 'CrashLoopBackOff')
  t.match(user(pod), {
    lastState: {
      terminated: { exitCode: CRASH_EXIT_CODE, reason: 'Error', message: `${CRASH_LOG}\n` }
    }
  })
  t.match(user(pod)?.state['waiting']?.message,
    /^back-off 10s restarting failed container=user-container pod=a-00001-deployment-/)
  t.match(
    (await cluster.events(pod?.metadata.name ?? '')).filter(({ type }) => type === 'Warning').map((
      { reason }
    ) => reason),
    ['Unhealthy', 'BackOff']
  )
  const early = await cluster.ksvc('a')
  t.equal(conditionOf(early.status.conditions, 'Ready'), 'Unknown RevisionMissing')
  t.equal(told(early, 'Ready'), 'Configuration "a" is waiting for a Revision to become ready.')
  const late = await failed(cluster, 'a')
  t.equal(told(late, 'ConfigurationsReady'),
    `Revision "a-00001" failed with message: Container failed with: ${CRASH_LOG}\n.`)
  t.equal(conditionOf((await revision(cluster, 'a')).status.conditions, 'ContainerHealthy'),
    `False ExitCode${CRASH_EXIT_CODE}`)
  t.equal(conditionOf((await revision(cluster, 'a')).status.conditions, 'ResourcesAvailable'),
    'False ProgressDeadlineExceeded')
  t.match(await cluster.score('a'), { status: 404, text: '' }, 'a ksvc never ready has no route')
})

t.test('the log of a crashed container and of the one before it can be read', async t => {
  const cluster = await startCluster(t, { timing: { podStartMs: 100, backOffMs: 60_000 } })
  await cluster.create('a', { image: `${MODEL}-crash` })
  const pod = await waitingFor(cluster, 'a', 'CrashLoopBackOff')
  const log = async (query: string) =>
    (await cluster.api('GET',
      `${CORE}/pods/${pod?.metadata.name}/log?container=user-container${query}`)).text
  t.equal(await log(''), `${CRASH_LOG}\n`)
  t.equal(await log('&previous=true'), `${CRASH_LOG}\n`)
})

const dockerConfig = (password: string) =>
  JSON.stringify({ auths: { 'registry.demo': { username: 'scr', password } } })

t.test('a pull that needs a secret is refused without one and with a wrong one, and passes with the right one', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a', {
    image: `${MODEL}-denied`,
    spec: { imagePullSecrets: [{ name: 'pull' }] }
  })
  t.match(told(await failed(cluster, 'a'), 'ConfigurationsReady'),
    /manifests\/1\.0-denied: unexpected status code 401 Unauthorized \(HEAD responses have no body, use GET for details\)\.$/)
  const secret = (name: string, password: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { '.dockerconfigjson': dockerConfig(password) }
  })
  await cluster.api('POST', `${CORE}/secrets`, secret('wrong', 'not-the-password'))
  await cluster.create('b', {
    image: `${MODEL}-denied`,
    spec: { imagePullSecrets: [{ name: 'wrong' }] }
  })
  t.match(told(await failed(cluster, 'b'), 'ConfigurationsReady'), /401 Unauthorized/)
  await cluster.api('POST', `${CORE}/secrets`, secret('pull', 'scr-password'))
  await cluster.change('a', read => {
    read.spec.template.metadata.annotations = { again: 'yes' }
  })
  t.equal((await cluster.ready('a')).status.latestReadyRevisionName, 'a-00002')
})

t.test('an image by a digest that is nowhere is told by pod and events, not by the ksvc', async t => {
  const cluster = await startCluster(t)
  const image = `registry.demo/sr_hmeq_logreg@sha256:${'0'.repeat(64)}`
  await cluster.create('a', { image })
  const pod = await waitingFor(cluster, 'a', 'ImagePullBackOff')
  t.match(user(pod)?.state['waiting']?.message,
    `Back-off pulling image "${image}": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image`)
  t.equal(pod?.status.phase, 'Pending')
  t.equal(conditionOf((await cluster.ksvc('a')).status.conditions, 'Ready'),
    'Unknown RevisionMissing')
  t.match(
    (await cluster.api('GET', `${CORE}/pods/${pod?.metadata.name}/log?container=user-container`))
      .body,
    { code: 400, message: /is waiting to start: image can't be pulled$/ }
  )
})

t.test('a secret variable that does not exist is CreateContainerConfigError; the model gets the value of one that does', async t => {
  const env = [{
    name: 'SAS_SCR_APP_PATH',
    valueFrom: { secretKeyRef: { name: 'app', key: 'path' } }
  }]
  const cluster = await startCluster(t)
  await cluster.create('a', { image: MODEL, container: { env }, annotations: deadline(1) })
  const pod = await waitingFor(cluster, 'a', 'CreateContainerConfigError')
  t.equal(user(pod)?.state['waiting']?.message, 'secret "app" not found')
  const conditions = (await failed(cluster, 'a'), await revision(cluster, 'a')).status.conditions
  t.equal(conditionOf(conditions, 'ResourcesAvailable'), 'False CreateContainerConfigError')
  await cluster.api('POST', `${CORE}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'app' },
    stringData: { path: 'mine' }
  })
  await cluster.create('b', { image: MODEL, container: { env } })
  await cluster.ready('b')
  t.equal((await cluster.score('b', '{"data":{}}', '/mine')).status, 200)
})

t.test('a container that waits for a secret starts when the secret is there', async t => {
  const cluster = await startCluster(t, { timing: { backOffMs: 100 } })
  await cluster.create('a', {
    image: MODEL,
    container: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'late', key: 'k' } } }] }
  })
  await waitingFor(cluster, 'a', 'CreateContainerConfigError')
  await cluster.api('POST', `${CORE}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'late' },
    stringData: { k: 'v' }
  })
  await cluster.ready('a')
})

t.test('a pod that fits on no node is final at once', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a', { image: MODEL, container: { resources: { requests: { cpu: '64' } } } })
  t.match(told(await failed(cluster, 'a'), 'ConfigurationsReady'),
    /failed with message: 0\/1 nodes are available: 1 Insufficient cpu\. .*\.\.$/)
  t.equal(conditionOf((await revision(cluster, 'a')).status.conditions, 'ResourcesAvailable'),
    'False Unschedulable')
})

t.test('slower than the deadline is False, and True when it starts', async t => {
  const cluster = await startCluster(t, { timing: { podStartMs: 100, slowStartMs: 1500 } })
  await cluster.create('a', { image: `${MODEL}-slowstart`, annotations: deadline(1) })
  t.match(told(await failed(cluster, 'a'), 'ConfigurationsReady'),
    /ReplicaSet "a-00001-deployment-[0-9a-f]{10}" has timed out progressing\.\.$/)
  await cluster.ready('a')
})

t.test('a program that listens on another port than it is asked to never becomes ready', async t => {
  const cluster = await startCluster(t, { timing: { podStartMs: 100 } })
  await cluster.create('a', { image: `${MODEL}-otherport`, annotations: deadline(1) })
  await failed(cluster, 'a')
  t.match((await cluster.pods('a'))[0]?.status, {
    phase: 'Running',
    containerStatuses: [{ name: 'queue-proxy', ready: false }, {
      name: 'user-container',
      ready: true
    }]
  })
})

t.test('new failing, old serving: Ready False, RoutesReady True, the old revision answers', async t => {
  const cluster = await startCluster(t)
  await cluster.create('a')
  await cluster.ready('a')
  await cluster.change('a', read => {
    read.spec.template.spec.containers = [{ image: `${MODEL}-missing` }]
  })
  const { status } = await failed(cluster, 'a')
  t.equal(conditionOf(status.conditions, 'RoutesReady'), 'True')
  t.equal(status.latestReadyRevisionName, 'a-00001')
  t.equal((await cluster.score('a')).text, 'v1')
})
