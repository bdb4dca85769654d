// docs/operate.md against the service as it is.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { openSimulator, openTestService } from '../support/service.js'

t.test('docs/operate.md explains every metric that the service has, and no other', async t => {
  const { cluster } = await openSimulator(t)
  const { url } = await openTestService(t, cluster)
  const exposed = (await (await fetch(`${url}/metrics`)).text()).matchAll(
    /^# TYPE (scr_modelops_\w+) /gm
  )
  const explained = readFileSync('docs/operate.md', 'utf8').matchAll(
    /^\| `(scr_modelops_\w+)` \|/gm
  )
  const names = (found: Iterable<RegExpMatchArray>) => Array.from(found, ([, name]) => name).sort()
  t.same(names(explained), names(exposed))
})
