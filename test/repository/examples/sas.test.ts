import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { SAMPLE, sample, scoredBy } from '../../contract/scores.js'
import { SasSession, type Given } from '../../support/sas/session.js'
import { exported } from '../../support/sas/tables.js'
import { openSimulator, openTestService } from '../../support/service.js'

// The macros of examples/sas, run from their source by a reader of the macro language that knows
// what they use; their requests are sent as PROC HTTP sends them. None of it was run on SAS itself.

const MACROS = 'examples/sas/scr_modelops.sas'
const [V1, V2] = ['registry.demo/sr_hmeq_logreg:1.0', 'registry.demo/sr_hmeq_logreg:2.0']
const story = readFileSync('examples/sas/deploy_and_score.sas', 'utf8')
const applicants = /data work\.applicants;.*?\nrun;/s.exec(story)![0]

interface Opened {
  readonly url: string
  readonly session: SasSession
  /** Runs lines of SAS, and answers how it ended, with what they logged and asked for. */
  run(program: string): Promise<{ ended: string, log: string, asked: string[] }>
}

/** A session that has included the macros, and knows the service. */
async function openSession (t: Test, given: Given = {}): Promise<Opened> {
  const { url } = await openTestService(t, (await openSimulator(t)).cluster)
  const session = new SasSession(given)
  const run: Opened['run'] = async program => {
    const [lines, requests] = [session.logged.length, session.requests.length]
    const ended = await session.run(program)
    return {
      ended,
      log: session.logged.slice(lines).join('\n'),
      asked: session.requests.slice(requests).map(({ method, url: asked, content, form, answer }) =>
        [method, asked.replace(url, ''), form === undefined ? content : `form ${form.field}`,
          answer.status].filter(part => part !== '').join(' ')
      )
    }
  }
  await run(`%include "${MACROS}"; %scr_connect(url=${url}, token=none)`)
  return { url, session, run }
}

async function deployed (t: Test, given?: Given): Promise<Opened> {
  const opened = await openSession(t, given)
  await opened.run(`%scr_deploy(model=sr-hmeq, image=${V1})`)
  return opened
}

/** What the published formula makes of the program's own applicants: the outputs' cells. */
function expected (csv: string, columns: number): string[][] {
  const [, ...rows] = scoredBy(V1, csv.replaceAll('\r', '')).trimEnd().split('\n')
  return rows.map(row => row.split(',').slice(-columns))
}

t.test('%scr_connect: SAS Viya\'s own token goes with every call, or the one that is given, or none', async t => {
  const { url } = await openTestService(t, (await openSimulator(t)).cluster)
  for (
    const [token, bearer] of [
      ['', 'viya'],
      [', token=abc.d-e_f', 'abc.d-e_f'],
      [', token=none', undefined]
    ] as const
  ) {
    const session = new SasSession({ servicesToken: 'viya' })
    await session.run(`%include "${MACROS}"; %scr_connect(url=${url}${token}) %scr_models()`)
    t.strictSame(session.requests.map(({ bearer }) => bearer), [bearer], token)
    t.notMatch(session.logged.join('\n'), /abc|viya/, 'no token in the log')
  }
})

t.test('%scr_models makes and prints a table of the models, an empty one without any', async t => {
  const { session, run } = await openSession(t)
  t.match(await run('%scr_models()'), { ended: 'ended', log: 'printed: 0 rows' })
  await run(`%scr_deploy(model=sr-hmeq, image=${V1})`)
  t.strictSame((await run('%scr_models(out=work.mine)')).asked, ['GET /models?limit=500 200'])
  const { columns, rows } = session.table('work.mine')
  t.same(columns.map(({ name }) => name), ['name', 'image', 'createdAt', 'generation', 'url', 'phase'])
  t.match(rows, [['sr-hmeq', V1, /^\d{4}-\d\d-\d\dT/, 1, /^http:\/\/sr-hmeq\./, 'Ready']])
})

t.test('%scr_deploy creates the model and waits for it; called again it finds it as it is', async t => {
  const { run } = await openSession(t)
  const call = `%scr_deploy(model=sr-hmeq, image=${V1}, min=1, max=3, window=90s)`
  const body = JSON.stringify({ image: V1, scaling: { minScale: 1, maxScale: 3, window: '90s' } })
  for (const status of [201, 200]) {
    t.strictSame(await run(call), {
      ended: 'ended',
      log: 'NOTE: sr-hmeq is deployed and serves.',
      asked: [`PUT /models/sr-hmeq?wait=300 ${body} ${status}`]
    })
  }
})

t.test('%scr_update changes what it names and keeps what it does not say', async t => {
  const { url, run } = await openSession(t)
  await run(`%scr_deploy(model=sr-hmeq, image=${V1}, min=1, window=90s)`)
  const { asked, log } = await run('%scr_update(model=sr-hmeq, max=5)')
  t.strictSame(asked, ['PATCH /models/sr-hmeq?wait=300 {"scaling":{"maxScale":5}} 200'])
  t.equal(log, 'NOTE: sr-hmeq is changed and serves.')
  t.match(await (await fetch(`${url}/models/sr-hmeq`)).json(),
    { image: V1, scaling: { minScale: 1, maxScale: 5, window: '90s' } })
})

