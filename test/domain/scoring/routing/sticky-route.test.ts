import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { stickyRoute, type Candidate } from '../../../../src/domain/scoring/routing/sticky-route.js'

const keys = Array.from({ length: 4_000 }, (_, index) => `C-${index}`)

/** `'a=90 b=10'` */
const table = (text: string): Candidate[] =>
  text.split(' ').map(word => ({ name: word.split('=')[0]!, percent: Number(word.split('=')[1]) }))
const placed = (candidates: readonly Candidate[]) =>
  new Map(keys.map(key => [key, stickyRoute(candidates, key).name]))

/** Percents above 0 that total 100, of revisions m-1, m-2 … */
const candidates = (most: number) =>
  fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: most - 1 }).map(
    cuts => {
      const ends = [...cuts.sort((a, b) => a - b), 100]
      return ends.map((end, index) => ({
        name: `m-${index + 1}`,
        percent: end - (ends[index - 1] ?? 0)
      }))
    }
  )

t.test('shares of many keys are within five standard deviations of the percents', async t => {
  t.doesNotThrow(() =>
    fc.assert(fc.property(candidates(4), table => {
      const where = [...placed(table).values()]
      for (const { name, percent } of table) {
        const expected = keys.length * percent / 100
        const found = where.filter(other => other === name).length
        assert.ok(Math.abs(found - expected) <= 5 * Math.sqrt(expected * (1 - percent / 100)),
          `${name} has ${found} of ${keys.length}, not ${percent}%`)
      }
    }), { numRuns: 20 })
  )
})

t.test('a key\'s revision depends on nothing but the key and the table, in any order of its rows', async t => {
  t.doesNotThrow(() =>
    fc.assert(fc.property(candidates(5), fc.string(), (table, key) => {
      assert.equal(stickyRoute(table, key).name, stickyRoute([...table].reverse(), key).name)
    }))
  )
})

t.test('when percents move, a key moves only to a revision whose share grew relative to the one it leaves', async t => {
  const percents = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 4, maxLength: 4 })
  t.doesNotThrow(() =>
    fc.assert(fc.property(percents, percents, fc.string(), (before, after, key) => {
      const at = (percents: readonly number[]) =>
        stickyRoute(percents.map((percent, index) => ({ index, name: `m-${index}`, percent })), key)
          .index
      const [from, to] = [at(before), at(after)]
      if (from !== to) { assert.ok(after[to]! / before[to]! > after[from]! / before[from]!, `from ${from} to ${to}`) }
    }), { numRuns: 2_000 })
  )
})

t.test('of two revisions only the one that shrinks loses keys, and no more than its percents', async t => {
  const share = fc.integer({ min: 0, max: 100 })
  t.doesNotThrow(() =>
    fc.assert(fc.property(share, share, (before, after) => {
      const at = (percent: number) =>
        placed(table(`a=${percent} b=${100 - percent}`).filter(({ percent }) => percent > 0))
      const [was, is] = [at(before), at(after)]
      const moved = keys.filter(key => was.get(key) !== is.get(key))
      assert.deepEqual([...new Set(moved.map(key => is.get(key)))],
        moved.length === 0 ? [] : [after > before ? 'a' : 'b'])
      const expected = keys.length * Math.abs(after - before) / 100
      assert.ok(Math.abs(moved.length - expected) <= 5 * Math.sqrt(keys.length) / 2,
        `${moved.length} moved, ${expected} expected`)
    }), { numRuns: 20 })
  )
})

t.test('a new revision takes keys from the others and moves none between them', async t => {
  const was = placed(table('a=60 b=40'))
  const is = placed(table('a=45 b=30 c=25'))
  t.same([...new Set(keys.filter(key => was.get(key) !== is.get(key)).map(key => is.get(key)))], [
    'c'
  ])
})

t.test('a revision that leaves gives its keys away and moves no other', async t => {
  const was = placed(table('a=45 b=30 c=25'))
  const is = placed(table('a=60 b=40'))
  t.same([...new Set(keys.filter(key => was.get(key) !== is.get(key)).map(key => was.get(key)))], [
    'c'
  ])
})
