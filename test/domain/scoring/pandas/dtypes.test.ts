import t from 'tap'
import { dtypesOf } from '../../../../src/domain/scoring/pandas/dtypes.js'
import type { Signature } from '../../../../src/domain/scoring/scorer/signature.js'

const signature: Signature = {
  inputs: [
    { name: 'LOAN', type: 'number', required: true },
    { name: 'ID', type: 'number', format: 'int64', required: true },
    { name: 'GRADE', type: 'string', length: 2, required: true },
    { name: 'GRID', type: 'string', format: 'json', required: false }
  ],
  outputs: [{ name: 'P', type: 'number' }, { name: 'Grade', type: 'string' }],
  inferred: false
}

const cases = [
  {
    it: 'names the inputs, the outputs and the column of faults',
    options: { columns: 'all', onError: 'report' },
    dtypes: 'LOAN Float64, ID Int64, in_GRADE string, GRID string, P Float64, Grade string, _error string'
  },
  {
    it: 'has only the outputs of a call that carries no columns',
    options: { columns: 'outputs', onError: 'skip' },
    dtypes: 'P Float64, Grade string'
  },
  {
    it: 'reads a column as the input that it is bound to, one that the model does not know as text',
    options: { columns: ['loan', 'KEY'], onError: 'fail', revisionColumn: true },
    dtypes: 'loan Float64, KEY string, P Float64, Grade string, _revision string'
  }
] as const
for (const { it, options, dtypes } of cases) {
  t.test(it, async t => {
    const found = Object.entries(dtypesOf('m', signature, options))
    t.equal(found.map(([name, dtype]) => `${name} ${dtype}`).join(', '), dtypes)
  })
}

t.test('a column may be called like a member of every object', async t => {
  const inputs = [{ name: '__proto__', type: 'number', required: true } as const]
  const dtypes = dtypesOf('m', { ...signature, inputs }, { columns: 'all', onError: 'skip' })
  t.match(JSON.stringify(dtypes), '{"__proto__":"Float64"')
})
