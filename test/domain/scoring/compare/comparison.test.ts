import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { DomainError } from '../../../../src/domain/errors.js'
import { readJson } from '../../../../src/domain/json/read-json.js'
import type {
  ComparedRow,
  SideResult
} from '../../../../src/domain/scoring/compare/compare-table.js'
import { Comparer, type Comparison } from '../../../../src/domain/scoring/compare/comparison.js'
import {
  differenceOf,
  type OutputComparison
} from '../../../../src/domain/scoring/compare/output-tally.js'
import type { Outputs } from '../../../../src/domain/scoring/scorer/scorer.js'
import {
  UNKNOWN_SIGNATURE,
  type Signature
} from '../../../../src/domain/scoring/scorer/signature.js'
import { byRank } from '../../../../src/domain/scoring/compare/worst-rows.js'

const signature = (outputs: Record<string, 'number' | 'string'>): Signature => ({
  inputs: [],
  outputs: Object.entries(outputs).map(([name, type]) => ({ name, type })),
  inferred: false
})
const nothing: Partial<OutputComparison> = {}
const both = signature({ P: 'number', I: 'string' })

/** A row's outputs on both sides; undefined: refused. */
type Pair = readonly [Given | undefined, Given | undefined]
type Given = Readonly<Record<string, unknown>>

const given = (outputs: Given): Outputs =>
  new Map(Object.entries(outputs).map(([name, value]) => [name, readJson(JSON.stringify(value))]))
const side = (outputs: Given | undefined): SideResult =>
  outputs === undefined
    ? { error: new DomainError('row-refused', 'no') }
    : { outputs: given(outputs) }
const row = ([champion, challenger]: Pair, line: number): ComparedRow => ({
  line,
  cells: [],
  inputs: { X: line },
  sides: { champion: side(champion), challenger: side(challenger) }
})

function compared (
  rows: readonly ComparedRow[],
  worst = 100,
  champion = both,
  challenger = both
): Comparison {
  const comparer = new Comparer({ champion, challenger }, worst)
  for (const row of rows) comparer.add(row)
  return comparer.result()
}
const comparedPairs = (pairs: readonly Pair[], ...rest: [number?, Signature?, Signature?]) =>
  compared(pairs.map((pair, index) => row(pair, index + 2)), ...rest)

t.test('agreement, differences and missing values are told for each output', async t => {
  const { outputs } = comparedPairs([
    [{ P: 0.5, I: '1' }, { P: 0.5, I: '1' }],
    [{ P: 0.25, I: '0' }, { P: 0.75, I: '1' }],
    [{ P: null, I: null }, { P: null, I: null }],
    [{ P: null, I: '0' }, { P: 1, I: '0' }]
  ])
  t.same(outputs, [
    {
      name: 'P',
      type: 'number',
      compared: 4,
      equal: 2,
      agreement: 0.5,
      meanDifference: 0.25,
      largestDifference: 0.5,
      missingDiffers: 1
    },
    { name: 'I', type: 'string', compared: 4, equal: 3, agreement: 0.75, missingDiffers: 0 }
  ])
})

t.test('a row that one side did not score is counted and not compared', async t => {
  const fine = { P: 1, I: '' }
  const { rows, compared, failed, outputs } = comparedPairs([[undefined, fine], [fine, undefined], [
    undefined,
    undefined
  ], [fine, fine]])
  t.same({ rows, compared, failed }, {
    rows: 4,
    compared: 1,
    failed: { champion: 2, challenger: 2, either: 3 }
  })
  t.same(outputs.map(({ compared }) => compared), [1, 1])
})

t.test('an output that only one has is told and not compared', async t => {
  const { outputs, worst } = comparedPairs([[{ P: 1, I: 'a' }, { P: 1, Q: 2 }]], 10, both,
    signature({ P: 'number', Q: 'number' }))
  t.same(outputs, [
    {
      name: 'P',
      type: 'number',
      compared: 1,
      equal: 1,
      agreement: 1,
      meanDifference: 0,
      largestDifference: 0,
      missingDiffers: 0
    },
    {
      name: 'I',
      type: 'string',
      onlyChampion: true,
      compared: 0,
      equal: 0,
      agreement: null,
      missingDiffers: 0
    },
    {
      name: 'Q',
      type: 'number',
      onlyChallenger: true,
      compared: 0,
      equal: 0,
      agreement: null,
      meanDifference: null,
      largestDifference: null,
      missingDiffers: 0
    }
  ])
  t.same(worst, [])
})

t.test('without rows nothing agrees or differs', async t => {
  const [{ compared: rows, agreement, meanDifference, largestDifference } = nothing] =
    compared([]).outputs
  t.same({ rows, agreement, meanDifference, largestDifference }, {
    rows: 0,
    agreement: null,
    meanDifference: null,
    largestDifference: null
  })
})

t.test('a row counts for an output only where both sides answered it', async t => {
  t.same(comparedPairs([[{ P: 1 }, { P: 1, I: null }]]).outputs[1], {
    name: 'I',
    type: 'string',
    compared: 0,
    equal: 0,
    agreement: null,
    missingDiffers: 0
  })
})

t.test('without a signature outputs and their types are those seen', async t => {
  const { outputs } = comparedPairs([[{ A: 1, T: 'x' }, { A: 2, T: 'x' }], [{
    A: null,
    T: 'x',
    Z: 1
  }, { A: 2, T: 'y' }]], 10, UNKNOWN_SIGNATURE, both)
  t.same(
    outputs.map(({ name, type, onlyChampion, onlyChallenger, compared, equal }) =>
      [name, type, onlyChampion ?? onlyChallenger ?? false, compared, equal].join(' ')
    ),
    [
      'P number true 0 0',
      'I string true 0 0',
      'A number false 2 0',
      'T string false 2 1',
      'Z string true 0 0'
    ]
  )
})

