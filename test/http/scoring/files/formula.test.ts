import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { hmeqLogreg1, hmeqTree } from '../../../../simulator/scr/formulas.js'
import type { Row } from '../../../../simulator/scr/model.js'
import { fileForm, stubbornPost } from '../../../support/caller.js'
import { deployed, echo } from '../../../support/model-program.js'

const TEXTS = new Set(['JOB', 'REASON'])
const sample = readFileSync(path.join('examples', 'hmeq-sample.csv'), 'utf8')

/** Cells of a CSV without quotes. */
const cellsOf = (csv: string): string[][] => csv.trimEnd().split('\n').map(line => line.split(','))

/** A row as the formulas take it: blank and `.` are missing. */
function rowOf (names: readonly string[], cells: readonly string[]): Row {
  return Object.fromEntries(names.map((name, index) => {
    const cell = cells[index] ?? ''
    if (TEXTS.has(name)) return [name, cell === '' ? null : cell]
    return [name, cell === '' || cell === '.' ? null : Number(cell)]
  }))
}

/** The sample's rows many times over, no two alike. */
function many (times: number): string {
  const [head = [], ...rows] = cellsOf(sample)
  const loan = head.indexOf('LOAN')
  const lines = Array.from({ length: times },
    (_, time) => rows.map(cells => cells.with(loan, `${cells[loan]}.${time}`).join(','))).flat()
  return [head.join(','), ...lines].join('\n') + '\n'
}

/** The answer that the published formula gives: outputs by name as bits, missing as undefined. */
function expectedLines (
  csv: string,
  formula: (row: Row) => Row,
  outputs: readonly string[]
): string[] {
  const [head = [], ...rows] = cellsOf(csv)
  return [[...head, ...outputs, '_error'], ...rows.map(cells => {
    const scored = formula(rowOf(head, cells))
    return [...cells, ...outputs.map(name => String(scored[name] ?? '')), '']
  })].map(cells => cells.join(','))
}

const LOGREG = ['EM_CLASSIFICATION', 'EM_EVENTPROBABILITY', 'EM_PROBABILITY', 'I_BAD', 'P_BAD0',
  'P_BAD1', '_WARN_']
const TREE = ['_NODE_', 'P_BAD1', 'P_BAD0', 'I_BAD']
const models = [
  { image: 'registry.demo/sr_hmeq_logreg:1.0', formula: hmeqLogreg1, outputs: LOGREG },
  { image: 'registry.demo/sr_hmeq_tree:1.0', formula: hmeqTree, outputs: TREE }
]

for (const { image, formula, outputs } of models) {
  t.test(`${image} scores every row in order and to the last bit of its formula`, async t => {
    const service = await deployed(t, image)
    for (const [what, csv] of Object.entries({ 'the sample': sample, '2,000 rows': many(10) })) {
      const expected = expectedLines(csv, formula, outputs)
      const sent = await stubbornPost(service.scoreUrl(), fileForm(csv))
      t.strictSame(sent.body.split('\n').slice(0, -1), expected, `${what} as a file part`)
      const raw = await stubbornPost(service.scoreUrl(), {
        headers: { 'content-type': 'text/csv' },
        body: csv
      })
      t.ok(raw.body === sent.body, `${what} as the body`)
    }
  })
}

t.test('a body of any type that clients send for bytes, or of none, is taken as CSV', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  for (
    const type of ['text/csv', 'text/csv; charset=utf-8', 'application/x-www-form-urlencoded',
      'application/octet-stream', 'text/plain', undefined]
  ) {
    const { status, body } = await stubbornPost(service.scoreUrl(), {
      headers: type === undefined ? {} : { 'content-type': type },
      body: 'X\n1\n2\n'
    })
    t.equal(`${status} ${body}`, '200 X,OUT_X,_error\n1,1,\n2,2,\n', String(type))
  }
})

t.test('blanks, dots and SAS missings in a numeric column reach the model as null, an empty text too', async t => {
  const model = echo({ N: 'number', C: 'string' })
  const service = await deployed(t, model)
  const missing = ['', '.', ' ', ' . ', '.A', '.z', '._', '""']
  const { body } = await stubbornPost(service.scoreUrl('concurrency=1'),
    fileForm(`N,C\n${missing.map(cell => `${cell},\n`).join('')}`))
  t.strictSame(model.asked.map(({ text }) => text),
    missing.map(() => '{"data":{"N":null,"C":null}}'))
  t.strictSame(body.trimEnd().split('\n').slice(1),
    missing.map(cell => `${cell === '""' ? '' : cell},,,,`))
})
