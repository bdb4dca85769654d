import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { prepareSpool, SpoolArea, type SpoolFile } from '../../../src/http/transfer/spool-area.js'
import { failsWith } from '../../domain/scoring/support.js'

const ours = () => `scr-modelops-${randomUUID()}.spool`

t.test('the start makes the folder, and leaves nothing in it', async t => {
  const dir = `${t.testdir()}/a/b`
  await prepareSpool(dir)
  t.strictSame(await readdir(dir), [])
  t.equal((await lstat(dir)).mode & 0o777, 0o700)
})

t.test('the start takes away what a crash left, and nothing else', async t => {
  const dir = t.testdir({
    [ours()]: 'rows',
    [ours()]: '',
    'notes.txt': 'a',
    [`${ours()}.bak`]: 'b',
    kept: { [ours()]: 'c' }
  })
  await writeFile(`${dir}/target`, 'd')
  const [link, folder] = [ours(), ours()]
  await symlink(`${dir}/target`, `${dir}/${link}`)
  await mkdir(`${dir}/${folder}`)
  await prepareSpool(dir)
  t.strictSame((await readdir(dir)).filter(name => !name.endsWith('.bak')).sort(),
    ['kept', 'notes.txt', folder, link, 'target'].sort())
  t.equal((await readdir(dir)).length, 6)
  t.equal((await readdir(`${dir}/kept`)).length, 1)
  t.equal(await readFile(`${dir}/target`, 'utf8'), 'd')
})

t.test('another process that starts in the same folder harms no file that is being written', async t => {
  const dir = t.testdir()
  const files = await Promise.all(Array.from({ length: 100 }, async (_, index) => {
    const [file] = await Promise.all([new SpoolArea(dir, 1_000).openFile(), prepareSpool(dir)])
    await file.append(Buffer.from(`rows of ${index}`))
    return file
  }))
  for (const [index, file] of files.entries()) {
    t.equal(String(await file.read(0)), `rows of ${index}`)
    await file.close()
  }
  t.strictSame(await readdir(dir), [])
})

t.test('a folder that can\'t be made ends the start with the setting\'s name, its value and what is allowed', async t => {
  const dir = `${t.testdir({ file: '' })}/file/spool`
  await t.rejects(prepareSpool(dir), {
    message:
      `bad configuration\n  SPOOL_DIR=${dir}: must be a folder in which files can be made (ENOTDIR: not a directory, mkdir '${dir}')`
  })
})

t.test('one file takes four fifths at most, so that there is room for another', async t => {
  const area = new SpoolArea(t.testdir(), 1_000)
  const [first, second] = [await area.openFile(), await area.openFile()]
  t.teardown(async () => {
    await Promise.all([first.close(), second.close()])
  })
  await first.append(Buffer.alloc(800))
  await failsWith(t, async () => await first.append(Buffer.alloc(1)), 'spool-full',
    /more than the 800 bytes/)
  await second.append(Buffer.alloc(160))
  await failsWith(t, async () => await second.append(Buffer.alloc(1)), 'spool-full',
    /more than the 160 bytes .* 1000, other requests hold 800/)
  await first.close()
  await second.append(Buffer.alloc(640))
})

t.test('files that grow side by side get equal shares', async t => {
  for (const count of [2, 5, 20]) {
    const area = new SpoolArea(t.testdir(), 1_000_000)
    const files = await Promise.all(
      Array.from({ length: count }, async () => await area.openFile())
    )
    let growing = files
    while (growing.length > 0) {
      const fits: SpoolFile[] = []
      for (const file of growing) {
        await file.append(Buffer.alloc(1_000)).then(() => fits.push(file), () => {})
      }
      growing = fits
    }
    const sizes = files.map(file => file.size)
    t.ok(Math.max(...sizes) - Math.min(...sizes) <= 2_000, `${count}: ${sizes.join(' ')}`)
    t.ok(Math.min(...sizes) >= 0.7 * 1_000_000 / count, `${count}: ${sizes.join(' ')}`)
    await Promise.all(files.map(async file => {
      await file.close()
    }))
    t.equal(area.usedBytes, 0)
  }
})

t.test('whatever files do, the cap holds, the count is right, and a new file finds room', async t => {
  const dir = t.testdir()
  const step = fc.record({
    file: fc.nat(4),
    does: fc.constantFrom('append', 'append', 'append', 'clear', 'close'),
    bytes: fc.nat(600)
  })
  await t.resolves(fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
    const area = new SpoolArea(dir, 1_000)
    const files = new Map<number, SpoolFile>()
    for (const { file: name, does, bytes } of steps) {
      const file = files.get(name) ?? await area.openFile()
      files.set(name, file)
      if (does === 'append') await file.append(Buffer.alloc(bytes)).catch(() => {})
      if (does === 'clear') await file.clear()
      if (does === 'close') {
        await file.close()
        files.delete(name)
      }
      assert.equal(area.usedBytes, [...files.values()].reduce((sum, { size }) => sum + size, 0))
      assert.ok(area.usedBytes < 1_000)
    }
    await Promise.all([...files.values()].map(async file => {
      await file.close()
    }))
    assert.equal(area.usedBytes, 0)
  }), { numRuns: 100 }))
})
