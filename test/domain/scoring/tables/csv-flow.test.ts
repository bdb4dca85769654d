import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { deferred } from '../../../../src/async/deferred.js'
import { DomainError } from '../../../../src/domain/errors.js'
import { readCsv } from '../../../../src/domain/scoring/tables/csv-rows.js'
import { all, never } from '../support.js'

t.test('a reader that stops does not let the source be drained', async t => {
  let given = 0
  const source = (async function * () {
    yield Buffer.from('A,B\n')
    while (given < 50_000_000) {
      const piece = Buffer.from('1,2\n'.repeat(16_384))
      given += piece.length
      yield piece
    }
  })()
  const { rows } = await readCsv(source, { delimiter: ',' }, never())
  const reader = rows[Symbol.asyncIterator]()
  for (let batch = 0; batch < 2; batch++) await reader.next()
  for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
  t.ok(given <= 4 * 65_536, `after two batches ${given} bytes were taken`)
  await reader.return?.()
})

t.test('a reader that leaves closes the source', async t => {
  const closed = deferred()
  const source = (async function * () {
    try {
      yield Buffer.from('A,B\n')
      while (true) yield Buffer.from('1,2\n'.repeat(16_384))
    } finally {
      closed.resolve()
    }
  })()
  const { rows } = await readCsv(source, { delimiter: ',' }, never())
  const reader = rows[Symbol.asyncIterator]()
  await reader.next()
  await reader.return?.()
  await t.resolves(closed.promise)
})

t.test('a signal that fired before ends the reading with its reason', async t => {
  const reason = new DomainError('caller-gone', 'left')
  const source = new PassThrough()
  t.teardown(() => {
    source.destroy()
  })
  await t.rejects(readCsv(source, { delimiter: ',' }, AbortSignal.abort(reason)), reason)
})

t.test('a signal ends a read that is waiting for the source, with its reason', async t => {
  const reason = new DomainError('caller-gone', 'left')
  const stop = new AbortController()
  const source = new PassThrough()
  t.teardown(() => {
    source.destroy()
  })
  source.write('A,B\n1,2\n')
  const { rows } = await readCsv(source, { delimiter: ',' }, stop.signal)
  const waiting = all(rows)
  stop.abort(reason)
  await t.rejects(waiting, reason)
})

t.test('what the source fails with comes through unchanged', async t => {
  const failure = new DomainError('upload-too-large', 'too large')
  const source = (async function * () {
    yield Buffer.from('A,B\n1,2\n')
    throw failure
  })()
  await t.rejects(async () => await all((await readCsv(source, { delimiter: ',' }, never())).rows),
    failure)
})

t.test('a failure of the source before the header comes through unchanged', async t => {
  const failure = new DomainError('upload-stalled', 'stalled')
  const source = (async function * (): AsyncGenerator<Buffer, void, undefined> {
    throw failure
  })()
  await t.rejects(readCsv(source, { delimiter: ',' }, never()), failure)
})

t.test('blank lines between rows take time in proportion to their number', async t => {
  const blank = 200_000 // with an error for each, which holds those before it: many minutes
  const source = Readable.from([Buffer.from('A,B\n'), Buffer.alloc(blank, '\n'), Buffer.from('1,2\n')])
  const { rows } = await readCsv(source, { delimiter: ',' }, never())
  t.same((await all(rows)).flat(), [{ line: blank + 2, cells: ['1', '2'] }])
})
