import { existsSync, readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { AnswerSpool } from '../../../src/http/transfer/answer-spool.js'
import { SpoolArea } from '../../../src/http/transfer/spool-area.js'
import { failsWith } from '../../domain/scoring/support.js'

const MEBIBYTE = 1024 * 1024
const DONE = new Error('done')

function openArea (t: Test, maxBytes = 64 * MEBIBYTE): { area: SpoolArea, dir: string } {
  const dir = `${t.testdir()}/spool`
  return { area: new SpoolArea(dir, maxBytes), dir }
}

function openSpool (t: Test, area: SpoolArea): AnswerSpool {
  const spool = new AnswerSpool(area)
  t.teardown(async () => {
    await spool.close(DONE)
  })
  return spool
}

/** Texts that tell their order, `size` characters each. */
const piece = (number: number, size: number) => `${number},`.padEnd(size, 'x')

async function text (spool: AnswerSpool): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of spool.read()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

for (
  const [it, count, size, onDisk] of [['small', 10, 1_000, false], ['just fitting memory', 4,
    65_536, false], ['larger than memory', 50, 100_000, true], ['of one large piece', 1, 5_000_000,
    true]] as const
) {
  t.test(`an answer ${it} is read in the order it was written, ${onDisk ? 'by way of' : 'without'} the disk`, async t => {
    const { area, dir } = openArea(t)
    const spool = openSpool(t, area)
    const pieces = Array.from({ length: count }, (_, number) => piece(number, size))
    for (const one of pieces) await spool.write(one)
    spool.end()
    t.equal(area.usedBytes > 0, onDisk)
    t.equal(existsSync(dir), onDisk)
    t.ok(await text(spool) === pieces.join(''), 'what was read is what was written')
    t.equal(spool.size, count * size)
  })
}

t.test('characters are counted in bytes', async t => {
  const spool = openSpool(t, openArea(t).area)
  await spool.write('é漢😀')
  spool.end()
  t.equal(spool.size, 9)
  t.equal(await text(spool), 'é漢😀')
})

t.test('nothing is left in the folder, not even while an answer waits', async t => {
  const { area, dir } = openArea(t)
  const spool = openSpool(t, area)
  await spool.write('x'.repeat(2 * MEBIBYTE))
  t.same(readdirSync(dir), [])
})

t.test('closing gives the disk back', async t => {
  const { area } = openArea(t)
  const spool = new AnswerSpool(area)
  await spool.write('x'.repeat(2 * MEBIBYTE))
  t.equal(area.usedBytes, 2 * MEBIBYTE)
  await spool.close(DONE)
  t.equal(area.usedBytes, 0)
})

t.test('closing twice gives the disk back once', async t => {
  const { area } = openArea(t)
  const [spool, other] = [new AnswerSpool(area), openSpool(t, area)]
  for (const one of [spool, other]) await one.write('x'.repeat(2 * MEBIBYTE))
  await Promise.all([spool.close(DONE), spool.close(DONE)])
  t.equal(area.usedBytes, 2 * MEBIBYTE)
})

t.test('the cap is for all answers together, and room that is given back can be used', async t => {
  const { area } = openArea(t, 5 * MEBIBYTE)
  const [first, second] = [new AnswerSpool(area), openSpool(t, area)]
  await first.write('x'.repeat(3 * MEBIBYTE))
  await failsWith(t, async () => await second.write('y'.repeat(3 * MEBIBYTE)), 'spool-full',
    /more than the 1677721 bytes of disk that are left to it: SPOOL_MAX_BYTES is 5242880, other requests hold 3145728/)
  await first.close(DONE)
  await second.close(DONE)
  t.equal(area.usedBytes, 0)
  const third = openSpool(t, area)
  await third.write('z'.repeat(4 * MEBIBYTE))
  t.equal(area.usedBytes, 4 * MEBIBYTE)
})

t.test('what is written while it is read comes after what was there', async t => {
  const spool = openSpool(t, openArea(t).area)
  const pieces = Array.from({ length: 60 }, (_, number) => piece(number, 100_000))
  for (const one of pieces.slice(0, 30)) await spool.write(one)
  const read = text(spool)
  for (const one of pieces.slice(30)) await spool.write(one)
  spool.end()
  t.ok(await read === pieces.join(''), 'what was read is what was written')
})

t.test('a reader that is slow holds the writer', async t => {
  const spool = openSpool(t, openArea(t).area)
  const reader = spool.read()
  await spool.write('x')
  await reader.next()
  let written = 0
  const writing = (async () => {
    for (; written < 100; written++) await spool.write(piece(written, 65_536))
    spool.end()
  })()
  for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
  t.ok(written <= 5, `${written} pieces of 64 KiB were taken without being read`)
  while ((await reader.next()).done !== true);
  await writing
  t.equal(written, 100)
})

for (const [it, first] of [['memory', 'x'], ['the disk', 'x'.repeat(2 * MEBIBYTE)]] as const) {
  t.test(`closing ends a reader of ${it} that waits, with the reason`, async t => {
    const spool = openSpool(t, openArea(t).area)
    await spool.write(first)
    const ended = t.rejects(text(spool), { message: 'broken off' })
    await new Promise(resolve => setImmediate(resolve))
    await spool.close(new Error('broken off'))
    await ended
  })
}

t.test('closing ends a writer that waits for its reader, with the reason', async t => {
  const spool = openSpool(t, openArea(t).area)
  const reader = spool.read()
  await spool.write('x')
  await reader.next()
  const ended = t.rejects((async () => {
    while (true) await spool.write(piece(0, 65_536))
  })(), { message: 'the caller left' })
  await spool.close(new Error('the caller left'))
  await ended
})

for (const turns of [0, 1, 2, 3, 5, 8]) {
  t.test(`closing while the disk is being written keeps nothing, ${turns} turns after`, async t => {
    const { area } = openArea(t)
    const spool = new AnswerSpool(area)
    const ended = t.rejects((async () => {
      while (true) await spool.write(piece(0, 2 * MEBIBYTE))
    })(), { message: 'the caller left' })
    for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
    await spool.close(new Error('the caller left'))
    await ended
    t.equal(area.usedBytes, 0)
  })
}
