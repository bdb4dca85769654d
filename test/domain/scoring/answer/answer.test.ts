import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { DomainError } from '../../../../src/domain/errors.js'
import type { Json } from '../../../../src/domain/json/json.js'
import { countsObject } from '../../../../src/domain/scoring/answer/answer-writers.js'
import { answerOf } from '../../../../src/domain/scoring/answer/answer.js'
import type {
  AnswerFormat,
  AnswerOptions,
  OnError
} from '../../../../src/domain/scoring/answer/answer-options.js'
import type { AnswerColumns } from '../../../../src/domain/scoring/answer/answer-columns.js'
import { carriedColumns } from '../../../../src/domain/scoring/answer/carried-columns.js'
import type { ScoredRow } from '../../../../src/domain/scoring/score/score-table.js'
import {
  UNKNOWN_SIGNATURE,
  type Signature
} from '../../../../src/domain/scoring/scorer/signature.js'
import type { Table } from '../../../../src/domain/scoring/tables/table.js'
import { all, failsWith } from '../support.js'

const signature: Signature = {
  inputs: [],
  outputs: [{ name: 'P', type: 'number' }, { name: 'I', type: 'string' }],
  inferred: false
}

const scored = (
  line: number,
  cells: readonly unknown[],
  outputs: Record<string, Json>,
  revision = 'm-1'
): ScoredRow => ({ line, cells, outputs: new Map(Object.entries(outputs)), revision })
const failed = (
  line: number,
  cells: readonly unknown[],
  message = `line ${line}:\nno number`
): ScoredRow => ({ line, cells, error: new DomainError('row-invalid', message) })
const two = [scored(2, ['1', 'a,b'], { P: 0.1 + 0.2, I: 'x"y' }), failed(3, ['?', '']),
  scored(4, ['', 'c'], { P: null, I: '' }, 'm-2')]

interface Answered {
  readonly text: string
  readonly counts: ReturnType<typeof countsObject>
  readonly renamed: AnswerColumns['renamed']
}

async function answer (
  rows: readonly ScoredRow[],
  given: { [K in keyof AnswerOptions]?: AnswerOptions[K] } = {},
  signatureGiven = signature,
  columns = ['A', 'B']
): Promise<Answered> {
  const options: AnswerOptions = {
    format: 'csv',
    dialect: { delimiter: ',' },
    columns: 'all',
    onError: 'report',
    ...given
  }
  const source = (async function * () {
    for (const row of rows) yield [row]
  })()
  const { pieces, counts } = answerOf(source, {
    columns,
    cellsAre: 'text',
    rows: (async function * () {})()
  }, signatureGiven, options)
  const text = (await all(pieces)).join('')
  return { text, counts: countsObject(counts), renamed: counts.renamed }
}

const texts: ReadonlyArray<{ format: AnswerFormat, onError: OnError, is: readonly string[] }> = [
  {
    format: 'csv',
    onError: 'report',
    is: ['A,B,P,I,_error', '1,"a,b",0.30000000000000004,"x""y",', '?,,,,line 3: no number', ',c,,,',
      '']
  },
  {
    format: 'csv',
    onError: 'skip',
    is: ['A,B,P,I', '1,"a,b",0.30000000000000004,"x""y"', ',c,,', '']
  },
  {
    format: 'ndjson',
    onError: 'report',
    is: ['{"A":"1","B":"a,b","P":0.30000000000000004,"I":"x\\"y","_error":null}',
      '{"A":"?","B":"","P":null,"I":null,"_error":"line 3: no number"}',
      '{"A":"","B":"c","P":null,"I":"","_error":null}', '']
  },
  {
    format: 'ndjson',
    onError: 'skip',
    is: ['{"A":"1","B":"a,b","P":0.30000000000000004,"I":"x\\"y"}',
      '{"A":"","B":"c","P":null,"I":""}', '']
  },
  {
    format: 'json',
    onError: 'skip',
    is: ['{"rows":[{"A":"1","B":"a,b","P":0.30000000000000004,"I":"x\\"y"},',
      '{"A":"","B":"c","P":null,"I":""}],"counts":{"rows":3,"failed":1,"revisions":{"m-1":1,"m-2":1}}}',
      '']
  }
]
for (const { format, onError, is } of texts) {
  t.test(`${format} with onError=${onError} has one line a row that is kept`, async t => {
    t.same((await answer(two, { format, onError })).text.split('\n'), is)
  })
}

