import type { Test } from 'tap'
import {
  ask,
  until,
  type ModelAnswer,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'
import { sized } from '../../support/size.js'
import {
  binomialBounds,
  byVersion,
  deployedWriteoff,
  faultsOf,
  mutate,
  revisionsOf,
  scoresAsTable,
  scoreWriteoff,
  tableText,
  trafficOf,
  withGreen,
  writeoff,
  writeoffRows
} from './ab-support.js'

const CALLS = sized(2_000, 480)
const AT_ONCE = 16
const ROWS = 2_000

/** Who scores a row, while nothing happens and while everything does. */
export function abScoringContract (t: Test, world: World): void {
  t.test(`${CALLS} single rows through an 80/20 table land within the binomial 99.9 % bounds`, async t => {
    const name = await withGreen(t, world, 'spread', 20)
    const data = { BALANCE: 5200, MONTHS_LATE: 1, UTILIZATION: 0.4, SEGMENT: 'RETAIL' }
    const versions: string[] = []
    const caller = async () => {
      for (let left = CALLS / AT_ONCE; left > 0; left--) {
        const { status, body } = await ask<{ data: { MODEL_VERSION: string } }>(world, 'POST',
          `/models/${name}/score`, { data })
        versions.push(
          status === 200 ? body.data.MODEL_VERSION : `${status} ${JSON.stringify(body)}`
        )
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, caller))
    const counts = byVersion(versions)
    const [low, high] = binomialBounds(CALLS, 0.2, 0.0005)
    t.same(Object.keys(counts).sort(), ['1.0', '2.0'], JSON.stringify(counts))
    const challenger = counts['2.0'] ?? 0
    t.ok(low <= challenger && challenger <= high,
      `${challenger} of ${CALLS} rows on the challenger; bounds ${low} to ${high}`)
  })

  t.test('tag= and revision= score on that revision only, whatever its share', async t => {
    const name = await withGreen(t, world, 'tag', 0)
    const versions = async (query: string) => {
      const { rows } = await scoreWriteoff(world, name, [writeoffRows(0, 100)], query)
      return byVersion(rows.map(({ version }) => version))
    }
    t.same(await versions('&tag=green'), { '2.0': 100 })
    t.same(await versions(`&revision=${name}-00002`), { '2.0': 100 })
    t.same(await versions(''), { '1.0': 100 })
    await mutate(world, 'POST', `/models/${name}/promote?wait=60`, { tag: 'green' })
    t.same(await versions('&tag=green'), { '2.0': 100 })
    t.same(await versions(''), { '2.0': 100 })
  })

  t.test('a challenger whose image does not exist takes no row of a file that is being scored, and says why', async t => {
    const name = await deployedWriteoff(t, world, 'nochallenger')
    const fails = async () =>
      await ask<ProblemAnswer>(world, 'POST', `/models/${name}/revisions?wait=90`, {
        image: `${world.imagePrefix}/no_such_model:1.0`,
        tag: 'green',
        percent: 20
      })
    const scored = await scoreWriteoff(world, name, (async function * () {
      yield writeoffRows(0, ROWS / 2)
      const { status, body } = await fails()
      t.same([status, body.type], [422, '/problems/model-failed'], JSON.stringify(body))
      t.match(body.detail, /goes on serving; .*image.*no_such_model:1\.0/)
      yield writeoffRows(ROWS / 2, ROWS / 2)
    })())
    t.same(faultsOf(scored, ROWS), [])
    t.same(byVersion(scored.rows.map(({ version }) => version)), { '1.0': ROWS })
    const { traffic } = await trafficOf(world, name)
    t.same(traffic.map(({ revision, percent }) => [revision, percent]), [[`${name}-00001`, 100]])
    t.same((await revisionsOf(world, name)).map(({ name, ready }) => [name, ready]).at(-1), [
      `${name}-00001`,
      true
    ])

    await mutate(world, 'POST', `/models/${name}/revisions?wait=90`, {
      image: writeoff(world, '2.0'),
      tag: 'green',
      percent: 20
    })
    await scoresAsTable(t, world, name, 100,
      'the next challenger, which takes the tag and the share of the failed one')
    t.equal(tableText((await trafficOf(world, name)).traffic), '00001=80, 00003=20 green')
  })

  t.test('traffic that moves in the middle of a file loses and reorders no row', async t => {
    const name = await withGreen(t, world, 'shift', 0)
    const scored = await scoreWriteoff(world, name, (async function * () {
      yield writeoffRows(0, ROWS / 2)
      await mutate(world, 'POST', `/models/${name}/promote?wait=60`, { tag: 'green' })
      yield writeoffRows(ROWS / 2, ROWS / 2)
    })())
    t.same(faultsOf(scored, ROWS), [])
    const scoredBy = byVersion(
      scored.rows.map(({ version }) =>
        version === '1.0' ? `${name}-00001` : version === '2.0' ? `${name}-00002` : version
      )
    )
    const found = Object.entries(scoredBy).map(([revision, rows]) => `${revision}=${rows}`).join(
      ', '
    )
    t.match(found, new RegExp(`^(${name}-0000[12]=\\d+(, )?)+$`))
    const told = scored.headers.get('scoring-revisions')
    t.ok(told === null || told === found, `the answer tells ${told}, the rows ${found}`)
    await scoresAsTable(t, world, name, 50, 'the promotion')
  })

  t.test('after each of some random mutations, rows are scored as the table says', async t => {
    const name = await deployedWriteoff(t, world, 'random')
    const random = seeded(20_261)
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
    const challenge = async () =>
      await ask<object>(world, 'POST', `/models/${name}/revisions?wait=90&redeploy=true`, {
        image: writeoff(world, pick(['1.0', '2.0'])),
        tag: pick(['blue', 'green']),
        percent: pick([0, 30, 50])
      })
    const revisions = async () =>
      (await revisionsOf(world, name)).filter(({ ready }) => ready === true).map(({ name }) => name)
    const split = async () => {
      const [a, b, percent] = [pick(await revisions()), pick(await revisions()), pick([0, 20, 60])]
      return await ask<object>(world, 'PUT', `/models/${name}/traffic?wait=60`, a === b
        ? [{ revision: a, percent: 100 }]
        : [{ revision: a, percent, tag: 'blue' }, { revision: b, percent: 100 - percent }])
    }
    const promote = async () =>
      await ask<object>(world, 'POST', `/models/${name}/promote?wait=60`, {
        revision: pick(await revisions())
      })
    const rollback = async () =>
      await ask<object>(world, 'POST', `/models/${name}/rollback?wait=60`)
    const patch = async () =>
      await ask<object>(world, 'PATCH', `/models/${name}?wait=90&traffic=latest`, {
        image: writeoff(world, pick(['1.0', '2.0'])),
        env: [{ name: 'ROUND', value: String(random()) }]
      })
    const remove = async () =>
      await ask<object>(world, 'DELETE',
        `/models/${name}/revisions/${pick(await revisions())}?forget=true`)
    const mutations = { challenge, split, promote, rollback, patch, remove }
    await challenge()
    for (let round = 1; round <= 8; round++) {
      const kind = pick(Object.keys(mutations) as Array<keyof typeof mutations>)
      const { status, body } = await mutations[kind]()
      const step = `round ${round}, ${kind}: ${status}`
      t.ok([200, 201, 204, 409].includes(status), `${step} ${JSON.stringify(body)}`)
      await until(`${name} is ready after ${step}`, async () =>
        (await ask<ModelAnswer>(world, 'GET', `/models/${name}`)).body, ({ status }) =>
        status.ready)
      await scoresAsTable(t, world, name, 50, step)
    }
  })
}

/**
 * Random numbers 0 <= x < 1, the same for the same seed (a linear congruential generator, Numerical
 * Recipes).
 */
function seeded (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
