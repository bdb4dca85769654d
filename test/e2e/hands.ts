import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'

// What people have in their hands, the Python package and its command line, against the service
// installed with a login by tokens of the cluster, as docs/install.md says.
const {
  KUBECONFIG: kubeconfig,
  SERVICE_IMAGE: image,
  IMAGE_PREFIX: imagePrefix = 'dev.local',
  HMEQ_CSV: hmeq
} = process.env
const namespace = process.env['TEST_NAMESPACE'] = `scr-e2e-${randomBytes(3).toString('hex')}`
// Only now: the suite reads TEST_NAMESPACE.
const { SAMPLE, scoredBy } = await import('../contract/scores.js')
const { until } = await import('../support/contract.js')
const { install } = await import('../support/cluster/installed.js')
const { Program } = await import('../support/program.js')
const { newPython } = await import('../support/python.js')
const { folder } = await import('../support/service.js')

const skip = kubeconfig && image
  ? false
  : 'needs KUBECONFIG and SERVICE_IMAGE: the service\'s image, where the cluster finds it'

const SLOW = `${imagePrefix}/sr_hmeq_logreg:1.0-slow`

t.test('the Python package and the installed service', { skip }, async t => {
  const python = await newPython(t, await folder(t), './clients/python[all]')
  if ('lacks' in python) {
    t.pass(python.lacks, { skip: python.lacks })
    return
  }
  const { url, kubectl } = await install(t, {
    kubeconfig: kubeconfig!,
    image: image!,
    namespace,
    overlay: 'deploy/kubernetes-auth'
  })
  t.teardown(async () => {
    await kubectl('delete', 'clusterrolebinding', 'scr-modelops-auth-delegator', '--ignore-not-found')
  })
  // as docs/rights.md says
  await kubectl('-n', namespace, 'create', 'serviceaccount', 'ann')
  await kubectl('-n', namespace, 'create', 'rolebinding', 'ann', '--role=scr-modelops-deployer',
    `--serviceaccount=${namespace}:ann`)
  const token = (await kubectl('-n', namespace, 'create', 'token', 'ann')).trim()
  const connection = { SCR_MODELOPS_URL: url, SCR_MODELOPS_TOKEN: token }
  const csv = hmeq ?? SAMPLE

  t.test('deploy, score a frame and a file, A/B, roll back, delete', async t => {
    const scored = path.join(await folder(t), 'scored.csv')
    const program = new Program(t, python.command, ['test/e2e/hands.py'], {
      ...connection,
      NAME: 'sr-hmeq',
      V1: `${imagePrefix}/sr_hmeq_logreg:1.0`,
      V2: `${imagePrefix}/sr_hmeq_logreg:2.0`,
      FILE: csv,
      SCORED: scored
    })
    const { code } = await program.ended
    t.same([code, program.stdout.trim().split('\n')], [0, [
      'frame: True True',
      'file: True 0',
      'both the same: True',
      'compared: True',
      'shared by: [\'-00001\', \'-00002\'] True',
      'promoted, other scores: True',
      'rolled back, the first scores: True',
      'deleted: 404',
      'without a token of the cluster: 401'
    ]], program.stderr)
    t.ok(await readFile(scored, 'utf8') === scoredBy('sr_hmeq_logreg:1.0', await readFile(csv, 'utf8')),
      'every row of the file is what the formula says')
  })

  t.test('Ctrl-C ends the scoring on the server within 2 s, and leaves no file', async t => {
    const out = await folder(t)
    const command = (...args: string[]) =>
      new Program(t, python.command, ['-m', 'scr_modelops.cli', ...args], connection)
    const deploying = command('deploy', 'sr-slow', SLOW)
    t.equal((await deploying.ended).code, 0, deploying.stderr)
    const scoring = command('score', 'sr-slow', csv, '-o', path.join(out, 'out.csv'))
    const states = async () => {
      const response = await fetch(`${url}/scorings?model=sr-slow`, {
        headers: { authorization: `Bearer ${token}` }
      })
      const { items } = await response.json() as {
        items: ReadonlyArray<{ readonly state: string, readonly rowsScored: number }>
      }
      return items
    }
    await until('rows are scored', states, ([first]) => (first?.rowsScored ?? 0) > 0)
    const began = performance.now()
    scoring.signal('SIGINT')
    const [ended] = await until('the scoring ends', states, ([first]) => first?.state !== 'running')
    t.equal(ended?.state, 'stopped')
    t.ok(performance.now() - began < 2_000, `after ${Math.round(performance.now() - began)} ms`)
    t.equal((await scoring.ended).code, 130, scoring.stderr)
    t.same(readdirSync(out), [])
  })
})
