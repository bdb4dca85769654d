import t from 'tap'
import {
  sameSignature,
  unionOf,
  type Signature
} from '../../../../src/domain/scoring/scorer/signature.js'
import { failsWith } from '../support.js'

/** `'A:number B:string? -> P:number'`; a question mark: not required. */
function signature (text: string): Signature {
  const [inputs = '', outputs = ''] = text.split('->').map(side => side.trim())
  const variables = (side: string) =>
    side.split(' ').filter(word => word !== '').map(word => {
      const [name = '', type = ''] = word.replace('?', '').split(':')
      return { name, type: type as 'number' | 'string', required: !word.endsWith('?') }
    })
  return {
    inputs: variables(inputs),
    outputs: variables(outputs).map(({ name, type }) => ({ name, type })),
    inferred: false
  }
}

const unions: ReadonlyArray<{ it: string, of: readonly string[], is: string }> = [
  {
    it: 'of one signature is that signature',
    of: ['A:number -> P:number'],
    is: 'A:number -> P:number'
  },
  {
    it: 'has the variables of both, in order of first mention',
    of: ['A:number -> P:number', 'B:string -> Q:string P:number'],
    is: 'A:number B:string -> P:number Q:string'
  },
  {
    it: 'requires what one of them requires',
    of: ['A:number? -> P:number', 'A:number -> P:number'],
    is: 'A:number -> P:number'
  },
  {
    it: 'requires what the first of them requires',
    of: ['A:number -> P:number', 'A:number? -> P:number'],
    is: 'A:number -> P:number'
  },
  {
    it: 'leaves open what neither requires',
    of: ['A:number? -> P:number', 'A:number? -> P:number'],
    is: 'A:number? -> P:number'
  }
]
for (const { it, of, is } of unions) {
  t.test(`a union ${it}`, async t => {
    t.same(unionOf(of.map(signature)), signature(is), of.join(' with '))
  })
}

for (
  const [first, second, name] of [['A:number ->', 'A:string ->', 'A'], ['-> P:string',
    '-> P:number', 'P']] as const
) {
  t.test(`two types of ${name} are a conflict`, async t => {
    await failsWith(t, () => unionOf([signature(first), signature(second)]), 'signatures-conflict',
      new RegExp(`disagree on "${name}"`))
  })
}

t.test('a union is inferred when one of them is', async t => {
  t.equal(unionOf([signature('A:number ->'), { inputs: [], outputs: [], inferred: true }]).inferred,
    true)
})

t.test('signatures are the same only if names, types and needs are', async t => {
  t.equal(sameSignature(signature('A:number -> P:number'), signature('A:number -> P:number')), true)
  for (
    const other of ['A:string -> P:number', 'A:number? -> P:number', 'B:number -> P:number',
      'A:number -> P:string', 'A:number ->']
  ) {
    t.equal(sameSignature(signature('A:number -> P:number'), signature(other)), false, other)
  }
})
