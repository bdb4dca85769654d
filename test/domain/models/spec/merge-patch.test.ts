import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { mergePatch } from '../../../../src/domain/models/spec/merge-patch.js'

// The examples of RFC 7396, appendix A.
const cases: ReadonlyArray<{ target: unknown, patch: unknown, to: unknown }> = [
  { target: { a: 'b' }, patch: { a: 'c' }, to: { a: 'c' } },
  { target: { a: 'b' }, patch: { b: 'c' }, to: { a: 'b', b: 'c' } },
  { target: { a: 'b' }, patch: { a: null }, to: {} },
  { target: { a: 'b', b: 'c' }, patch: { a: null }, to: { b: 'c' } },
  { target: { a: ['b'] }, patch: { a: 'c' }, to: { a: 'c' } },
  { target: { a: 'c' }, patch: { a: ['b'] }, to: { a: ['b'] } },
  { target: { a: { b: 'c' } }, patch: { a: { b: 'd', c: null } }, to: { a: { b: 'd' } } },
  { target: { a: [{ b: 'c' }] }, patch: { a: [1] }, to: { a: [1] } },
  { target: ['a', 'b'], patch: ['c', 'd'], to: ['c', 'd'] },
  { target: { a: 'b' }, patch: ['c'], to: ['c'] },
  { target: { a: 'foo' }, patch: null, to: null },
  { target: { e: null }, patch: { a: 1 }, to: { e: null, a: 1 } },
  { target: [1, 2], patch: { a: 'b', c: null }, to: { a: 'b' } },
  { target: {}, patch: { a: { bb: { ccc: null } } }, to: { a: { bb: {} } } }
]
for (const { target, patch, to } of cases) {
  t.test(`${JSON.stringify(target)} patched with ${JSON.stringify(patch)}`, async t => {
    t.strictSame(mergePatch(target, patch), to)
  })
}

t.test('a patch given twice changes nothing the second time', async t => {
  t.doesNotThrow(() => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
      const once = mergePatch(target, patch)
      assert.deepEqual(mergePatch(once, patch), once)
    }))
  })
})
