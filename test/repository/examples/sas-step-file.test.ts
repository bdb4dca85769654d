import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { SasSession } from '../../support/sas/session.js'
import { openSimulator, openTestService } from '../../support/service.js'

// The custom step of SAS Studio: what its page gives its program, and what that does. SAS Studio
// itself was not asked.

interface Control {
  readonly id: string
  readonly type: string
  readonly children?: readonly Control[]
}

const file = readFileSync('examples/sas/Score with an SCR model.step', 'utf8')
const step = JSON.parse(file) as {
  ui: string
  templates: { SAS: string }
  flowMetadata: Record<'inputPorts' | 'outputPorts', Array<{ name: string }>>
}
const ui = JSON.parse(step.ui) as { pages: Control[], values: Record<string, unknown> }
const controls = ui.pages.flatMap(({ children = [] }) => children)
const idsOf = (...types: string[]) =>
  controls.filter(({ type }) => types.includes(type)).map(({ id }) => id)

t.test('the step is what its generator writes, byte for byte', async t => {
  t.equal(execFileSync(process.execPath, ['examples/sas/make-step.mjs'], { encoding: 'utf8' }), file)
})

t.test('every control but texts has a value, and every table a port', async t => {
  t.strictSame(Object.keys(ui.values),
    controls.filter(({ type }) => type !== 'text').map(({ id }) => id))
  t.strictSame(step.flowMetadata.inputPorts.map(({ name }) => name), idsOf('inputtable'))
  t.strictSame(step.flowMetadata.outputPorts.map(({ name }) => name), idsOf('outputtable'))
})

t.test('the step says that it was not run in SAS Studio', async t => {
  t.match(step.ui, 'has NOT been run in SAS Studio')
})

const rows = `data work.applicants;
  length DEBTINC DELINQ CLAGE 8 JOB $7;
  DEBTINC = 36.2;
  DELINQ = 1;
  CLAGE = 204.9;
  JOB = 'Sales';
run;`

for (
  const chosen of [{ modelFrom: 'table', modelPicked: 'm' }, { modelFrom: 'name', modelNamed: 'm' }]
) {
  t.test(`the program scores the table with a model chosen by ${chosen.modelFrom}`, async t => {
    const { url } = await openTestService(t, (await openSimulator(t)).cluster)
    await fetch(`${url}/models/m?wait=30`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"image":"registry.demo/sr_hmeq_tree:1.0"}'
    })
    const session = new SasSession({ servicesToken: 'viya' })
    const values = {
      ...chosen,
      login: 'viya',
      serviceUrl: url,
      inputtable1: 'work.applicants',
      outputtable1: 'work.scored_applicants'
    }
    for (const [id, value] of Object.entries(values)) {
      t.ok(id in ui.values, id)
      session.setVariable(id, value)
    }
    t.equal(await session.run(`${rows}\n${step.templates.SAS}`), 'ended', session.logged.join('\n'))
    t.strictSame(session.logged, ['NOTE: 1 rows were scored by m, 0 of them failed.'])
    t.strictSame(session.requests.map(({ bearer }) => bearer), ['viya', 'viya'])
    t.strictSame(session.table('work.scored_applicants').rows,
      [[36.2, 1, 204.9, 'Sales', 9, 0.19, 0.81, '0', '']])
  })
}
