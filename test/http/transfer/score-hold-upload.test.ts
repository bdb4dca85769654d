// An upload that was read on to the disk while a slow model paused its reader, and had ended before
// the hold did: the answer's start then let go of the upload's reader, and the rows still on the
// disk were lost. Where they began with a whole line, the answer looked whole.
import t from 'tap'
import { deferred } from '../../../src/async/deferred.js'
import { deployed, program } from '../../support/model-program.js'

t.test('rows that wait on the disk when the answer begins to stream are all scored', async t => {
  const { promise: going, resolve: go } = deferred()
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    async score ({ row, index }) {
      if (index > 0) await going
      return { Y: row['X'] }
    }
  })
  const service = await deployed(t, model, { env: { HOLD_SECONDS: '1' } })
  // lines of 64 bytes: wherever 64 KiB end, a line ends near
  const lines = Array.from({ length: 6_000 },
    (_, index) => `${String(index).padStart(10)},${'x'.repeat(52)}`)
  const response = await fetch(service.scoreUrl(), {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: `${'X'.padStart(10)},${'T'.padEnd(52)}\n${lines.join('\n')}\n`
  })
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-length'), null, 'it streams')
  go()
  const answer = await response.text()
  t.equal(answer.trimEnd().split('\n').length, 1 + lines.length)
})
