import t from 'tap'
import { post, startContainer } from './support.js'

t.test('a slow image takes 250 ms for an answer', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_tree:1.0-slow')
  const started = performance.now()
  t.equal((await post(`${url}/sr_hmeq_tree`, { data: {} })).status, 200)
  const tookMs = performance.now() - started
  t.ok(tookMs >= 245, `took ${tookMs} ms`)
})

t.test('a flaky image fails every 10th, 25th and 40th call in its own way and no two in a row', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_tree:1.0-flaky')
  const failures: string[] = []
  for (let call = 1; call <= 100; call++) {
    const outcome = await post(`${url}/sr_hmeq_tree`, { data: {} })
      .then(
        async res =>
          `${res.status} ${res.headers.get('content-type')} ${
            res.status === 200 ? '' : JSON.stringify(await res.text())
          }`,
        () => 'closed'
      )
    if (!outcome.startsWith('200 ')) failures.push(`${call}: ${outcome}`)
  }
  const busy = '503 text/plain "no executor is free\\n"'
  t.strictSame(failures, [
    `10: ${busy}`,
    `20: ${busy}`,
    '25: closed',
    `30: ${busy}`,
    '40: 500 null ""',
    '50: closed',
    `60: ${busy}`,
    `70: ${busy}`,
    '75: closed',
    '80: 500 null ""',
    `90: ${busy}`,
    '100: closed'
  ])
})

t.test('a flaky image answers every question about itself', async t => {
  const url = await startContainer(t, 'registry.demo/sr_hmeq_tree:1.0-flaky')
  const statuses = new Set<number>()
  for (let call = 1; call <= 40; call++) { statuses.add((await fetch(`${url}/sr_hmeq_tree/apiMeta/api`)).status) }
  t.strictSame([...statuses], [200])
})
