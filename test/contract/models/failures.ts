import type { Test } from 'tap'
import {
  CORE,
  ask,
  conditionOf,
  deployed,
  modelUntil,
  newName,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'
import { scored } from './models.js'
import { sample, scoredBy } from '../scores.js'

/** What goes wrong in a cluster, and how a user hears of it. */
export function failuresContract (t: Test, world: World): void {
  const image = (nameAndTag: string) => `${world.imagePrefix}/${nameAndTag}`

  t.test('a crash at the start is explained by its log while the cluster still says Unknown, and cured by a good image', async t => {
    const name = newName(t, world, 'crash')
    t.equal(
      (await ask(world, 'POST', '/models', { name, image: image('sr_hmeq_logreg:1.0-crash') }))
        .status,
      201
    )
    const { status } = await modelUntil(world, name, 'is explained',
      ({ status }) => status.explanation.needsAction)
    t.match(status.explanation.summary,
      /exit code 3; its log says: FATAL: could not load model: SASTKDS2 library not found/)
    t.equal(status.phase, 'Failed')
    t.equal(status.replicas, 0, 'a pod that crashes in a loop takes no requests')
    t.equal(conditionOf(await world.kube.ksvc(name), 'Ready'), 'Unknown')

    const cured = await ask(world, 'PATCH', `/models/${name}?wait=90`, {
      image: image('sr_hmeq_logreg:1.0')
    })
    t.equal(cured.status, 200, JSON.stringify(cured.body))
    t.equal(cured.body.status.phase, 'Ready')
  })

  t.test('waiting for a model that crashes ends with 422 and the explanation', async t => {
    const name = newName(t, world, 'crashed')
    const { status, body } = await ask<ProblemAnswer>(world, 'POST', '/models?wait=90', {
      name,
      image: image('sr_hmeq_logreg:1.0-crash')
    })
    t.same([status, body.type], [422, '/problems/model-failed'], JSON.stringify(body))
    t.match(body.detail, /SASTKDS2/)
  })

  t.test('an update that crashes leaves the old revision serving and says so', async t => {
    const name = await deployed(t, world, 'degrade')
    const { status, body } = await ask<ProblemAnswer>(world, 'PATCH', `/models/${name}?wait=90`, {
      image: image('sr_hmeq_logreg:1.0-crash')
    })
    t.same([status, body.type], [422, '/problems/model-failed'], JSON.stringify(body))
    const { body: model } = await ask(world, 'GET', `/models/${name}`)
    t.equal(model.status.phase, 'Degraded', JSON.stringify(model.status))
    t.match(model.status.explanation.summary, new RegExp(`^${name}-00001 goes on serving`))
    const csv = await sample()
    t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:1.0', csv))
  })

  t.test('an image that is nowhere is named in the explanation', async t => {
    const name = newName(t, world, 'absent')
    const { status, body } = await ask<ProblemAnswer>(world, 'POST', '/models?wait=90', {
      name,
      image: image('no_such_model:1.0')
    })
    t.same([status, body.type], [422, '/problems/model-failed'], JSON.stringify(body))
    t.match(body.detail, new RegExp(`image.*${image('no_such_model:1.0')}`))
  })

  t.test('requests larger than any node are explained as no room', async t => {
    const name = newName(t, world, 'large')
    const { status, body } = await ask<ProblemAnswer>(world, 'POST', '/models?wait=90', {
      name,
      image: image('sr_hmeq_logreg:1.0'),
      resources: { requests: { cpu: '500' } }
    })
    t.same([status, body.type], [422, '/problems/model-failed'], JSON.stringify(body))
    t.match(body.detail, /no node has room.*Insufficient cpu/)
  })

  t.test('all rows are scored though the pod is killed while the file arrives', async t => {
    const name = await deployed(t, world, 'killed')
    const [header, ...rows] = (await sample()).split(/(?<=\n)/)
    const half = Array<string>(5).fill(rows.join('')).join('')
    const killed = async () => {
      const pods = await world.kube.pods(name)
      t.equal(pods.length, 1, 'one pod runs')
      const { status } = await world.kube.call('DELETE', `${CORE}/pods/${pods[0]?.metadata.name}`, {
        gracePeriodSeconds: 0
      })
      t.equal(status, 200)
    }
    const body = ReadableStream.from((async function * () {
      yield Buffer.from(`${header}${half}`)
      await killed()
      yield Buffer.from(half)
    })()) as ReadableStream<Uint8Array>
    t.equal(await scored(world, name, body),
      scoredBy('sr_hmeq_logreg:1.0', `${header}${half}${half}`))
  })

  t.test('a model that does not exist is 404 to every call', async t => {
    const path = '/models/it-never-was'
    const statuses = await Promise.all([
      ask(world, 'GET', path),
      ask(world, 'PATCH', path, { description: 'x' }),
      ask(world, 'DELETE', path),
      ask(world, 'GET', `${path}/signature`),
      ask(world, 'POST', `${path}/score`, [{ A: 1 }])
    ].map(async answer => (await answer).status))
    t.same(statuses, [404, 404, 404, 404, 404])
  })
}
