import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { ask, deployed, until, type ModelAnswer, type ProblemAnswer, type World } from '../support/contract.js'
import { sample, scoredBy } from './scores.js'

/** How long a call waits that an API server does not answer. */
const CALL_LIMIT_MS = 15_000

export interface Outage {
  /** Longer than 45 s: then caches no longer count as fresh. */
  readonly lastsMs: number
  begin (): unknown
  end (): unknown
}

/** A cluster's API that is away: a known model is scored all the while, a change is 503, and afterwards all is as before. */
export async function livesThrough (t: Test, world: World, { lastsMs, begin, end }: Outage): Promise<void> {
  const name = await deployed(t, world, 'outage', { scaling: { minScale: 1 } })
  const csv = await sample()
  const expected = scoredBy('sr_hmeq_logreg:1.0', csv)
  const score = async () => {
    const start = performance.now()
    const response = await fetch(`${world.service}/models/${name}/score`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: csv })
    return { status: response.status, text: await response.text(), ms: performance.now() - start }
  }
  const changed = async (fields: object) => await ask<ModelAnswer & ProblemAnswer>(world, 'PATCH', `/models/${name}`, fields)
  t.equal((await score()).text, expected)

  await begin()
  const over = performance.now() + lastsMs
  const refused = changed({ description: 'while it is away' })
  const times: number[] = []
  while (performance.now() < over) {
    const { status, text, ms } = await score()
    times.push(ms)
    if (status !== 200 || text !== expected) throw new Error(`a score was ${status}: ${text.slice(0, 300)}`)
    await sleep(500)
  }
  const median = times.sort((a, b) => a - b)[times.length >> 1] ?? Infinity
  t.ok(median < CALL_LIMIT_MS / 2, `scores don't wait for the API: the median took ${Math.round(median)} ms`)
  const { status, headers, body } = await refused
  t.match({ status, type: body.type }, { status: 503, type: '/problems/cluster-unreachable' }, JSON.stringify(body))
  t.ok(Number(headers.get('retry-after')) > 0)
  t.equal((await fetch(`${world.service}/readyz`)).status, 200, 'the service stays in service')

  await end()
  await until('a change is made again', async () => await changed({ labels: { seen: 'yes' } }), ({ status }) => status === 200)
  const listed = async () => {
    const response = await fetch(`${world.service}/models?labelSelector=seen%3Dyes`)
    return { stale: response.headers.get('cache-status'), text: await response.text() }
  }
  await until('the list shows it from its caches', listed, ({ stale, text }) => stale === null && text.includes(`"${name}"`))
}
