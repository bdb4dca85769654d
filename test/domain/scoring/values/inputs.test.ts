import t from 'tap'
import { ExactNumber } from '../../../../src/domain/json/json.js'
import { inputsReader, RowFault } from '../../../../src/domain/scoring/values/inputs.js'
import {
  UNKNOWN_SIGNATURE,
  type Signature
} from '../../../../src/domain/scoring/scorer/signature.js'
import { failsWith } from '../support.js'

const hmeq: Signature = {
  inputs: [{ name: 'LOAN', type: 'number', required: true }, {
    name: 'JOB',
    type: 'string',
    required: true
  }, { name: 'YOJ', type: 'number', required: false }],
  outputs: [],
  inferred: false
}

function read (
  columns: readonly string[],
  cells: readonly unknown[],
  { signature = hmeq, cellsAre = 'text' as 'text' | 'values', fault = '' } = {}
): unknown {
  try {
    return inputsReader({ columns, cellsAre }, signature)({
      line: 7,
      cells,
      ...(fault === '' ? {} : { fault })
    })
  } catch (error) {
    if (error instanceof RowFault) return error.message
    throw error
  }
}

t.test('types come from the signature, not from how a value looks', async t => {
  t.same(read(['LOAN', 'JOB', 'YOJ'], [' 00501', '00501', '.']), {
    LOAN: 501,
    JOB: '00501',
    YOJ: null
  })
})

t.test('names match without regard to case, and are sent as the model has them', async t => {
  t.same(read(['loan', 'Job'], ['1', 'x']), { LOAN: 1, JOB: 'x' })
})

t.test('an exact name goes before one of another case', async t => {
  t.same(read(['loan', 'LOAN', 'JOB'], ['1', '2', 'x']), { LOAN: 2, JOB: 'x' })
})

t.test('columns that no input has are not sent', async t => {
  t.same(read(['ID', 'LOAN', 'JOB'], ['abc', '1', 'x']), { LOAN: 1, JOB: 'x' })
})

t.test('two columns that could be the same input are refused', async t => {
  await failsWith(t, () => read(['loan', 'Loan', 'JOB'], []), 'csv-invalid',
    /"loan" and "Loan" could both be the input LOAN/)
})

t.test('all missing required columns are listed, optional ones are not', async t => {
  await failsWith(t, () => read(['ID'], []), 'columns-missing',
    /needs the columns LOAN, JOB; the data has ID/)
})

t.test('a value that does not fit is told with line, column and value', async t => {
  t.equal(read(['loan', 'JOB'], ['1,000', 'x']), 'line 7, column loan: "1,000" is not a number')
})

t.test('a long value of several lines is told short and on one line', async t => {
  const told = read(['LOAN', 'JOB'], ['a\nb' + 'x'.repeat(1_000), 'x']) as string
  t.match(told, /^line 7, column LOAN: "a bx+…" is not a number$/)
  t.ok(told.length < 120, told)
})

t.test('a fault of the row itself is told', async t => {
  t.equal(read(['LOAN', 'JOB'], [1, 'x'], { cellsAre: 'values', fault: 'line 7 has "B"' }),
    'line 7 has "B"')
})

t.test('JSON values are checked against the signature and never converted', async t => {
  const cellsAre = 'values'
  t.same(read(['LOAN', 'JOB', 'YOJ'], [0, '', undefined], { cellsAre }), {
    LOAN: 0,
    JOB: '',
    YOJ: null
  })
  t.equal(read(['LOAN', 'JOB'], ['1', 'x'], { cellsAre }),
    'line 7, column LOAN: "1" is not a number (JSON null is a missing value)')
  t.equal(read(['LOAN', 'JOB'], [1, 501], { cellsAre }),
    'line 7, column JOB: 501 is not a string (JSON null is a missing value)')
})

t.test('without a signature every column is sent, numbers only where they are canonical', async t => {
  t.same(read(['A', 'B', 'C'], ['1.5', '00501', ''], { signature: UNKNOWN_SIGNATURE }), {
    A: 1.5,
    B: '00501',
    C: null
  })
})

t.test('without a signature JSON values go as they are', async t => {
  t.same(read(['A', 'B'], [false, [1]], { signature: UNKNOWN_SIGNATURE, cellsAre: 'values' }), {
    A: false,
    B: [1]
  })
})

t.test('a JSON number that no double holds is refused for a double, and goes as it is written to a model without a signature', async t => {
  const cells = [new ExactNumber('1e999'), 'x']
  t.match(read(['LOAN', 'JOB'], cells, { signature: hmeq, cellsAre: 'values' }),
    /line 7, column LOAN: 1e999 is larger than a double can hold/)
  t.same(read(['LOAN', 'JOB'], cells, { signature: UNKNOWN_SIGNATURE, cellsAre: 'values' }), {
    LOAN: new ExactNumber('1e999'),
    JOB: 'x'
  })
})
