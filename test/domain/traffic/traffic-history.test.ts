import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  forgetRevision,
  readHistory,
  rememberTable,
  writeHistory,
  type TrafficHistory
} from '../../../src/domain/traffic/traffic-history.js'
import { isSameTable } from '../../../src/domain/traffic/traffic.js'
import { pinned, textOf } from '../rollout/support.js'

const texts = (history: TrafficHistory) => history.map(textOf)

t.test('a table is remembered as the most recent one', async t => {
  t.same(texts(rememberTable([pinned('a=100')], pinned('a=50 b=50'))), ['a=100', 'a=50 b=50'])
})

t.test('a table is not remembered twice in a row, whatever the order of its rows', async t => {
  t.same(texts(rememberTable([pinned('a=50 b=50')], pinned('b=50 a=50'))), ['a=50 b=50'])
})

t.test('nothing is remembered of a model that had no table', async t => {
  t.same(rememberTable([pinned('a=100')], undefined).length, 1)
  t.same(rememberTable([], []), [])
})

t.test('the oldest table is forgotten when there are more than ten', async t => {
  const tables = Array.from({ length: 15 }, (_, i) => pinned(`m-${i}=100`))
  const history = tables.reduce<TrafficHistory>(rememberTable, [])
  t.same(texts(history), tables.slice(5).map(textOf))
})

t.test('what a deleted revision was in is forgotten, the rest stays', async t => {
  t.same(texts(forgetRevision(['a=100', 'a=50 b=50', 'c=100:x b=0:y', 'c=100'].map(pinned), 'b')), [
    'a=100',
    'c=100'
  ])
})

const table = fc.array(
  fc.record({
    latest: fc.constant(false as const),
    revision: fc.string(),
    percent: fc.nat(100),
    tag: fc.string()
  }, { requiredKeys: ['latest', 'revision', 'percent'] }),
  { minLength: 1 }
)

t.test('a history reads back as it was written, and never has a table twice in a row', async t => {
  t.doesNotThrow(() => {
    fc.assert(fc.property(fc.array(table), tables => {
      const history = tables.reduce<TrafficHistory>(rememberTable, [])
      assert.deepEqual(readHistory(writeHistory(history)), JSON.parse(JSON.stringify(history)))
      assert.ok(history.length <= 10)
      assert.ok(history.every((table, i) => i === 0 || !isSameTable(table, history[i - 1]!)))
    }))
  })
})

const broken = [
  undefined,
  '',
  'x',
  '{}',
  'null',
  '1',
  '"a"',
  '[1]',
  '[[1]]',
  '[[null]]',
  '[null]',
  '[{}]',
  '[[{}]]',
  '[[{"revision":"a"}]]',
  '[[{"revision":1,"percent":100}]]',
  '[[{"revision":"a","percent":"100"}]]',
  '[[{"revision":"a","percent":100,"tag":1}]]',
  '[[{"revision":"a","percent":100}],'
]
t.test('text that somebody else broke is no history', async t => {
  for (const text of broken) t.same(readHistory(text), [], text ?? 'none')
})

t.test('no text at all makes reading fail', async t => {
  t.doesNotThrow(() => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), text => {
      assert.ok(Array.isArray(readHistory(text)))
    }))
  })
})