t.test('datagrids are equal when their content is', async t => {
  const grid = (cell: string) => [{ metadata: [{ A: 'string' }] }, { data: [[cell]] }]
  t.equal(
    comparedPairs([[{ I: grid('a') }, { I: grid('a') }], [{ I: grid('a') }, { I: grid('b') }], [{
      I: grid('a')
    }, { I: null }]]).outputs[1]?.equal,
    1
  )
})

const differences: ReadonlyArray<{ a: unknown, b: unknown, is: number }> = [
  { a: 0.25, b: 0.75, is: 0.5 },
  { a: 1000, b: 750, is: 0.25 },
  { a: -10, b: 10, is: 2 },
  { a: 1e308, b: -1e308, is: 2 },
  { a: 1, b: null, is: 1 },
  { a: 'a', b: 'b', is: 0 },
  { a: 'a', b: null, is: 0 },
  { a: 1, b: '1', is: 0 }
]
for (const { a, b, is } of differences) {
  t.test(`${JSON.stringify(a)} and ${JSON.stringify(b)} differ by ${is} for ranking, either way`, async t => {
    t.same([differenceOf(a, b), differenceOf(b, a)], [is, is])
  })
}

t.test('the worst rows come by difference, then by outputs that disagree, then by line; equal rows are none', async t => {
  const base = { P: 0.5, I: 'a' }
  const { worst } = comparedPairs([
    [base, base],
    [base, { P: 0.5, I: 'b' }],
    [base, { P: 0.75, I: 'a' }],
    [base, { P: 0.75, I: 'b' }],
    [base, { P: null, I: 'a' }],
    [base, { P: 0.75, I: 'c' }]
  ], 4)
  t.same(worst.map(({ line, difference }) => `${line}: ${difference}`), ['6: 1', '5: 0.25',
    '7: 0.25', '4: 0.25'])
  t.same(worst[1], {
    line: 5,
    inputs: { X: 5 },
    champion: given(base),
    challenger: given({ P: 0.75, I: 'b' }),
    difference: 0.25
  })
})

t.test('worst=0 keeps no row', async t => {
  t.same(comparedPairs([[{ P: 0 }, { P: 1 }]], 0).worst, [])
})

t.test('a difference that no double holds is still a number', async t => {
  const [output] =
    comparedPairs([[{ P: 1.7e308 }, { P: -1.7e308 }], [{ P: -1.7e308 }, { P: 1.7e308 }]]).outputs
  t.same([output?.meanDifference, output?.largestDifference], [Number.MAX_VALUE, Number.MAX_VALUE])
})

const outputs = fc.option(fc.record({
  P: fc.oneof(fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -2, max: 2 })),
  I: fc.constantFrom('a', 'b', null)
}), { nil: undefined, freq: 8 })
const pairs = fc.array(fc.tuple(outputs, outputs), { maxLength: 40 })

t.test('identical models agree wholly', async t => {
  t.doesNotThrow(() =>
    fc.assert(fc.property(fc.array(outputs), rows => {
      const found = comparedPairs(rows.map(outputs => [outputs, outputs] as const))
      for (const { agreement, compared } of found.outputs) {
        assert.equal(agreement,
          compared === 0 ? null : 1)
      }
      assert.deepEqual(found.worst, [])
    }))
  )
})

t.test('champion and challenger swapped give the mirror image', async t => {
  t.doesNotThrow(() =>
    fc.assert(fc.property(pairs, pairs => {
      const there = comparedPairs(pairs, 5)
      const back = comparedPairs(pairs.map(([a, b]) => [b, a] as const), 5)
      assert.deepEqual({ ...back, failed: swapped(back.failed), worst: back.worst.map(swapped) },
        there)
    }))
  )
})

t.test('the order in which rows come changes neither statistics nor the worst', async t => {
  const shuffled = pairs.map(pairs => pairs.map((pair, index) => row(pair, index + 2)))
    .chain(rows =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))
    )
  t.doesNotThrow(() =>
    fc.assert(fc.property(shuffled, fc.integer({ min: 0, max: 10 }), (orders, worst) => {
      const [one, other] = orders.map(rows => compared(rows, worst))
      assert.deepEqual(withoutMeans(other!), withoutMeans(one!))
      for (const [index, { meanDifference: mean }] of one!.outputs.entries()) {
        const found = other!.outputs[index]!.meanDifference
        if (typeof mean !== 'number' || typeof found !== 'number') assert.equal(found, mean)
        else {
          assert.ok(Math.abs(found - mean) <= 1e-9 * Math.max(mean, found),
            `${found} is not ${mean}`)
        }
      }
    }))
  )
})

t.test('the worst rows are the first of all rows in order', async t => {
  t.doesNotThrow(() =>
    fc.assert(fc.property(pairs, fc.integer({ min: 0, max: 10 }), (pairs, worst) => {
      const all = comparedPairs(pairs, 100).worst
      assert.deepEqual(comparedPairs(pairs, worst).worst, all.slice(0, worst))
      const ranks = all.map(({ line, difference, champion, challenger }) => ({
        line,
        difference,
        disagreements: ['P', 'I'].filter(name => champion.get(name) !== challenger.get(name)).length
      }))
      assert.deepEqual([...ranks].sort(byRank), ranks)
    }))
  )
})

function swapped<T extends { readonly champion: unknown, readonly challenger: unknown }> (
  sides: T
): T {
  return { ...sides, champion: sides.challenger, challenger: sides.champion }
}

function withoutMeans ({ outputs, ...rest }: Comparison): object {
  return { ...rest, outputs: outputs.map(({ meanDifference, ...output }) => output) }
}
