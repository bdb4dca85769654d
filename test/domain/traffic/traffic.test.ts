import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  withAllOnLatest,
  withChallenger,
  withPromoted
} from '../../../src/domain/traffic/table-changes.js'
import { findTableFaults } from '../../../src/domain/traffic/table-rules.js'
import {
  findFailedUnserved,
  isSameTable,
  pinTable,
  revisionsIn,
  type PinnedTable
} from '../../../src/domain/traffic/traffic.js'
import { pinned, table, textOf, totalOf } from '../rollout/support.js'

const REVISIONS = [
  { name: 'm-00001', ready: true },
  { name: 'm-00002', ready: undefined },
  { name: 'm-00003', ready: false }
]

const faults: ReadonlyArray<{ it: string, given: string, to: string }> = [
  { it: 'all to one', given: 'm-00001=100', to: '' },
  { it: 'all to the latest', given: 'latest=100', to: '' },
  { it: 'a revision that is not decided yet', given: 'm-00001=50 m-00002=50', to: '' },
  { it: 'two tags on one revision', given: 'm-00001=60:blue m-00001=40:green', to: '' },
  { it: '0 % with a tag', given: 'm-00001=100 latest=0:next', to: '' },
  { it: 'too little', given: 'm-00001=60 m-00002=39', to: 'percent: the table totals 99, not 100' },
  { it: 'too much', given: 'm-00001=60 latest=41', to: 'percent: the table totals 101, not 100' },
  { it: 'nothing', given: '', to: 'percent: the table totals 0, not 100' },
  {
    it: 'an unknown revision',
    given: 'm-00009=100',
    to: '0.revision: m has no revision "m-00009"'
  },
  {
    it: 'another model\'s revision',
    given: 'm-00001=50 n-00001=50',
    to: '1.revision: m has no revision "n-00001"'
  },
  {
    it: 'a failed revision',
    given: 'm-00001=100 m-00003=0:c',
    to: '1.revision: the revision m-00003 failed and can\'t serve'
  },
  {
    it: 'a tag on two rows',
    given: 'm-00001=50:a m-00002=50:a',
    to: '1.tag: "a" is on more than one row'
  },
  {
    it: 'a tag that is no name',
    given: 'm-00001=100:Blue_1',
    to:
      '0.tag: "Blue_1" is not a tag: lower-case letters, digits and hyphens, a letter first, no hyphen last'
  },
  {
    it: 'a tag that is too long for its host',
    given: `m-00001=100:${'a'.repeat(62)}`,
    to: `0.tag: "${'a'.repeat(62)}" is too long: its host ${
      'a'.repeat(62)
    }-m would have 64 characters`
  },
  { it: 'the longest tag', given: `m-00001=100:${'a'.repeat(61)}`, to: '' },
  {
    it: 'several faults at once',
    given: 'm-00009=1:a m-00003=2:a',
    to:
      'percent: the table totals 3, not 100; 0.revision: m has no revision "m-00009"; 1.tag: "a" is on more than one row; 1.revision: the revision m-00003 failed and can\'t serve'
  }
]
for (const { it, given, to } of faults) {
  t.test(`a table with ${it} is ${to === '' ? 'accepted' : 'refused'}`, async t => {
    t.equal(
      findTableFaults(table(given), 'm', REVISIONS).map(({ field, detail }) =>
        `${field}: ${detail}`
      ).join('; '),
      to,
      `"${given}"`
    )
  })
}

const challenges: ReadonlyArray<
  { it: string, from: string, percent: number, tag?: string, to: string }
> = [
  { it: 'starts at 0 % beside a champion', from: 'a=100', percent: 0, to: 'a=100 x=0' },
  {
    it: 'takes its share from the champion',
    from: 'a=100',
    percent: 10,
    tag: 'c',
    to: 'a=90 x=10:c'
  },
  { it: 'takes its share in proportion', from: 'a=75 b=25', percent: 20, to: 'a=60 b=20 x=20' },
  {
    it: 'leaves what remains to the largest remainders',
    from: 'a=33 b=33 c=34',
    percent: 10,
    to: 'a=30 b=30 c=30 x=10'
  },
  {
    it: 'takes the tag that another row has',
    from: 'a=90 b=10:c',
    percent: 10,
    tag: 'c',
    to: 'a=81 b=9 x=10:c'
  },
  {
    it: 'replaces a row that had nothing but the tag',
    from: 'a=100 b=0:c',
    percent: 5,
    tag: 'c',
    to: 'a=95 x=5:c'
  },
  {
    it: 'leaves other tags at 0 %',
    from: 'a=100:blue b=0:green',
    percent: 100,
    to: 'a=0:blue b=0:green x=100'
  }
]
for (const { it, from, percent, tag, to } of challenges) {
  t.test(`a challenger ${it}`, async t => {
    t.equal(textOf(withChallenger(pinned(from), 'x', percent, tag)), to,
      `${percent} % beside "${from}"`)
  })
}

const promotions = [
  { it: 'a revision that had nothing', from: 'a=90 b=10', revision: 'x', to: 'x=100' },
  {
    it: 'a tagged one, which keeps its tag',
    from: 'a=90:blue b=10:green',
    revision: 'b',
    to: 'b=100:green a=0:blue'
  },
  {
    it: 'one with two tags, which keeps both',
    from: 'a=100 b=0:green b=0:next',
    revision: 'b',
    to: 'b=100:green b=0:next'
  }
]
for (const { it, from, revision, to } of promotions) {
  t.test(`promoting ${it}`, async t => {
    t.equal(textOf(withPromoted(pinned(from), revision)), to, `${revision} of "${from}"`)
  })
}

