import type { Test } from 'tap'
import {
  ask,
  conditionOf,
  modelUntil,
  type ModelAnswer,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'
import { abScoringContract } from './ab-scoring.js'
import {
  deployedWriteoff,
  mutate,
  REVISIONS,
  revisionsOf,
  scoresAsTable,
  scoreWriteoff,
  tableText,
  trafficOf,
  withGreen,
  writeoff,
  writeoffRows
} from './ab-support.js'

/** Long enough for Knative to take more than one step, of 10 % a second. */
const ROLLOUT_SECONDS = 10

/**
 * Champion and challenger: who serves is always who the table says, and every earlier table can be
 * had back.
 */
export function abContract (t: Test, world: World): void {
  t.test('blue/green: a challenger, tags, a flip, promote, and back through every table', async t => {
    const name = await deployedWriteoff(t, world, 'bluegreen')
    const [blue, green] = [`${name}-00001`, `${name}-00002`]
    const traffic = `/models/${name}/traffic?wait=60`
    const table = (bluePercent: number) => [
      { revision: blue, percent: bluePercent, tag: 'blue' },
      { revision: green, percent: 100 - bluePercent, tag: 'green' }
    ]
    const seen: string[] = []
    const inForce = async (step: string, expected: string) => {
      const { traffic, desired } = await trafficOf(world, name)
      t.equal(tableText(desired), expected, `asked for after ${step}`)
      t.equal(tableText(traffic), expected, `serving after ${step}`)
      await scoresAsTable(t, world, name, 200, step)
    }
    const stepTo = async (
      step: string,
      expected: string,
      method: string,
      path: string,
      body: unknown
    ) => {
      await mutate(world, method, path, body)
      await inForce(step, expected)
      seen.push(expected)
    }

    t.same((await revisionsOf(world, name)).map(({ name, percent }) => [name, percent]), [[blue,
      100]])
    seen.push('00001=100')
    await stepTo('the challenger', '00001=75, 00002=25 green', 'POST',
      `/models/${name}/revisions?wait=90`, {
        image: writeoff(world, '2.0'),
        tag: 'green',
        percent: 25
      })
    t.same((await revisionsOf(world, name)).map(({ name, percent, tags }) => [name, percent, tags]),
      [[green, 25, ['green']], [blue, 75, []]])
    await stepTo('tags', '00001=75 blue, 00002=25 green', 'PUT', traffic, table(75))
    await stepTo('the flip', '00001=25 blue, 00002=75 green', 'PUT', traffic, table(25))
    await stepTo('promote', '00001=0 blue, 00002=100 green', 'POST',
      `/models/${name}/promote?wait=60`, { tag: 'green' })

    const refused = async (reason: RegExp) => {
      const { status, body } = await ask<ProblemAnswer>(world, 'DELETE',
        `/models/${name}/revisions/${blue}`)
      t.same([status, body.type], [409, '/problems/revision-in-use'], JSON.stringify(body))
      t.match(body.detail, reason)
    }
    await refused(/is in the traffic table/)
    await mutate(world, 'PUT', traffic, [{ revision: green, percent: 100 }])
    await inForce('the tags are gone', '00002=100')
    await refused(/rollback needs/)

    for (const earlier of seen.toReversed()) {
      await mutate(world, 'POST', `/models/${name}/rollback?wait=60`)
      await inForce(`rollback to "${earlier}"`, earlier)
    }
    const over = await ask<ProblemAnswer>(world, 'POST', `/models/${name}/rollback`)
    t.same([over.status, over.body.type], [409, '/problems/nothing-to-roll-back'],
      JSON.stringify(over.body))

    await mutate(world, 'POST', `/models/${name}/promote?wait=60`, { revision: green })
    await refused(/rollback needs/)
    await mutate(world, 'DELETE', `/models/${name}/revisions/${blue}?forget=true`)
    t.equal((await world.kube.call('GET', `${REVISIONS}/${blue}`)).status, 404, 'deleted for real')
    await inForce('blue is deleted', '00002=100')
    t.same((await trafficOf(world, name)).history, [])
  })

  t.test('what rollback needs is kept from garbage collection, and let go with its table', async t => {
    const name = await withGreen(t, world, 'nogc', 0)
    const isKept = async () => {
      const { body: { metadata } } = await world.kube.call('GET', `${REVISIONS}/${name}-00001`)
      return metadata.annotations?.['serving.knative.dev/no-gc']
    }
    await mutate(world, 'PUT', `/models/${name}/traffic?wait=60`, [{
      revision: `${name}-00002`,
      percent: 100
    }])
    t.equal(await isKept(), 'true')
    for (const percent of Array.from({ length: 11 }, (_, index) => index)) {
      await mutate(world, 'PUT', `/models/${name}/traffic`, [{
        revision: `${name}-00002`,
        percent: 100 - percent,
        tag: 'a'
      }, { revision: `${name}-00002`, percent, tag: 'b' }])
    }
    t.equal(await isKept(), undefined, 'no table that is remembered names it')
  })

  t.test('a change of a pinned model\'s template is refused: it would get no traffic', async t => {
    const name = await withGreen(t, world, 'pinned', 0)
    const { status, body } = await ask<ProblemAnswer>(world, 'PATCH', `/models/${name}`, {
      image: writeoff(world, '2.0-slow')
    })
    t.same([status, body.type], [409, '/problems/model-pinned'], JSON.stringify(body))
    t.match(body.remedy, new RegExp(`POST /models/${name}/revisions`))
    t.equal((await revisionsOf(world, name)).length, 2)
  })

  t.test('with rolloutSeconds a new revision gets its traffic by and by, and the model says so', async t => {
    const name = await deployedWriteoff(t, world, 'gradual', { rolloutSeconds: ROLLOUT_SECONDS })
    const fields = { image: writeoff(world, '2.0'), rolloutSeconds: ROLLOUT_SECONDS }
    t.equal((await ask(world, 'PUT', `/models/${name}`, fields)).status, 200)
    const between = await modelUntil(world, name, 'has traffic on both revisions',
      model => servingRows(model).length === 2) as WithTraffic
    t.equal(between.status.phase, 'Deploying', JSON.stringify(between.status))
    t.match(between.status.explanation.summary,
      new RegExp(`^traffic is moving: ${name}-00001 has \\d+ %, ${name}-00002 has \\d+ %`))
    const { headers, rows } = await scoreWriteoff(world, name, [writeoffRows(0, 20)])
    t.same(rows.filter(({ error }) => error !== ''), [], headers.get('scoring-revisions') ?? '')
    await modelUntil(world, name, 'has moved on',
      model =>
        servingRows(model).some(({ revision, percent }) =>
          revision === `${name}-00002` && percent > 20
        ))
    const done = await modelUntil(world, name, 'is done', ({ status }) => status.ready)
    t.same(servingRows(done).map(({ revision, percent }) => [revision, percent]), [[`${name}-00002`,
      100]])
    t.equal(conditionOf(await world.kube.ksvc(name), 'Ready'), 'True')
    await scoresAsTable(t, world, name, 50, 'the rollout')
  })

  abScoringContract(t, world)
}

type WithTraffic = ModelAnswer & {
  readonly traffic: ReadonlyArray<{ revision: string, percent: number }>
}

const servingRows = (model: ModelAnswer) =>
  (model as WithTraffic).traffic.filter(({ percent }) => percent > 0)
