import { readFileSync } from 'node:fs'
import t from 'tap'
import { demoImage } from '../../../simulator/scr/images.js'
import { deployed, program } from '../../support/model-program.js'
import { SasSession } from '../../support/sas/session.js'

// The programs for SAS, run as they are written by the reader of the macro language that also runs
// examples/sas. SAS itself was not asked.

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'
const MACROS = readFileSync('examples/sas/scr_modelops.sas', 'utf8')

async function ran (url: string, language: string): Promise<SasSession> {
  const response = await fetch(`${url}/models/m/snippets?for=${language}`)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  const session = new SasSession({ files: { '/path/to/scr_modelops.sas': MACROS } })
  session.logged.push(await session.run(text))
  return session
}

for (const [language, out] of [['sas', 'work.rows_scored'], ['proc-http', 'work.scored']] as const) {
  t.test(`${language}: the program makes a table with the score of the published formula`, async t => {
    const { url } = await deployed(t, IMAGE)
    const session = await ran(url, language)
    t.match(session.logged.slice(-2), ['printed: 1 rows', 'ended'])
    t.same(session.requests.map(({ answer }) => answer.status), [200, 200])
    const { model } = demoImage(IMAGE)!
    const row = Object.fromEntries(model.inputs.map(({ name, type }) =>
      [name, type === 'number' ? 1 : 'A']))
    const { columns, rows } = session.table(out)
    const scored = Object.fromEntries(columns.map(({ name }, index) => [name, rows[0]![index]]))
    t.match(scored, { ...row, P_BAD1: model.score(row)['P_BAD1'], _error: '' })
  })

  t.test(`${language}: the model gets every input by its name, whatever is in it`, async t => {
    const names = ['it\'s', 'say "no"', '%let x', '&scr_url', 'a,b', 'größe', '*;', 'X', '--', '1ST']
    const odd = program({
      inputs: Object.fromEntries(names.map((name, index) => [name, index % 2 ? 'string' : 'number'])),
      outputs: { DONE: 'number' },
      score: () => ({ DONE: 1 })
    })
    const { url } = await deployed(t, odd)
    const session = await ran(url, language)
    t.equal(session.logged.at(-1), 'ended', session.logged.join('\n'))
    t.strictSame(odd.asked.map(({ row }) => row), [
      Object.fromEntries(names.map((name, index) => [name, index % 2 ? 'A' : 1]))
    ])
  })
}

t.test('proc-http: the program ends with the service\'s words when the model can\'t be asked', async t => {
  const { url } = await deployed(t, IMAGE)
  const text = await (await fetch(`${url}/models/m/snippets?for=proc-http`)).text()
  await fetch(`${url}/models/m?wait=30`, { method: 'DELETE' })
  const session = new SasSession()
  t.equal(await session.run(text), 'cancelled')
  t.match(session.logged.join('\n'), /"remedy":"check the name against GET \/models/)
  t.equal(session.requests.length, 1)
})
