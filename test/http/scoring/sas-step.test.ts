import { parse } from 'csv-parse/sync'
import t, { type Test } from 'tap'
import { sample } from '../../contract/scores.js'
import { fileForm, stubbornPost } from '../../support/caller.js'
import { deployed, echo, program, type Deployed } from '../../support/model-program.js'
import { runSasStep, type SasTable } from '../../support/sas/step-reader.js'

// A step of format=sas, interpreted over the file that it was made for. SAS itself was not asked.

async function stepFor ({ url }: Deployed, query: string): Promise<string> {
  const response = await fetch(
    `${url}/models/m/signature?format=sas${query === '' ? '' : `&${query}`}`
  )
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  return text
}

async function scored (service: Deployed, query: string, csv: string): Promise<string> {
  const { status, body } = await stubbornPost(service.scoreUrl(query), fileForm(csv))
  if (status !== 200) throw new Error(`${status} ${body}`)
  return body
}

/**
 * Header and cells of the file, as the step has to have read them: numbers where the types say so,
 * null for missing ones.
 */
function cellsOf (file: string, delimiter: string, { variables }: SasTable): unknown[][] {
  const [header = [], ...rows] = parse(file, { delimiter, relax_column_count: false }) as string[][]
  return [header, ...rows.map(cells =>
    cells.map((cell, index) => {
      if (variables[index]?.bytes !== 'number') return cell.replace(/ +$/, '')
      return cell === '' || cell === '.' ? null : Number(cell)
    })
  )]
}

function readsAll (t: Test, program: string, file: string, delimiter = ','): SasTable {
  const table = runSasStep(program, file)
  t.strictSame([table.variables.map(({ label }) => label), ...table.rows],
    cellsOf(file, delimiter, table))
  t.strictSame(table.log, [])
  return table
}

const typesOf = ({ variables }: SasTable) =>
  variables.map(({ name, bytes }) => `${name} ${bytes}`).join(', ')

/** The sample without its target, which is no input. */
async function inputs (): Promise<string> {
  return (await sample()).replaceAll(/^[^,]*,/gm, '')
}

/** The sample with a key before its columns. */
async function applicants (): Promise<string> {
  const [header, ...rows] = (await sample()).trimEnd().split('\n')
  return [`APPLICANT,${header}`, ...rows.map((row, index) =>
    `${String(index).padStart(5, '0')},${row}`
  )].join('\n') + '\n'
}

const LOGREG_OUTPUTS =
  'EM_CLASSIFICATION 48, EM_EVENTPROBABILITY number, EM_PROBABILITY number, I_BAD 48, P_BAD0 number, P_BAD1 number, _WARN_ 16, _error 4096'

