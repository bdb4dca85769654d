import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import {
  KSVCS,
  ask,
  deployed,
  until,
  type ModelAnswer,
  type ProblemAnswer,
  type World
} from '../../support/contract.js'
import { sample, scoredBy } from '../scores.js'

/** How long a call waits that an API server does not answer. */
const CALL_LIMIT_MS = 15_000

export interface Outage {
  /** Longer than 45 s: then caches no longer count as fresh. */
  readonly lastsMs: number
  begin(): unknown
  end(): unknown
}

/**
 * A cluster's API that is away: a known model is scored all the while, a change is 503, and
 * afterwards all is as before.
 */
export async function livesThrough (
  t: Test,
  world: World,
  { lastsMs, begin, end }: Outage
): Promise<void> {
  const { name, changed, scoreMs } = await knownModel(t, world)
  await begin()
  const over = performance.now() + lastsMs
  const refused = changed({ description: 'while it is away' })
  const times: number[] = []
  while (performance.now() < over) {
    times.push(await scoreMs())
    await sleep(500)
  }
  const median = times.sort((a, b) => a - b)[times.length >> 1] ?? Infinity
  t.ok(median < CALL_LIMIT_MS / 2,
    `scores don't wait for the API: the median took ${Math.round(median)} ms`)
  const { status, headers, body } = await refused
  t.match({ status, type: body.type }, { status: 503, type: '/problems/cluster-unreachable' },
    JSON.stringify(body))
  t.ok(Number(headers.get('retry-after')) > 0)
  t.equal((await fetch(`${world.service}/readyz`)).status, 200, 'the service stays in service')

  await end()
  await until('a change is made again', async () => await changed({ labels: { seen: 'yes' } }),
    ({ status }) => status === 200)
  await isListed(world, name, 'seen')
}

/**
 * The cluster's store is restarted: a known model is scored all the while, a change is made at
 * last, and what others change is seen.
 */
export async function livesThroughRestart (
  t: Test,
  world: World,
  restart: () => Promise<unknown>
): Promise<void> {
  const { name, changed, scoreMs } = await knownModel(t, world)
  let scores = 0
  const over = restart().then(() => true)
  const change = until('a change is made', async () => await changed({ labels: { ours: 'yes' } }),
    ({ status }) => status === 200)
  while (!await Promise.race([over, scoreMs().then(() => false)])) scores++
  t.ok(scores > 0, 'it was scored meanwhile')
  await change
  await until('others can change it',
    async () =>
      await world.kube.call('PATCH', `${KSVCS}/${name}`, {
        metadata: { labels: { theirs: 'yes' } }
      }, 'application/merge-patch+json'), ({ status }) => status === 200)
  await isListed(world, name, 'ours')
  await isListed(world, name, 'theirs')
}

/** A model that was scored. Each score after that has to be right. */
async function knownModel (t: Test, world: World) {
  const name = await deployed(t, world, 'outage', { scaling: { minScale: 1 } })
  const csv = await sample()
  const expected = scoredBy('sr_hmeq_logreg:1.0', csv)
  const scoreMs = async (): Promise<number> => {
    const start = performance.now()
    const response = await fetch(`${world.service}/models/${name}/score`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: csv
    })
    const text = await response.text()
    if (response.status !== 200 || text !== expected) { throw new Error(`a score was ${response.status}: ${text.slice(0, 300)}`) }
    return performance.now() - start
  }
  await scoreMs()
  const changed = async (fields: object) =>
    await ask<ModelAnswer & ProblemAnswer>(world, 'PATCH', `/models/${name}`, fields)
  return { name, scoreMs, changed }
}

async function isListed (world: World, name: string, label: string): Promise<void> {
  const listed = async () => {
    const response = await fetch(`${world.service}/models?labelSelector=${label}%3Dyes`)
    return { stale: response.headers.get('cache-status'), text: await response.text() }
  }
  await until(`the list shows it by its label ${label}, from its caches`, listed,
    ({ stale, text }) => stale === null && text.includes(`"${name}"`))
}
