import t from 'tap'
import { stubbornPost } from '../support/caller.js'
import { deploy, echo } from '../support/model-program.js'
import { startService } from '../support/own-service.js'
import { openSimulator } from '../support/service.js'
import { sized } from '../support/size.js'

// The service's heap before and after many scored files, in a process of its own where garbage is
// collected on demand.

const FILES = sized(2_000, 400)
/** Code is compiled, and what is remembered is full: the service keeps 500 ended scorings. */
const WARM_UP = 600
const MOST_BYTES = 1_000_000
const ROWS = 20
const IMAGE = 'registry.demo/echo:1'

t.test(`${FILES} scored files leave nothing behind in the heap`, { timeout: 600_000 }, async t => {
  const { cluster } = await openSimulator(t, {
    timing: { podStartMs: 50 },
    programs: { [IMAGE]: echo({ X: 'number', C: 'string' }).listener }
  })
  const service = await startService(t, cluster, 'heap-reporter.js', ['--expose-gc'])
  const { url } = service
  await deploy(service, 'm', { image: IMAGE })
  const body = 'X,C\n' + Array.from({ length: ROWS }, (_, row) => `${row},c${row}\n`).join('')
  const scoreFiles = async (count: number) => {
    for (let file = 0; file < count; file++) {
      const { status } = await stubbornPost(`${url}/models/m/score`, {
        headers: { 'content-type': 'text/csv' },
        body
      })
      if (status !== 200) throw new Error(`status ${status}`)
    }
  }
  await scoreFiles(WARM_UP)
  const before = await service.ask('report')
  await scoreFiles(FILES)
  const grown = await service.ask('report') - before
  t.ok(grown < MOST_BYTES, `the heap grew by ${grown} bytes, ${Math.round(grown / FILES)} a file`)
  t.comment(`the heap grew by ${grown} bytes, ${Math.round(grown / FILES)} a file`)
})