t.test('%scr_score puts the outputs beside the rows of the table, by the step that the service makes', async t => {
  const { session, run } = await deployed(t)
  await run(applicants)
  const { ended, asked, log } = await run(
    '%scr_score(data=work.applicants, out=work.applicants_scored, model=sr-hmeq)')
  t.equal(ended, 'ended', log)
  t.strictSame(asked, [
    'GET /models/sr-hmeq/signature?format=sas&columns=outputs 200',
    'POST /models/sr-hmeq/score?columns=outputs form data 200'
  ])
  t.equal(log, 'NOTE: 3 rows were scored by sr-hmeq, 0 of them failed.')
  const before = session.table('work.applicants')
  const { columns, rows } = session.table('work.applicants_scored')
  t.strictSame(rows.map(row => row.slice(0, before.columns.length)), before.rows)
  t.strictSame(rows.map(row => row.slice(before.columns.length).map(cell => String(cell ?? ''))),
    expected(exported(before), columns.length - before.columns.length))
})

t.test('%scr_score warns of rows that failed, which stay in their place', async t => {
  const { session, run } = await deployed(t)
  await run(applicants.replace('DELINQ DEROG 8', '8 DELINQ $8 DEROG 8').replace('36.2,0,', '36.2,many,'))
  const { log } = await run('%scr_score(data=work.applicants, out=work.s, model=sr-hmeq)')
  t.equal(log, 'NOTE: 3 rows were scored by sr-hmeq, 1 of them failed.\n' +
    'WARNING: 1 rows could not be scored: _error in work.s says why.')
  t.match(session.table('work.s').rows.map(row => row.at(-1)), [/DELINQ: "many" is not a number/, '', ''])
})

t.test('%scr_score_csv writes the whole answer, with the counts in the log', async t => {
  const { session, run } = await deployed(t, { files: { '/in.csv': await sample() } })
  const { asked, log } = await run('%scr_score_csv(in=/in.csv, out=/out.csv, model=sr-hmeq)')
  t.strictSame(asked, ['POST /models/sr-hmeq/score form data 200'])
  t.equal(log, 'NOTE: 200 rows were scored by sr-hmeq, 0 of them failed.')
  t.equal(session.files.get('/out.csv'), scoredBy(V1, await sample()))

  const bad = (await sample()).replace('204.93', 'many')
  session.files.set('/in.csv', bad)
  t.equal((await run('%scr_score_csv(in=/in.csv, out=/out.csv, model=sr-hmeq)')).log,
    'NOTE: 200 rows were scored by sr-hmeq, 1 of them failed.\n' +
      'WARNING: 1 rows could not be scored: the column _error of /out.csv says why.')
})

t.test('%scr_score_csv leaves what had the name of its output when the file can\'t be scored', async t => {
  const { session, run } = await deployed(t, { files: { '/in.csv': 'LOAN\n1\n', '/out.csv': 'mine' } })
  const { ended, log } = await run('%scr_score_csv(in=/in.csv, out=/out.csv, model=sr-hmeq)')
  t.equal(ended, 'cancelled')
  t.match(log, /The service answered 422.*CLAGE.*What to do: /s)
  t.equal(session.files.get('/out.csv'), 'mine')
})

t.test('%scr_score_csv says where to look when the counts came too late for a header', async t => {
  const { url } = await openTestService(t, (await openSimulator(t)).cluster, { HOLD_SECONDS: '0' })
  const rows = (await sample()).split('\n').slice(1).join('\n').repeat(20)
  const session = new SasSession({ files: { '/in.csv': `${(await sample()).split('\n', 1)[0]!}\n${rows}` } })
  await session.run(`%include "${MACROS}"; %scr_connect(url=${url}, token=none)
    %scr_deploy(model=m, image=${V1}) %scr_score_csv(in=/in.csv, out=/out.csv, model=m)`)
  t.notMatch(session.requests.at(-1)!.answer.headers, /scoring-rows/i)
  t.equal(session.logged.at(-1),
    'NOTE: The rows are in /out.csv. A row whose column _error is not empty could not be scored.')
})