for (const format of ['csv', 'json', 'ndjson'] as const) {
  t.test(`onError=fail ends ${format} at the first failed row`, async t => {
    await failsWith(t, async () => await answer(two, { format, onError: 'fail' }), 'row-invalid',
      /line 3/)
  })
}

t.test('rows are counted, failed or not, by the revision that scored them', async t => {
  t.same((await answer(two, { onError: 'skip' })).counts, {
    rows: 3,
    failed: 1,
    revisions: { 'm-1': 1, 'm-2': 1 }
  })
})

const marked: ReadonlyArray<{ format: AnswerFormat, onError: OnError, is: readonly string[] }> = [
  {
    format: 'csv',
    onError: 'report',
    is: ['A,B,P,I,_revision,_error', '1,x,0.5,y,m-1,', '2,,,,m-2,line 3: no',
      '?,,,,,line 4: no number', '']
  },
  { format: 'csv', onError: 'skip', is: ['A,B,P,I,_revision', '1,x,0.5,y,m-1', ''] },
  {
    format: 'ndjson',
    onError: 'report',
    is: [
      '{"A":"1","B":"x","P":0.5,"I":"y","_revision":"m-1","_error":null}',
      '{"A":"2","B":"","P":null,"I":null,"_revision":"m-2","_error":"line 3: no"}',
      '{"A":"?","B":"","P":null,"I":null,"_revision":null,"_error":"line 4: no number"}',
      ''
    ]
  }
]
for (const { format, onError, is } of marked) {
  t.test(`the revision column of ${format} with onError=${onError} tells who had the row, scored or refused`, async t => {
    const rows = [scored(2, ['1', 'x'], { P: 0.5, I: 'y' }), {
      ...failed(3, ['2', ''], 'line 3: no'),
      revision: 'm-2'
    }, failed(4, ['?', ''])]
    t.same((await answer(rows, { format, onError, revisionColumn: true })).text.split('\n'), is)
  })
}

t.test('a carried column _revision is renamed only where the answer has its own', async t => {
  const head = async (revisionColumn: boolean) =>
    (await answer([], { revisionColumn }, signature, ['_revision'])).text
  t.same([await head(true), await head(false)], ['in__revision,P,I,_revision,_error\n',
    '_revision,P,I,_error\n'])
})

const empty: ReadonlyArray<readonly [AnswerFormat, string]> = [
  ['csv', 'A,B,P,I,_error\n'],
  ['json', '{"rows":[],"counts":{"rows":0,"failed":0,"revisions":{}}}\n'],
  ['ndjson', '']
]
for (const [format, is] of empty) {
  t.test(`a table without rows is a whole ${format} answer`, async t => {
    t.equal((await answer([], { format })).text, is)
  })
}

const chosen: ReadonlyArray<
  { columns: AnswerOptions['columns'], of: readonly string[], is: string }
> = [
  { columns: 'outputs', of: ['A', 'B'], is: '' },
  { columns: ['B', 'A'], of: ['A', 'B'], is: 'B A' },
  { columns: ['b'], of: ['A', 'B'], is: 'B' },
  { columns: ['b'], of: ['B', 'b'], is: 'b' },
  { columns: 'all', of: ['P', 'B'], is: 'in_P B' },
  { columns: 'all', of: ['p', 'in_P'], is: 'in_in_p in_P' },
  { columns: 'all', of: ['_error', 'p', 'P'], is: 'in__error in_p in_in_P' },
  { columns: ['B'], of: ['B', 'B2'], is: 'B' }
]
for (const { columns, of, is } of chosen) {
  t.test(`columns=${String(columns)} of ${of.join(' ')} carries "${is}"`, async t => {
    t.equal(
      carriedColumns({ columns: of }, ['P', 'I', '_error'], columns).columns.map(({ name }) => name)
        .join(' '),
      is
    )
  })
}

