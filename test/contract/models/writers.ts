import type { Test } from 'tap'
import {
  KSVCS,
  ask,
  deployed,
  modelUntil,
  newName,
  plainKsvc,
  type ModelAnswer,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'
import { scored } from './models.js'
import { sample, scoredBy } from '../scores.js'

const MERGE_PATCH = 'application/merge-patch+json'

/** Several who write the same model, through the service and beside it: nobody loses a change. */
export function writersContract (t: Test, world: World): void {
  const image = (nameAndTag: string) => `${world.imagePrefix}/${nameAndTag}`

  t.test('a change made for an older state is 412, one made for the present state is not', async t => {
    const name = await deployed(t, world, 'match')
    const older = (await ask(world, 'GET', `/models/${name}`)).headers.get('etag') ?? ''
    const changed = await ask(world, 'PATCH', `/models/${name}`, { description: 'first' }, {
      'if-match': older
    })
    t.equal(changed.status, 200, JSON.stringify(changed.body))
    const { status, body } = await ask<ProblemAnswer>(world, 'PATCH', `/models/${name}`, {
      description: 'second'
    }, { 'if-match': older })
    t.same([status, body.type], [412, '/problems/model-changed'], JSON.stringify(body))
    t.equal(
      (await ask(world, 'DELETE', `/models/${name}`, undefined, { 'if-match': older })).status,
      412
    )
    t.equal(
      (await ask(world, 'PATCH', `/models/${name}`, { description: 'second' }, {
        'if-match': changed.headers.get('etag') ?? ''
      })).status,
      200
    )
  })

  t.test('status writes of the cluster do not move the ETag', async t => {
    const name = newName(t, world, 'etag')
    const created = await ask(world, 'POST', '/models', {
      name,
      image: image('sr_hmeq_logreg:1.0')
    })
    await modelUntil(world, name, 'is ready', ({ status }) => status.ready)
    t.equal((await ask(world, 'GET', `/models/${name}`)).headers.get('etag'),
      created.headers.get('etag'))
  })

  t.test('two writers at the same time are both heard', async t => {
    const name = await deployed(t, world, 'two')
    const answers = await Promise.all([
      ask(world, 'PATCH', `/models/${name}`, { description: 'of one' }),
      ask(world, 'PATCH', `/models/${name}`, { labels: { team: 'other' } })
    ])
    t.same(answers.map(({ status }) => status), [200, 200])
    const { body } = await ask<ModelAnswer & { description: string, labels: object }>(world, 'GET',
      `/models/${name}`)
    t.match(body, { description: 'of one', labels: { team: 'other' } })
  })

  t.test('labels that kubectl sets while the service updates are kept, and so are the updates', async t => {
    const name = await deployed(t, world, 'between')
    const edits = async () => {
      for (let n = 0; n < 8; n++) {
        const { status, text } = await world.kube.call('PATCH', `${KSVCS}/${name}`, {
          metadata: { annotations: { [`it/n${n}`]: 'yes' } }
        }, MERGE_PATCH)
        if (status !== 200) throw new Error(text)
      }
    }
    const updates = async () => {
      for (let n = 0; n < 8; n++) {
        const { status, body } = await ask(world, 'PATCH', `/models/${name}`, {
          labels: { [`n${n}`]: 'yes' }
        })
        t.equal(status, 200, JSON.stringify(body))
      }
    }
    await Promise.all([edits(), updates()])
    const { metadata } = await world.kube.ksvc(name)
    const { body } = await ask<ModelAnswer & { labels: object }>(world, 'GET', `/models/${name}`)
    t.same(Object.keys(metadata.annotations ?? {}).filter(key => key.startsWith('it/')).sort(),
      Array.from({ length: 8 }, (_, n) => `it/n${n}`))
    t.same(Object.keys(body.labels).sort(), Array.from({ length: 8 }, (_, n) => `n${n}`))
  })

  t.test('what the service changes of a ksvc that others applied is a conflict for them, which names the service', async t => {
    const name = newName(t, world, 'managers')
    const config = {
      ...plainKsvc(name, image('sr_hmeq_logreg:1.0')),
      metadata: { name, labels: { team: 'theirs' } }
    }
    const apply = async () =>
      await world.kube.call('PATCH', `${KSVCS}/${name}?fieldManager=pipeline`, config,
        'application/apply-patch+yaml')
    t.equal((await apply()).status, 201)
    await modelUntil(world, name, 'is shown', ({ status }) => status?.ready)
    t.equal((await apply()).status, 200, 'their own again')
    const { status, body: changed } = await ask(world, 'PATCH', `/models/${name}`, {
      labels: { team: 'ours' }
    })
    t.equal(status, 200, JSON.stringify(changed))
    const { status: refused, body } = await apply()
    t.same([refused, body.reason], [409, 'Conflict'])
    t.match(body.message,
      /conflict with "scr-modelops" using serving.knative.dev\/v1: .metadata.labels.team/)
  })

  t.test('updatedBy is who wrote last, through the service or beside it', async t => {
    const name = await deployed(t, world, 'who')
    const { body: { updatedBy: caller } } = await ask(world, 'GET', `/models/${name}`)
    const byTool = { spec: { template: { spec: { timeoutSeconds: 77 } } } }
    const { status, text, body: { metadata } } = await world.kube.call('PATCH', `${KSVCS}/${name}`,
      byTool, MERGE_PATCH)
    t.equal(status, 200, text)
    const account = metadata.annotations?.['serving.knative.dev/lastModifier'] ?? ''
    t.not(account, caller)
    t.ok(
      await modelUntil(world, name, `is last written by ${account}`, ({ updatedBy }) =>
        updatedBy === account)
    )
    t.equal((await ask(world, 'PATCH', `/models/${name}`, { description: 'again' })).body.updatedBy,
      caller)
  })

  t.test('sending back what GET gave writes nothing', async t => {
    const name = await deployed(t, world, 'same')
    const before = await world.kube.ksvc(name)
    const { body } = await ask(world, 'GET', `/models/${name}`)
    const { status, body: after } = await ask(world, 'PUT', `/models/${name}?wait=10`, body)
    t.equal(status, 200, JSON.stringify(after))
    t.equal((await world.kube.ksvc(name)).metadata.resourceVersion, before.metadata.resourceVersion)
    t.equal(after.generation, 1)
  })

  t.test('a ksvc of another tool is a model: shown, scored, changed with all that this service does not know, deleted', async t => {
    const name = newName(t, world, 'other')
    const fromConfigMap = {
      name: 'FROM_MAP',
      valueFrom: { configMapKeyRef: { name: 'it-none', key: 'k', optional: true } }
    }
    const made = await world.kube.call('POST', KSVCS,
      plainKsvc(name, image('sr_hmeq_logreg:1.0'), {
        annotations: { 'example.com/owner': 'somebody' },
        env: [fromConfigMap]
      }))
    t.equal(made.status, 201, made.text)
    const shown = await modelUntil(world, name, 'is shown as ready', ({ status }) => status?.ready)
    t.equal(shown.image, image('sr_hmeq_logreg:1.0'))
    const csv = await sample()
    t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:1.0', csv),
      'served under the image\'s own name')

    const patched = await ask(world, 'PATCH', `/models/${name}?wait=90`, {
      scaling: { target: 20 }
    })
    t.same([patched.status, patched.body.scaling?.target], [200, 20], JSON.stringify(patched.body))
    const after = await world.kube.ksvc(name)
    t.equal(after.metadata.annotations?.['example.com/owner'], 'somebody')
    t.equal(after.metadata.annotations?.['serving.knative.dev/creator'],
      made.body.metadata.annotations?.['serving.knative.dev/creator'])
    t.match(after.spec.template.spec.containers[0]?.env, [fromConfigMap])
    t.equal((await ask(world, 'DELETE', `/models/${name}?wait=90`)).status, 204)
  })
}