t.test('without columns= a step reads a file that has the model\'s inputs, every cell of it', async t => {
  const service = await deployed(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const table = readsAll(t, await stepFor(service, ''), await scored(service, '', await inputs()))
  t.equal(table.rows.length, 200)
  t.equal(typesOf(table),
    'CLAGE number, CLNO number, DEBTINC number, DELINQ number, DEROG number, JOB 28, LOAN number, MORTDUE number, ' +
      `NINQ number, REASON 28, VALUE number, YOJ number, ${LOGREG_OUTPUTS}`)
})

t.test('with the columns of the file a step reads it in their order, a column that the model does not know as text', async t => {
  const service = await deployed(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const csv = await applicants()
  const columns = `columns=${csv.split('\n', 1)[0]!}`
  const file = await scored(service, '', csv)
  const table = readsAll(t, await stepFor(service, columns), file)
  t.match(typesOf(table), /^APPLICANT 1024, BAD 1024, CLAGE number, /)
  t.strictSame(table.rows.slice(0, 2).map(([applicant]) => applicant), ['00000', '00001'])
})

t.test('with the options of the score call a step reads its answer', async t => {
  const service = await deployed(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const csv = await applicants()
  for (
    const [query, types] of [
      ['columns=outputs', LOGREG_OUTPUTS],
      ['columns=APPLICANT,LOAN', `APPLICANT 1024, LOAN number, ${LOGREG_OUTPUTS}`],
      ['columns=loan,APPLICANT&revisionColumn=true&onError=skip',
        `loan number, APPLICANT 1024, ${LOGREG_OUTPUTS.replace('_error 4096', '_revision 63')}`]
    ] as const
  ) {
    const table = runSasStep(await stepFor(service, query), await scored(service, query, csv))
    t.equal(typesOf(table), types, query)
    t.equal(table.rows.length, 200)
  }
})

for (const [delimiter, given] of [[';', '%3B'], ['\t', 'tab'], ['\'', '\'']] as const) {
  t.test(`a step reads a file whose delimiter is ${JSON.stringify(delimiter)}`, async t => {
    const service = await deployed(t, echo({ X: 'number', C: 'string' }))
    const query = `delimiter=${given}&columns=X,C`
    const file = await scored(service, `delimiter=${given}`,
      `X${delimiter}C\n1.5${delimiter}a,b\n.${delimiter}"say ""no"" ${delimiter}"\n`)
    const table = readsAll(t, await stepFor(service, query), file, delimiter)
    t.strictSame(table.rows, [[1.5, 'a,b', 1.5, 'a,b', ''], [null, `say "no" ${delimiter}`, null,
      `say "no" ${delimiter}`, '']])
  })
}

t.test('a column renamed in the answer, and names that SAS does not take, have variables of their own and their names as labels', async t => {
  const long = 'PROBABILITY_THAT_THE_LOAN_GOES_BAD'
  const service = await deployed(t, program({
    inputs: { X: 'number' },
    outputs: {
      X: 'number',
      [`${long}_1`]: 'number',
      [`${long}_2`]: 'string',
      'a b': 'string',
      _N_: 'number'
    },
    score: ({ row }) => ({
      X: 2 * (row['X'] as number),
      [`${long}_1`]: 0.1 + 0.2,
      [`${long}_2`]: ' \u{1F600} ',
      'a b': '.',
      _N_: 5e-324
    })
  }))
  const csv = 'x,Größe in m²,d\'Or,1ST,KEY\n1,a,b,c, d\n'
  const file = await scored(service, '', csv)
  const query = `columns=${encodeURIComponent(csv.split('\n', 1)[0]!)}`
  const table = readsAll(t, await stepFor(service, query), file)
  t.strictSame(table.variables.map(({ name }) => name), [
    'in_x',
    'Größe in m²',
    'd\'Or',
    '1ST',
    'KEY',
    'X',
    'PROBABILITY_THAT_THE_LOAN_GOES_B',
    'PROBABILITY_THAT_THE_LOAN_GOES_2',
    'a b',
    '_N__2',
    '_error'
  ])
  t.strictSame(table.rows, [[1, 'a', 'b', 'c', ' d', 2, 0.1 + 0.2, '\u{1F600}', '.', 5e-324, '']])
})

t.test('a row that could not be scored is read with its reason, and SAS says that its cell is no number', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  const { rows, log } = runSasStep(await stepFor(service, ''),
    await scored(service, '', 'X\n1\nmany\n3\n'))
  t.strictSame(rows, [[1, 1, ''], [null, null, 'line 3, column X: "many" is not a number'], [3, 3,
    '']])
  t.strictSame(log, ['NOTE: Invalid data for X'])
})

t.test('a text that fills its variable is told', async t => {
  const service = await deployed(t, echo({ X: 'number' }))
  const { log } = runSasStep(await stepFor(service, 'columns=X,NOTE'),
    await scored(service, '', `X,NOTE\n1,${'n'.repeat(1023)}\n2,${'n'.repeat(1025)}\n`))
  t.strictSame(log, ['WARNING: record 3 NOTE may be cut'])
})

t.test('a file with other columns than those of the step ends the program', async t => {
  const service = await deployed(t, echo({ X: 'number', Y: 'number' }))
  const file = await scored(service, '', 'Y,X\n1,2\n')
  const step = await stepFor(service, '')
  t.throws(() => runSasStep(step, file), { message: 'ERROR: found Y instead of X' })
  t.throws(() => runSasStep(step, 'X,Y,OUT_X,OUT_Y,_error,MORE\n'), {
    message: 'ERROR: found MORE instead of  '
  })
  t.throws(() => runSasStep(step, 'X,Y,OUT_X,OUT_Y\n'), {
    message: 'ERROR: found  instead of _error'
  })
})

t.test('a step is plain text in lines that SAS takes', async t => {
  const { url } = await deployed(t, 'registry.demo/sr_hmeq_logreg:1.0')
  const response = await fetch(`${url}/models/m/signature?format=sas`)
  t.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  const longest = (await response.text()).split('\n').reduce(
    (most, line) => Math.max(most, line.length),
    0
  )
  t.ok(longest < 160, `${longest} characters in the longest line`)
})

const refusals = [
  { query: 'format=sas&columns=X,X', says: '422 columns: "X" is named twice' },
  { query: 'columns=X', says: '422 query.columns: is not for format=json' },
  { query: 'format=xml', says: '422 query.format: must be one of json, sas, pandas' },
  { query: 'format=sas&tag=none', says: /^404 / }
]
for (const { query, says } of refusals) {
  t.test(`a signature is refused with ?${query}`, async t => {
    const { url } = await deployed(t, echo({ X: 'number' }))
    const response = await fetch(`${url}/models/m/signature?${query}`)
    t.match(`${response.status} ${(await response.json() as { detail: string }).detail}`, says)
  })
}

t.test('a model that describes nothing has no step', async t => {
  const { url } = await deployed(t, program({ score: () => ({}) }))
  const response = await fetch(`${url}/models/m/signature?format=sas`)
  t.match([response.status, await response.json()], [404, {
    detail: 'm describes nothing of itself: types and lengths of its columns are not known',
    remedy: /by hand/
  }])
})
