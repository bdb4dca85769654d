import type { Test } from 'tap'
import {
  CORE,
  KSVCS,
  ask,
  deployed,
  modelUntil,
  newName,
  plainKsvc,
  until,
  type ModelAnswer,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'
import { scored } from './models.js'
import { sample } from '../scores.js'

interface Pod {
  name: string
  revision: string
  phase: string
  ready: boolean
  restarts: number
  reason?: string
  ending: boolean
}
interface Event {
  type: string
  reason: string
  message: string
  object: string
  count: number
}

/** What a user is told of a model that does not become ready, and of what runs. */
export function diagnosisContract (t: Test, world: World): void {
  const { kube } = world
  const image = (nameAndTag: string) => `${world.imagePrefix}/${nameAndTag}`
  const items = async <Item>(name: string, what: string) =>
    (await ask<{ items: Item[] }>(world, 'GET', `/models/${name}/${what}`)).body.items
  const logs = async (name: string, query = '') => {
    const response = await fetch(`${world.service}/models/${name}/logs?${query}`)
    return {
      status: response.status,
      note: response.headers.get('log-note') ?? '',
      text: await response.text()
    }
  }
  const explained = async (name: string, summary: RegExp): Promise<ModelAnswer> =>
    await modelUntil(world, name, `is explained by ${summary}`, ({ status }) =>
      summary.test(status.explanation.summary))

  /** A ksvc as another tool would make it. */
  async function made (
    t: Test,
    word: string,
    nameAndTag: string,
    change: Parameters<typeof plainKsvc>[2]
  ): Promise<string> {
    const name = newName(t, world, word)
    const { status, text } = await kube.call('POST', KSVCS,
      plainKsvc(name, image(nameAndTag), change))
    if (status !== 201) throw new Error(`${status} ${text}`)
    return name
  }

  t.test('a container that listens on another port is explained while it starts, and has failed after the deadline', async t => {
    const name = await made(t, 'port', 'sr_hmeq_logreg:1.0-otherport', {
      // a busy node may take half of it until the container runs
      template: { 'serving.knative.dev/progress-deadline': '30s' }
    })
    const { status } = await explained(name,
      /^the container runs, but nothing answers on port 8080$/)
    t.match(status, {
      phase: 'Deploying',
      replicas: 0,
      explanation: { needsAction: false, remedy: /port 8080 \(field port\)/ }
    })
    const late = await explained(name,
      /^revision .* did not become ready within the time allowed for its start: nothing answers on port 8080$/)
    t.match(late.status, { phase: 'Failed', explanation: { needsAction: true, owner: 'you' } })
  })

  t.test('a readiness probe that fails is named', async t => {
    const name = await made(t, 'probe', 'sr_hmeq_logreg:1.0', {
      container: { readinessProbe: { httpGet: { path: '/nowhere' } } }
    })
    const { status } = await explained(name,
      /^the container runs, but its readiness probe fails \(GET \/nowhere on port 8080\)$/)
    t.match(status, { phase: 'Deploying', replicas: 0, explanation: { needsAction: false } })
  })

  t.test('a limit too small is told as more memory than the limit', async t => {
    const name = newName(t, world, 'memory')
    const { status, body } = await ask<ProblemAnswer>(world, 'POST', '/models?wait=90', {
      name,
      image: image('sr_hmeq_logreg:1.0-hungry'),
      resources: { limits: { memory: '96Mi' } }
    })
    t.same([status, body.type], [422, '/problems/model-failed'], JSON.stringify(body))
    t.match(body, {
      detail: /more memory than its limit of 96Mi .*OOMKilled/,
      remedy: 'raise resources.limits.memory'
    })
    t.match(await items<Pod>(name, 'pods'), [{ ready: false, reason: 'OOMKilled' }])
  })

  t.test('a quota that is used up is told, and the model becomes ready when it is gone', async t => {
    const quota = newName(t, world, 'quota')
    const remove = async () => {
      await kube.call('DELETE', `${CORE}/resourcequotas/${quota}`)
    }
    t.teardown(remove)
    // of a resource that only this model asks for, as others use the namespace too
    const hard = { 'requests.ephemeral-storage': '1Gi' }
    t.equal(
      (await kube.call('POST', `${CORE}/resourcequotas`, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: quota },
        spec: { hard }
      })).status,
      201
    )
    await until('the quota holds',
      async () => (await kube.call('GET', `${CORE}/resourcequotas/${quota}`)).text,
      text => /"status":\{[^}]*"hard"/.test(text))
    const name = await made(t, 'quota', 'sr_hmeq_logreg:1.0', {
      container: { resources: { requests: { 'ephemeral-storage': '2Gi' } } }
    })
    const { status } = await explained(name,
      new RegExp(
        `^the quota of the namespace is used up: .*exceeded quota: ${quota}, requested: requests.ephemeral-storage=2Gi`
      ))
    t.match(status, {
      phase: 'Failed',
      explanation: { owner: 'platform engineer', needsAction: true }
    })
    const events = await items<Event>(name, 'events')
    t.ok(
      events.some(({ reason, message }) =>
        reason === 'FailedCreate' && message.includes('exceeded quota')
      ),
      JSON.stringify(events)
    )
    await remove()
    await modelUntil(world, name, 'is ready', ({ status }) => status.ready)
  })

  t.test('an ingress that does not take up the model is told, with who can help', async t => {
    const name = await made(t, 'ingress', 'sr_hmeq_logreg:1.0', {
      annotations: { 'networking.knative.dev/ingress-class': 'nobody.example.com' }
    })
    const { status } = await explained(name,
      /^the model is ready, but the cluster's ingress has not taken up its address yet: Ingress has not yet/)
    t.match(status, {
      phase: 'Deploying',
      replicas: 1,
      explanation: { owner: 'platform engineer', needsAction: false }
    })
  })

  t.test('pods, log and events of a model that serves', async t => {
    const name = await deployed(t, world, 'runs')
    t.match(await items<Pod>(name, 'pods'), [{
      revision: `${name}-00001`,
      phase: 'Running',
      ready: true,
      restarts: 0,
      ending: false
    }])
    t.match((await logs(name)).text, /on port 8080/)
    t.equal((await logs(name, 'tail=0')).text, '')
    // the kubelet may send its events later than the model is ready
    await until('the revision and its pod have told of their start',
      async () => await items<Event>(name, 'events'),
      events =>
        events.some(({ object, reason }) =>
          object === `Revision/${name}-00001` && reason === 'RevisionReady'
        ) &&
        events.some(({ object, reason }) =>
          object.startsWith(`Pod/${name}-00001-deployment-`) && reason === 'Started'
        ))
  })

  t.test('a crash loop leaves the log of the container before, and a pod that is not ready', async t => {
    const name = newName(t, world, 'loop')
    t.equal(
      (await ask(world, 'POST', '/models', { name, image: image('sr_hmeq_logreg:1.0-crash') }))
        .status,
      201
    )
    const [pod] = await until('it is restarted', async () => await items<Pod>(name, 'pods'),
      ([pod]) => (pod?.restarts ?? 0) > 0 && pod?.reason === 'CrashLoopBackOff')
    t.match(pod, { phase: 'Running', ready: false, ending: false })
    t.match((await logs(name)).text, /^FATAL: could not load model: SASTKDS2 library not found$/m)
    const previous = await until('there is a previous log',
      async () => (await logs(name, 'previous=true')).text, text => text !== '')
    t.match(previous, /^FATAL: could not load model/m)
  })

  t.test('a sleeping model has no pods and an empty log that says so; a followed log shows the pod that wakes', async t => {
    const name = await deployed(t, world, 'asleep', { scaling: { window: '6s' } })
    await until('no pod is left', async () => await items<Pod>(name, 'pods'),
      pods => pods.length === 0, 360)
    t.match(await logs(name), { status: 200, text: '', note: /^asleep/ })
    const left = new AbortController()
    t.teardown(() => left.abort())
    const response = await fetch(`${world.service}/models/${name}/logs?follow=true`, {
      signal: left.signal
    })
    t.match(response.headers.get('log-note'), /^asleep/)
    await scored(world, name, await sample())
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      if (/^\[.*on port 8080/m.test(text)) break
    }
    t.match(text, new RegExp(`^\\[${name}-00001-deployment-.*on port 8080`, 'm'))
  })
}