t.test('what was renamed is told', async t => {
  t.same((await answer([], {}, signature, ['p', 'B'])).renamed, [['p', 'in_p']])
})

t.test('a column that the data does not have is refused', async t => {
  await failsWith(t, () => carriedColumns({ columns: ['A', 'B'] }, [], ['A', 'C']),
    'request-invalid', /no column "C"; it has A, B/)
})

t.test('a column that is named twice is refused', async t => {
  await failsWith(t, () => carriedColumns({ columns: ['A', 'B'] }, [], ['A', 'B', 'a']),
    'request-invalid', /"A" is named twice/)
})

t.test('the names of an answer are all different, whatever the names of inputs and outputs', async t => {
  const names = fc.uniqueArray(
    fc.constantFrom('P', 'p', 'in_P', 'in_p', 'in_in_P', 'in_in_p', '_error', '_ERROR', 'A'),
    { maxLength: 9 }
  )
  await t.resolves(
    fc.assert(fc.asyncProperty(names, names.map(outputs =>
      outputs.filter(name =>
        name.toLowerCase() !== '_error'
      )
    ), async (columns, outputs) => {
      const folded = carriedColumns({ columns }, [...outputs, '_error'], 'all').columns.map((
        { name }
      ) => name)
      assert.equal(new Set(folded).size, folded.length)
      const taken = new Set([...outputs, '_error'].map(name => name.toLowerCase()))
      assert.deepEqual(folded.filter(name => taken.has(name.toLowerCase())), [])
    }))
  )
})

t.test('without a signature the first success names the outputs, also for the rows before it', async t => {
  const rows = [failed(2, ['1', '2']), scored(3, ['3', '4'], { Q: 'q' })]
  t.equal((await answer(rows, {}, UNKNOWN_SIGNATURE)).text,
    'A,B,Q,_error\n1,2,,line 2: no number\n3,4,q,\n')
})

t.test('without a signature an output that the first answer lacked fails its row', async t => {
  const rows = [scored(2, ['1', '2'], { Q: 'q' }), scored(3, ['3', '4'], { Q: 'r', R: 1 })]
  const { text, counts } = await answer(rows, {}, UNKNOWN_SIGNATURE)
  t.equal(text,
    'A,B,Q,_error\n1,2,q,\n3,4,,"line 3: the model answered ""R"", which its first answer did not have"\n')
  t.equal(counts.failed, 1)
})

t.test('without a signature a file whose rows all fail is still answered', async t => {
  t.equal((await answer([failed(2, ['1', '2'])], {}, UNKNOWN_SIGNATURE)).text,
    'A,B,_error\n1,2,line 2: no number\n')
})

t.test('without a signature a thousand failed rows end it with the last one\'s reason', async t => {
  const rows = Array.from({ length: 1_001 }, (_, index) => failed(index + 2, []))
  await failsWith(t, async () => await answer(rows, {}, UNKNOWN_SIGNATURE), 'model-answer-invalid',
    /none of the first 1000 rows could be scored; line 1001/)
})

t.test('the rows are let go of when an answer ends early', async t => {
  let letGo = false
  const rows = (async function * () {
    try {
      while (true) yield [failed(2, [])]
    } finally {
      letGo = true
    }
  })()
  const options: AnswerOptions = {
    format: 'csv',
    dialect: { delimiter: ',' },
    columns: 'all',
    onError: 'report'
  }
  const table: Table = { columns: ['A'], cellsAre: 'text', rows: (async function * () {})() }
  await failsWith(t,
    async () => await all(answerOf(rows, table, UNKNOWN_SIGNATURE, options).pieces),
    'model-answer-invalid', /none of the first/)
  t.equal(letGo, true)
})
