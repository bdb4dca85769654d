import type { Test } from 'tap'
import {
  ask,
  deployed,
  modelUntil,
  newName,
  type ModelAnswer,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'
import { sample, scoredBy } from '../scores.js'

/** A model's life through the service: deploy, score, sleep, wake, update, delete. */
export function modelsContract (t: Test, world: World): void {
  const image = (nameAndTag: string) => `${world.imagePrefix}/${nameAndTag}`

  t.test('create with wait answers 201 with a model that is ready, has a URL and runs', async t => {
    const name = newName(t, world, 'create')
    const { status, headers, body } = await ask(world, 'POST', '/models?wait=90', {
      name,
      image: image('sr_hmeq_logreg:1.0')
    })
    t.equal(status, 201, JSON.stringify(body))
    t.equal(headers.get('location'), `/models/${name}`)
    t.equal(body.status.phase, 'Ready', JSON.stringify(body.status))
    t.match(body.status.url, new RegExp(`^http://${name}\\.`))
    const { body: read } = await ask(world, 'GET', `/models/${name}`)
    t.equal(read.status.replicas, 1, JSON.stringify(read.status))
  })

  t.test('every row of the sample is scored as the published formula says', async t => {
    const name = await deployed(t, world, 'score')
    const csv = await sample()
    t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:1.0', csv))
  })

  for (
    const [word, nameAndTag] of [['tree', 'sr_hmeq_tree:1.0'], ['grade',
      'credit_grade:1.0']] as const
  ) {
    t.test(`${nameAndTag} scores as its formula says, whichever body and document it has`, async t => {
      const name = await deployed(t, world, word, { image: image(nameAndTag) })
      const csv = word === 'tree'
        ? await sample()
        : 'ACCOUNT,INCOME,DEBT,REGION\n00501,52000,9000,NORTH\n00502,,.,WEST\n'
      t.equal(await scored(world, name, csv), scoredBy(nameAndTag, csv))
    })
  }

  t.test('a model falls asleep, is Ready meanwhile, and the next score wakes it', async t => {
    const name = await deployed(t, world, 'sleep', { scaling: { window: '6s' } })
    const asleep = await modelUntil(world, name, 'has no pods',
      ({ status }) => status.replicas === 0)
    t.equal(asleep.status.phase, 'Ready', JSON.stringify(asleep.status))
    t.match(asleep.status.explanation.summary, /^asleep/)
    const csv = await sample()
    t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:1.0', csv))
    await modelUntil(world, name, 'runs again', ({ status }) => status.replicas > 0)
  })

  t.test('after an update the new revision scores with its own formula', async t => {
    const name = await deployed(t, world, 'update')
    const { status, body } = await ask(world, 'PUT', `/models/${name}?wait=90`, {
      image: image('sr_hmeq_logreg:2.0')
    })
    t.equal(status, 200, JSON.stringify(body))
    t.equal(body.status.latestReadyRevision, `${name}-00002`)
    const csv = await sample()
    t.equal(await scored(world, name, csv), scoredBy('sr_hmeq_logreg:2.0', csv))
  })

  t.test('delete with wait frees the name: it is 404 and can be created again', async t => {
    const name = await deployed(t, world, 'delete')
    t.equal((await ask(world, 'DELETE', `/models/${name}?wait=90`)).status, 204)
    t.equal((await ask(world, 'GET', `/models/${name}`)).status, 404)
    const again = await ask(world, 'POST', '/models?wait=90', {
      name,
      image: image('sr_hmeq_logreg:1.0')
    })
    t.equal(again.status, 201, JSON.stringify(again.body))
    t.equal(again.body.status.phase, 'Ready')
  })

  t.test('a name that is still being deleted is 409 with the remedy to wait', async t => {
    const name = await deployed(t, world, 'ending')
    t.equal((await ask(world, 'DELETE', `/models/${name}`)).status, 204)
    const { status, body } = await ask<ProblemAnswer>(world, 'POST', '/models', {
      name,
      image: image('sr_hmeq_logreg:1.0')
    })
    t.same([status, body.type], [409, '/problems/model-being-deleted'], JSON.stringify(body))
    t.match(body.remedy, /wait=/)
  })

  t.test('creating a name that is taken is 409 and changes nothing', async t => {
    const name = await deployed(t, world, 'taken')
    const { status, body } = await ask<ProblemAnswer>(world, 'POST', '/models', {
      name,
      image: image('sr_hmeq_logreg:2.0')
    })
    t.same([status, body.type], [409, '/problems/model-exists'], JSON.stringify(body))
    t.equal((await ask(world, 'GET', `/models/${name}`)).body.image, image('sr_hmeq_logreg:1.0'))
  })

  t.test('dryRun lets the cluster itself refuse, and stores nothing', async t => {
    const name = newName(t, world, 'dry')
    const { status, body } = await ask<ProblemAnswer>(world, 'POST', '/models?dryRun=true', {
      name,
      image: image('sr_hmeq_logreg:1.0'),
      scaling: { initialScale: 0 }
    })
    t.same([status, body.type], [422, '/problems/model-invalid'], JSON.stringify(body))
    t.match(body.detail, /scaling\.initialScale=0 not allowed by cluster/)
    const fine = await ask<ModelAnswer>(world, 'POST', '/models?dryRun=true', {
      name,
      image: image('sr_hmeq_logreg:1.0')
    })
    t.equal(fine.status, 201, JSON.stringify(fine.body))
    t.equal((await ask(world, 'GET', `/models/${name}`)).status, 404)
  })

  t.test('a dry run of a deletion deletes nothing', async t => {
    const name = await deployed(t, world, 'drydel')
    t.equal((await ask(world, 'DELETE', `/models/${name}?dryRun=true`)).status, 204)
    const { metadata } = await world.kube.ksvc(name)
    t.same([metadata.name, metadata.deletionTimestamp], [name, undefined])
  })
}

/** The answer's text, or what went wrong. */
export async function scored (
  { service }: World,
  name: string,
  body: string | ReadableStream<Uint8Array>,
  query = ''
): Promise<string> {
  const response = await fetch(`${service}/models/${name}/score${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body,
    duplex: 'half'
  })
  const text = await response.text()
  return response.status === 200 ? text : `${response.status} ${text}`
}
