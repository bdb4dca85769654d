import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { ask, modelUntil, newName, until, type World } from '../../support/contract.js'
import { binomialBounds, mutate, tableText, trafficOf } from '../ab/ab-support.js'
import { scored } from './models.js'
import { SAMPLE, scoredBy } from '../scores.js'

const [V1, V2] = ['sr_hmeq_logreg:1.0', 'sr_hmeq_logreg:2.0']
const SHARE = 30

/**
 * README's main job from end to end, every row checked; HMEQ_CSV names a larger file with the
 * sample's columns.
 */
export function storyContract (t: Test, world: World): void {
  t.test('create, score, sleep, score from cold, A/B, roll back, delete: every row is what the formula says', async t => {
    const csv = await readFile(process.env['HMEQ_CSV'] ?? SAMPLE, 'utf8')
    const byV1 = scoredBy(V1, csv)
    const rows = byV1.split('\n').length - 2
    const name = newName(t, world, 'story')
    const image = (nameAndTag: string) => `${world.imagePrefix}/${nameAndTag}`
    const table = async () => tableText((await trafficOf(world, name)).traffic)
    const same = async (when: string) => {
      const began = performance.now()
      const answer = await scored(world, name, csv)
      t.comment(`${rows} rows ${when}: ${Math.round(performance.now() - began)} ms`)
      t.same(differences(answer, byV1), [], when)
      t.ok(answer === byV1, `byte for byte the same ${when}`)
    }

    const created = await ask(world, 'POST', '/models?wait=90', {
      name,
      image: image(V1),
      scaling: { window: '6s' }
    })
    t.same([created.status, created.body.status.phase], [201, 'Ready'],
      JSON.stringify(created.body))
    await same('as created')

    const asleep = await modelUntil(world, name, 'has no pods',
      ({ status }) => status.replicas === 0)
    t.match(asleep.status.explanation.summary, /^asleep/)
    t.same(await world.kube.pods(name), [])
    await same('after a cold start')

    const [champion, challenger] = [`${name}-00001`, `${name}-00002`]
    await mutate(world, 'PUT', `/models/${name}/traffic?wait=60`, [{
      revision: champion,
      percent: 100,
      tag: 'champion'
    }])
    await mutate(world, 'POST', `/models/${name}/revisions?wait=90`, {
      image: image(V2),
      tag: 'challenger',
      percent: SHARE
    })
    t.equal(await table(), `00001=${100 - SHARE} champion, 00002=${SHARE} challenger`)
    const { answers, left } = splitByRevision(
      await scored(world, name, csv, '?route=mixed&revisionColumn=true')
    )
    t.same([...new Set(left)].sort(), [champion, challenger])
    const byV2 = scoredBy(V2, csv).split('\n')
    t.same(
      answers.filter((line, index) =>
        line !== (left[index] === challenger ? byV2 : byV1.split('\n'))[index + 1]
      ),
      [],
      'each row by its revision\'s formula'
    )
    const taken = left.filter(revision => revision === challenger).length
    const [low, high] = binomialBounds(rows, SHARE / 100, 1e-7)
    t.ok(taken >= low && taken <= high,
      `the challenger took ${taken} of ${rows} rows: ${low} to ${high} are ${SHARE} %`)

    await mutate(world, 'POST', `/models/${name}/rollback?wait=60`)
    t.equal(await table(), '00001=100 champion')
    await same('after rollback')

    t.equal((await ask(world, 'DELETE', `/models/${name}?wait=300`)).status, 204)
    t.equal((await ask(world, 'GET', `/models/${name}`)).status, 404)
    await until(`the pods of ${name} are gone`, async () => await world.kube.pods(name),
      pods => pods.length === 0)
  })
}

/** The first lines that differ, as pairs. */
function differences (answer: string, expected: string): string[][] {
  const lines = expected.split('\n')
  return answer.split('\n').flatMap((line, index) =>
    line === lines[index] ? [] : [[line, lines[index] ?? 'no line']]
  ).slice(0, 3)
}

/** Rows of an answer without their column _revision, and that column. No cell may be quoted. */
function splitByRevision (csv: string): { answers: string[], left: string[] } {
  const [header = '', ...lines] = csv.trimEnd().split('\n')
  const place = header.split(',').indexOf('_revision')
  const cells = lines.map(line => line.split(','))
  return {
    answers: cells.map(row => row.toSpliced(place, 1).join()),
    left: cells.map(row => row[place] ?? '')
  }
}
