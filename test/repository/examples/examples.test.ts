import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { SAMPLE, sample, scoredBy } from '../../contract/scores.js'
import { Program, missing } from '../../support/program.js'
import { folder, openSimulator, openTestService } from '../../support/service.js'

// The example programs as a user runs them, against the service and a simulated cluster.

const IMAGE = 'registry.demo/sr_hmeq_logreg:1.0'

const EXAMPLES = [
  { command: 'python3', program: 'examples/python/deploy_and_score.py' },
  { command: 'bash', program: 'examples/curl/deploy-and-score.sh', needs: 'curl' }
]

async function openExample (t: Test, { command, program }: { command: string, program: string }) {
  const { url } = await openTestService(t, (await openSimulator(t)).cluster)
  const run = (...args: string[]) =>
    new Program(t, command, [program, ...args], { SCR_MODELOPS_URL: url })
  const names = async () =>
    (await (await fetch(`${url}/models`)).json() as { items: Array<{ name: string }> }).items.map((
      { name }
    ) => name)
  return { url, run, names }
}

for (const example of EXAMPLES) {
  t.test(example.program, { skip: await missing(t, example.needs ?? example.command) }, async t => {
    t.test('prints the scores of the published formula, and leaves no model behind', async t => {
      const { run, names } = await openExample(t, example)
      const program = run('my-hmeq', IMAGE, SAMPLE)
      t.same(await program.ended, { code: 0, signal: null }, program.stderr)
      t.equal(program.stdout, scoredBy(IMAGE, await sample()))
      t.same(await names(), [])
    })

    t.test('fails and leaves the model alone when the name is taken', async t => {
      const { url, run, names } = await openExample(t, example)
      await fetch(`${url}/models`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'my-hmeq', image: IMAGE })
      })
      const program = run('my-hmeq', IMAGE, SAMPLE)
      t.not((await program.ended).code, 0)
      t.match(program.stderr, /use PUT \/models\/\{name\} to replace it, or choose another name/)
      t.equal(program.stdout, '')
      t.same(await names(), ['my-hmeq'])
    })

    t.test('fails with the service\'s explanation when there is no such image', async t => {
      const { run } = await openExample(t, example)
      const program = run('my-hmeq', `${IMAGE}-missing`, SAMPLE)
      t.not((await program.ended).code, 0)
      t.match(program.stderr, /image not found: registry\.demo\/sr_hmeq_logreg:1\.0-missing/)
      t.equal(program.stdout, '')
    })

    t.test('fails with the service\'s words and deletes the model when the file can\'t be scored', async t => {
      const { run, names } = await openExample(t, example)
      const csv = path.join(await folder(t), 'bad.csv')
      await writeFile(csv, (await readFile(SAMPLE, 'utf8')).replaceAll('CLAGE', 'SOMETHING'))
      const program = run('my-hmeq', IMAGE, csv)
      t.not((await program.ended).code, 0)
      t.match(program.stderr, /CLAGE/)
      t.equal(program.stdout, '')
      t.same(await names(), [])
    })
  })
}
