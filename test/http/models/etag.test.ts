import t from 'tap'
import { readPreconditions } from '../../../src/http/models/etag.js'
import { failureOf } from '../../domain/scoring/support.js'

const refused = 'request-invalid: header.If-Match: is no ETag and no list of ETags'
const table: ReadonlyArray<
  readonly [header: string, versions: readonly string[] | 'any' | 'refused']
> = [
  ['"a"', ['a']],
  [' "a" ', ['a']],
  ['W/"a"', ['a']],
  ['a', ['a']],
  ['W/a', ['a']],
  ['"a", "b"', ['a', 'b']],
  ['"a","b"', ['a', 'b']],
  ['"a" ,\t W/"b" , "c"', ['a', 'b', 'c']],
  [', "a",, "b",', ['a', 'b']],
  ['"x,y"', ['x,y']],
  ['""', ['']],
  ['*', 'any'],
  [' * ', 'any'],
  ['"a", *', 'refused'],
  ['*, "a"', 'refused'],
  ['"a" "b"', 'refused'],
  ['"a', 'refused'],
  ['a, b', 'refused'],
  ['', 'refused'],
  [' ,, ', 'refused'],
  [`"a"${' '.repeat(10_000)}x`, 'refused'],
  [','.repeat(10_000), 'refused']
]
for (const [header, versions] of table) {
  t.test(`If-Match: ${header.slice(0, 30)} is ${String(versions)}`, async t => {
    let found: unknown
    const failure = await failureOf(() => {
      found = readPreconditions({ 'if-match': header })
    })
    if (versions === 'refused') return t.match(failure, new RegExp(`^${refused}`))
    t.same(found, versions === 'any'
      ? { mustExist: true, mustBeNew: false }
      : { ifMatch: versions, mustExist: false, mustBeNew: false })
  })
}