t.test('champion and challenger: deploy, compare, shift, promote, roll back', async t => {
  const { session, run } = await deployed(t)
  await run(applicants)
  const path = '/models/sr-hmeq'
  const calls: ReadonlyArray<readonly [call: string, asked: string, log: RegExp]> = [
    [`%scr_challenger(model=sr-hmeq, image=${V2})`,
      `POST ${path}/revisions?wait=300 {"image":"${V2}","tag":"challenger","percent":0} 201`,
      /NOTE: The challenger of sr-hmeq is ready\./],
    [`%scr_challenger(model=sr-hmeq, image=${V2})`,
      `POST ${path}/revisions?wait=300 {"image":"${V2}","tag":"challenger","percent":0} 200`,
      /NOTE: The challenger of sr-hmeq is ready\./],
    ['%scr_compare(model=sr-hmeq, data=work.applicants)',
      `POST ${path}/compare?challenger=challenger form data 200`, /printed: 7 rows/],
    ['%scr_compare(model=sr-hmeq, data=work.applicants, champion=challenger, challenger=sr-hmeq-00001)',
      `POST ${path}/compare?challenger=sr-hmeq-00001&champion=challenger form data 200`, /printed: 7 rows/],
    ['%scr_traffic(model=sr-hmeq, table=sr-hmeq-00001=80 sr-hmeq-00002:challenger=20)',
      `PUT ${path}/traffic?wait=300 [{"revision":"sr-hmeq-00001","percent":80},{"revision":"sr-hmeq-00002","percent":20,"tag":"challenger"}] 200`,
      /NOTE: The traffic of sr-hmeq is as asked for\.\nprinted: 2 rows/],
    ['%scr_traffic(model=sr-hmeq)', `GET ${path}/traffic 200`, /^printed: 2 rows/],
    ['%scr_promote(model=sr-hmeq)', `POST ${path}/promote?wait=300 {"tag":"challenger"} 200`, /has moved/],
    ['%scr_promote(model=sr-hmeq, revision=sr-hmeq-00001)',
      `POST ${path}/promote?wait=300 {"revision":"sr-hmeq-00001"} 200`, /has moved/],
    ['%scr_rollback(model=sr-hmeq)', `POST ${path}/rollback?wait=300 200`, /is as it was before/]
  ]
  for (const [call, asked, log] of calls) {
    const found = await run(call)
    t.match(found, { ended: 'ended', log }, call)
    t.strictSame(found.asked, [asked], call)
  }
  const { columns, rows } = session.table('work.scr_traffic')
  t.same(columns.map(({ name }) => name), ['revision', 'percent', 'tag'])
  t.strictSame(rows, [['sr-hmeq-00002', 100, 'challenger']])
  const compared = session.table('work.scr_compare')
  t.same(compared.columns.map(({ name }) => name), ['name', 'type', 'compared', 'equal', 'agreement',
    'meanDifference', 'largestDifference', 'missingDiffers'])
  t.match(compared.rows.find(([name]) => name === 'P_BAD1'), ['P_BAD1', 'number', 3, 0, 0, Number])
})

t.test('%scr_logs writes what the model printed into the log', async t => {
  const { run } = await deployed(t)
  const { asked, log } = await run('%scr_logs(model=sr-hmeq, tail=5)')
  t.strictSame(asked, ['GET /models/sr-hmeq/logs?tail=5 200'])
  t.match(log, 'listening on port')
})

t.test('after %scr_delete each macro ends the program with what was wrong and what to do', async t => {
  const { run } = await deployed(t, { files: { '/in.csv': await sample() } })
  t.strictSame(await run('%scr_delete(model=sr-hmeq)'), {
    ended: 'ended',
    log: 'NOTE: sr-hmeq is deleted.',
    asked: ['DELETE /models/sr-hmeq?wait=60 204']
  })
  await run(applicants)
  for (
    const call of ['%scr_score(data=work.applicants, out=work.s, model=sr-hmeq)',
      '%scr_score_csv(in=/in.csv, out=/out.csv, model=sr-hmeq)', '%scr_update(model=sr-hmeq, max=1)',
      '%scr_delete(model=sr-hmeq)', '%scr_logs(model=sr-hmeq)', '%scr_traffic(model=sr-hmeq)',
      '%scr_promote(model=sr-hmeq)', '%scr_rollback(model=sr-hmeq)',
      '%scr_challenger(model=sr-hmeq, image=a/b:1)', '%scr_compare(model=sr-hmeq, data=work.applicants)']
  ) {
    const { ended, log, asked } = await run(`${call} %put NOTE: went on;`)
    t.equal(ended, 'cancelled', call)
    t.equal(asked.length, 1, call)
    t.match(log, /ERROR: The service answered 404, .*\nERROR: .*sr-hmeq.*\nERROR: What to do: .*GET \/models/)
    t.notMatch(log, 'went on')
  }
})

t.test('a service that is not reached ends the program, whatever an earlier call got', async t => {
  const { run } = await deployed(t)
  const { ended, log } = await run('%scr_connect(url=http://127.0.0.1:1) %scr_models()')
  t.equal(ended, 'cancelled')
  t.match(log, 'ERROR: The service answered none, expected was 200.')
})

t.test('deploy_and_score.sas goes to its end and leaves no model behind', async t => {
  const { url } = await openTestService(t, (await openSimulator(t)).cluster)
  const session = new SasSession({
    files: {
      '/path/to/examples/sas/scr_modelops.sas': readFileSync(MACROS, 'utf8'),
      '/path/to/examples/hmeq-sample.csv': readFileSync(SAMPLE, 'utf8')
    }
  })
  t.equal(await session.run(story.replace(/\burl=[^,)]+/, `url=${url}`)), 'ended', session.logged.join('\n'))
  t.notMatch(session.logged.join('\n'), /ERROR|WARNING/)
  t.equal(session.files.get('/tmp/scored.csv'), scoredBy(V1, await sample()))
  t.same(await (await fetch(`${url}/models`)).json(), { items: [] })
})
