import t from 'tap'
import { stubbornPost } from '../../support/caller.js'
import { echo } from '../../support/model-program.js'
import { CSV, NOTE, spooling } from './spooling.js'

t.test('a hundred uploads at once each get their own rows, and leave nothing', async t => {
  const service = await spooling(t, echo({ X: 'number' }))
  const answers = await Promise.all(Array.from({ length: 100 }, async (_, index) => {
    const csv = 'X,NOTE\n' +
      Array.from({ length: 6 }, (_, row) => `${index * 1_000 + row},${NOTE}\n`).join('')
    return await stubbornPost(service.scoreUrl(), { headers: CSV, body: csv })
  }))
  for (const [index, { status, whole, body }] of answers.entries()) {
    const expected = 'X,NOTE,OUT_X,_error\n' +
      Array.from({ length: 6 }, (_, row) =>
        `${index * 1_000 + row},${NOTE},${index * 1_000 + row},\n`).join('')
    t.ok(status === 200 && whole && body === expected, `upload ${index}`)
  }
  await service.nothingIsLeft()
})
