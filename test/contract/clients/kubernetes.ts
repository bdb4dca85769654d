import type { Test } from 'tap'
import {
  KSVCS,
  conditionOf,
  newName,
  plainKsvc,
  until,
  type KubeObject,
  type World
} from '../../support/contract.js'

/**
 * What Kubernetes and Knative themselves do, on the wire. The service and the simulator are built
 * on these facts.
 */
export function kubernetesContract (t: Test, world: World): void {
  const { kube } = world
  const good = `${world.imagePrefix}/sr_hmeq_logreg:1.0`
  const crashing = `${good}-crash`

  async function made (t: Test, word: string): Promise<KubeObject> {
    const { status, text, body } = await kube.call('POST', KSVCS,
      plainKsvc(newName(t, world, word), good))
    t.equal(status, 201, text)
    return body
  }

  async function ready (name: string): Promise<KubeObject> {
    return await until(`${name} is ready`, async () => await kube.ksvc(name),
      ksvc => conditionOf(ksvc, 'Ready') === 'True')
  }

  /** Reads, changes and puts back until no status write came between. */
  async function changed (name: string, edit: (ksvc: KubeObject) => void): Promise<KubeObject> {
    const answer = await until(`a change of ${name}`, async () => {
      const ksvc = await kube.ksvc(name)
      edit(ksvc)
      return await kube.call('PUT', `${KSVCS}/${name}`, ksvc)
    }, ({ status }) => status !== 409)
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
    return answer.body
  }

  t.test('a watch from long ago is 200 with an ERROR event of 410, and ends', async t => {
    const { status, text } = await kube.call('GET',
      `${KSVCS}?watch=true&resourceVersion=1&timeoutSeconds=5`)
    t.equal(status, 200)
    const event = JSON.parse(text.split('\n')[0] ?? '') as { type: string, object: KubeObject }
    t.same([event.type, event.object.code, event.object.reason], ['ERROR', 410, 'Expired'], text)
  })

  t.test('a watch with bookmarks gets one before its end', async t => {
    const { body: { metadata } } = await kube.call('GET', KSVCS)
    const query =
      `watch=true&allowWatchBookmarks=true&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=4`
    const { text } = await kube.call('GET', `${KSVCS}?${query}`)
    t.ok(text.split('\n').some(line => line.startsWith('{"type":"BOOKMARK"')), text)
  })

  t.test('a PUT against an older resourceVersion is 409 Conflict', async t => {
    const { metadata: { name }, ...rest } = await made(t, 'put')
    const { metadata } = await ready(name)
    const { status, body } = await kube.call('PUT', `${KSVCS}/${name}`, {
      ...rest,
      metadata: { ...metadata, resourceVersion: '1' }
    })
    t.same([status, body.reason], [409, 'Conflict'])
  })

  t.test('a merge patch adds, removes by null, and replaces arrays as wholes', async t => {
    const { metadata: { name } } = await made(t, 'patch')
    const patch = async (annotations: object) =>
      await kube.call('PATCH', `${KSVCS}/${name}`, { metadata: { annotations } },
        'application/merge-patch+json')
    t.equal((await patch({ 'example.com/a': '1', 'example.com/b': '2' })).status, 200)
    const { body } = await patch({ 'example.com/a': null })
    t.equal(body.metadata.annotations?.['example.com/a'], undefined)
    t.equal(body.metadata.annotations?.['example.com/b'], '2')
    const containers = [{ image: good, env: [{ name: 'X', value: 'y' }] }]
    const replaced = await kube.call('PATCH', `${KSVCS}/${name}`, {
      spec: { template: { spec: { containers } } }
    }, 'application/merge-patch+json')
    t.same(replaced.body.spec.template.spec.containers[0]?.env, [{ name: 'X', value: 'y' }],
      replaced.text)
  })

  t.test('a strategic merge patch of a ksvc is 415', async t => {
    const { metadata: { name } } = await made(t, 'strategic')
    const { status } = await kube.call('PATCH', `${KSVCS}/${name}`, {
      metadata: { annotations: { a: 'b' } }
    }, 'application/strategic-merge-patch+json')
    t.equal(status, 415)
  })

  t.test('leaving out the creator annotation is 400', async t => {
    const { metadata: { name } } = await made(t, 'creator')
    const ksvc = await ready(name)
    delete ksvc.metadata.annotations?.['serving.knative.dev/creator']
    const { status, body } = await kube.call('PUT', `${KSVCS}/${name}`, ksvc)
    t.same([status, body.reason], [400, 'BadRequest'])
    t.match(body.message,
      /annotation value is immutable: metadata.annotations.serving.knative.dev\/creator/)
  })

  t.test('a PUT without a change keeps resourceVersion and generation', async t => {
    const { metadata: { name } } = await made(t, 'unchanged')
    const ksvc = await ready(name)
    const { body } = await kube.call('PUT', `${KSVCS}/${name}`, ksvc)
    t.same([body.metadata.resourceVersion, body.metadata.generation], [
      ksvc.metadata.resourceVersion,
      1
    ])
  })

  t.test('after a foreground DELETE the name is taken, and POST is 409, until all is gone', async t => {
    const { metadata: { name } } = await made(t, 'gone')
    await ready(name)
    const { body: ending } = await kube.call('DELETE', `${KSVCS}/${name}`, {
      propagationPolicy: 'Foreground'
    })
    t.type(ending.metadata.deletionTimestamp, 'string')
    const { status, body } = await kube.call('POST', KSVCS, plainKsvc(name, good))
    t.same([status, body.reason], [409, 'AlreadyExists'])
    t.match(body.message, /object is being deleted/)
    // A pod takes 30 s to drain, and may take its whole grace of 300 s.
    await until(`${name} is gone`, async () => (await kube.call('GET', `${KSVCS}/${name}`)).status,
      status => status === 404, 360)
    t.same(await kube.pods(name), [])
  })

  t.test('a tag on latestRevision names the previous revision while the latest one is not ready', async t => {
    const { metadata: { name } } = await made(t, 'latest')
    await ready(name)
    await changed(name, ({ spec }) => {
      spec.template.spec.containers[0]!.image = crashing
      spec.traffic = [{ revisionName: `${name}-00001`, percent: 100 }, {
        latestRevision: true,
        percent: 0,
        tag: 'new'
      }]
    })
    const { status } = await until(`${name} has the tag`, async () => await kube.ksvc(name),
      ({ status }) => status.traffic?.some(({ tag }) => tag === 'new') === true)
    t.equal(status.traffic?.find(({ tag }) => tag === 'new')?.revisionName, `${name}-00001`)
    t.same([status.latestCreatedRevisionName, status.latestReadyRevisionName], [`${name}-00002`,
      `${name}-00001`])
  })

  t.test('a revision named before it is ready leaves the old routing whole', async t => {
    const { metadata: { name } } = await made(t, 'foretold')
    await ready(name)
    await changed(name, ({ spec }) => {
      spec.template.spec.containers[0]!.image = crashing
      spec.traffic = [{ revisionName: `${name}-00001`, percent: 90 }, {
        revisionName: `${name}-00002`,
        percent: 10,
        tag: 'new'
      }]
    })
    const seen = await until(`${name} has made its second revision`,
      async () => await kube.ksvc(name),
      ({ status }) => status.latestCreatedRevisionName === `${name}-00002`)
    t.not(conditionOf(seen, 'Ready'), 'True') // Unknown, then False
    t.match(seen.status.traffic, [{ revisionName: `${name}-00001`, percent: 100 }])
  })

  t.test('a list in pages gives every object once', async t => {
    const names = [(await made(t, 'page')).metadata.name, (await made(t, 'page')).metadata.name,
      (await made(t, 'page')).metadata.name]
    const seen: string[] = []
    let next: string | undefined = ''
    while (next !== undefined) {
      const { status, text, body } = await kube.call('GET',
        `${KSVCS}?limit=1${next && `&continue=${next}`}`)
      if (!t.equal(status, 200, text)) return
      seen.push(...body.items.map(({ metadata }) => metadata.name))
      next = body.metadata.continue || undefined
    }
    t.same(seen.filter(name => names.includes(name)), names.sort())
  })
}
