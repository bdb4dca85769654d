import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'

const sample = readFileSync('examples/hmeq-sample.csv', 'utf8')
const [header = '', ...lines] = sample.trimEnd().split('\n')
const names = header.split(',')
const rows = lines.map(line => line.split(','))

t.test('the sample is what its generator writes, byte for byte', async t => {
  t.equal(execFileSync(process.execPath, ['examples/make-sample.mjs'], { encoding: 'utf8' }),
    sample)
})

t.test('the sample has 200 rows of the columns that the demo models read', async t => {
  t.strictSame(names, ['BAD', 'CLAGE', 'CLNO', 'DEBTINC', 'DELINQ', 'DEROG', 'JOB', 'LOAN',
    'MORTDUE', 'NINQ', 'REASON', 'VALUE', 'YOJ'])
  t.equal(rows.length, 200)
  t.strictSame(rows.filter(row => row.length !== names.length), [], 'no row is ragged')
})

t.test('the sample has missing numbers in both spellings of SAS, blank and a point', async t => {
  const debtToIncome = rows.map(row => row[names.indexOf('DEBTINC')])
  t.ok(debtToIncome.includes(''), 'blank')
  t.ok(debtToIncome.includes('.'), 'a point')
})

t.test('every other cell of a numeric column of the sample is a number', async t => {
  const numeric = names.filter(name => !['JOB', 'REASON'].includes(name))
  const strange = rows.flatMap(row => numeric.map(name => row[names.indexOf(name)] ?? 'no cell'))
    .filter(text => !/^(\d+(\.\d+)?|\.)?$/.test(text))
  t.strictSame(strange, [])
})
