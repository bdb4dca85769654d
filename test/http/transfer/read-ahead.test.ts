import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { readAhead } from '../../../src/http/transfer/read-ahead.js'
import { SpoolArea } from '../../../src/http/transfer/spool-area.js'
import { until } from '../../support/model-program.js'

interface Source {
  readonly bytes: AsyncGenerator<Buffer, void, undefined>
  readonly read: () => number
  readonly isClosed: () => boolean
}

/** Numbered lines in chunks, as fast as they are read; then `failure`, if there is one. */
function source (chunks: number, chunkBytes: number, failure?: Error): Source {
  let read = 0
  let closed = false
  const bytes = (async function * (): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (; read < chunks;) {
        await new Promise(resolve => setImmediate(resolve))
        yield Buffer.from(`${read++},`.padEnd(chunkBytes, 'x'))
      }
      if (failure !== undefined) throw failure
    } finally {
      closed = true
    }
  })()
  return { bytes, read: () => read, isClosed: () => closed }
}

const expected = (chunks: number, chunkBytes: number) =>
  Array.from({ length: chunks }, (_, index) => `${index},`.padEnd(chunkBytes, 'x')).join('')

t.test('a source is read on while its reader pauses, and comes whole and in order', async t => {
  const area = new SpoolArea(t.testdir(), 100_000_000)
  const { bytes, read, isClosed } = source(300, 10_000)
  let text = ''
  for await (const chunk of readAhead(bytes, area)) {
    if (text === '') await until(read, count => count === 300)
    text += String(chunk)
  }
  t.ok(text === expected(300, 10_000), 'what was read is what was sent')
  t.ok(isClosed())
  t.equal(area.usedBytes, 0)
})

t.test('a reader that does not pause needs no disk', async t => {
  const area = new SpoolArea(t.testdir(), 100_000_000)
  const { bytes } = source(300, 10_000)
  let length = 0
  for await (const chunk of readAhead(bytes, area)) {
    assert.equal(area.usedBytes, 0)
    length += chunk.length
  }
  t.equal(length, 3_000_000)
})

t.test('without room on the disk it stands still, and nothing is lost', async t => {
  const area = new SpoolArea(t.testdir(), 400_000)
  const { bytes, read } = source(100, 10_000)
  let text = ''
  for await (const chunk of readAhead(bytes, area)) {
    if (text === '') {
      await until(() => area.usedBytes, used => used === 100_000) // a quarter
      await sleep(1_100) // two more steps, if it took them
      t.ok(read() <= 13, `${read()} chunks were read`)
    }
    text += String(chunk)
  }
  t.ok(text === expected(100, 10_000), 'what was read is what was sent')
  t.equal(area.usedBytes, 0)
})

t.test('a failure that is met while reading on reaches the reader, and the disk is given back', async t => {
  const area = new SpoolArea(t.testdir(), 100_000_000)
  const { bytes, isClosed } = source(50, 10_000, new Error('the caller left'))
  await t.rejects((async () => {
    const reader = readAhead(bytes, area)
    await reader.next()
    await until(isClosed, closed => closed)
    await reader.next()
  })(), { message: 'the caller left' })
  t.equal(area.usedBytes, 0)
})

t.test('a reader that leaves closes the source and gives the disk back', async t => {
  const area = new SpoolArea(t.testdir(), 100_000_000)
  const { bytes, isClosed } = source(1_000_000, 10_000)
  const reader = readAhead(bytes, area)
  await reader.next()
  await until(() => area.usedBytes, used => used > 0)
  await reader.return()
  await until(isClosed, closed => closed)
  t.equal(area.usedBytes, 0)
})

t.test('whatever pauses its reader makes, the bytes are the same', async t => {
  const dir = t.testdir()
  const somePauses = fc.array(fc.record({ at: fc.nat(60), ms: fc.constantFrom(0, 5, 600, 1_100) }),
    { maxLength: 2 })
  await t.resolves(
    fc.assert(
      fc.asyncProperty(somePauses, fc.integer({ min: 1, max: 400_000 }),
        async (pauses, chunkBytes) => {
          const { bytes } = source(60, chunkBytes)
          const area = new SpoolArea(dir, 8_000_000)
          const read: Buffer[] = []
          for await (const chunk of readAhead(bytes, area)) {
            for (const { at, ms } of pauses) if (at === read.length) await sleep(ms)
            read.push(chunk)
          }
          assert.equal(String(Buffer.concat(read)) === expected(60, chunkBytes), true)
          assert.equal(area.usedBytes, 0)
        }),
      { numRuns: 10 }
    )
  )
})