t.test('traffic to the latest keeps tags at 0 %', async t => {
  t.equal(textOf(withAllOnLatest(table('a=100:champion b=0'))), 'latest=100 a=0:champion')
})

t.test('a table by name has the latest ready revision for the latest, and leaves out rows that say nothing', async t => {
  t.equal(textOf(pinTable(table('latest=60 m-00001=0 latest=0:next m-00001=40'), 'm-00002') ?? []),
    'm-00002=60 m-00002=0:next m-00001=40')
  t.equal(pinTable(table('m-00001=60 latest=40'), undefined), undefined)
  t.equal(textOf(pinTable(table('m-00001=100 latest=0'), undefined) ?? []), 'm-00001=100')
})

t.test('tables are the same in any order and with rows that say nothing; a tag, a share or the latest makes another', async t => {
  t.ok(isSameTable(table('a=60:x b=40'), table('b=40 a=60:x c=0')))
  for (const other of ['a=60 b=40', 'a=61:x b=39', 'latest=60:x b=40', 'a=60:x b=40 c=0:y']) { t.notOk(isSameTable(table('a=60:x b=40'), table(other)), other) }
})

t.test('a table names each revision once, and the latest not at all', async t => {
  t.same(revisionsIn(table('a=50:x a=20:y latest=30 b=0')), ['a', 'b'])
})

t.test('a revision has failed unserved only if it failed and nothing goes to it', async t => {
  const traffic = [{ revision: 'm-00001', latest: false, percent: 100 }]
  const revisions = [
    { name: 'm-00001', ready: false },
    { name: 'm-00002', ready: false },
    { name: 'm-00003', ready: undefined },
    { name: 'm-00004', ready: true }
  ]
  t.same(findFailedUnserved(traffic, revisions), ['m-00002'])
})

const names = fc.constantFrom('m-1', 'm-2', 'm-3', 'm-4', 'm-5')
const tags = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined })
const READY = ['m-1', 'm-2', 'm-3', 'm-4', 'm-5'].map(name => ({ name, ready: true }))

/** Shares that total 100, a tag on one row only. */
const accepted: fc.Arbitrary<PinnedTable> = fc.uniqueArray(
  fc.record({ revision: names, tag: tags, cut: fc.nat(100) }),
  {
    minLength: 1,
    selector: ({ tag, revision }) => tag ?? revision
  }
).map(rows => {
  const cuts = [...rows.slice(1).map(({ cut }) => cut).sort((a, b) => a - b), 100]
  return rows.map(({ revision, tag }, i) => {
    const percent = cuts[i]! - (cuts[i - 1] ?? 0)
    return { latest: false, revision, percent, ...(tag === undefined ? {} : { tag }) }
  })
})
const step = fc.oneof(
  fc.record({
    does: fc.constant('challenge' as const),
    revision: names,
    percent: fc.nat(99),
    tag: tags
  }),
  fc.record({ does: fc.constant('promote' as const), revision: names }),
  fc.record({ does: fc.constant('set' as const), table: accepted })
)

t.test('any sequence of challengers, promotions and new tables from an accepted table is an accepted table', async t => {
  t.doesNotThrow(() => {
    fc.assert(fc.property(accepted, fc.array(step, { maxLength: 12 }), (start, steps) => {
      let now = start
      for (const step of steps) {
        if (step.does === 'set') now = step.table
        else {
          now = step.does === 'promote'
            ? withPromoted(now, step.revision)
            : withChallenger(now, step.revision, step.percent, step.tag)
        }
        assert.deepEqual(findTableFaults(now, 'm', READY), [], textOf(now))
        assert.ok(now.every(({ percent }) => Number.isInteger(percent) && percent >= 0),
          textOf(now))
      }
    }), { numRuns: 500 })
  })
})

t.test('a challenger gets exactly its share and tag, and each other row its own share of the rest to less than one percent', async t => {
  t.doesNotThrow(() => {
    fc.assert(fc.property(accepted, fc.nat(100), tags, (start, percent, tag) => {
      const next = withChallenger(start, 'x', percent, tag)
      assert.equal(totalOf(next), 100)
      assert.deepEqual(next.at(-1), pinned(`x=${percent}${tag === undefined ? '' : `:${tag}`}`)[0])
      const kept = start.filter(row => row.tag !== undefined && row.tag !== tag)
      for (const row of kept) {
        const now = next.find(({ tag }) => tag === row.tag)
        assert.ok(
          now !== undefined && now.revision === row.revision &&
            Math.abs(now.percent - row.percent * (100 - percent) / 100) < 1,
          `${textOf(start)} -> ${textOf(next)}`
        )
      }
    }))
  })
})

t.test('the same challenger beside the others of its own table gets the same table', async t => {
  t.doesNotThrow(() => {
    fc.assert(fc.property(accepted, fc.nat(99), tags, (start, percent, tag) => {
      const once = withChallenger(start, 'x', percent, tag)
      assert.deepEqual(withChallenger(once.slice(0, -1), 'x', percent, tag), once)
    }))
  })
})
