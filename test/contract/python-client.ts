import { access, mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { NAMESPACE, newName, type World } from '../support/contract.js'
import { missing, Program } from '../support/program.js'

/** The version that both worlds were compared with. */
const CLIENT = 'kubernetes==37.0.2'

/** The official Python client, which nobody here wrote: it does the same in every world. */
export function pythonClientContract (t: Test, world: World): void {
  t.test('the official Python client', async t => {
    const python = await pythonWithClient(t)
    if ('lacks' in python) {
      t.pass(python.lacks, { skip: python.lacks })
      return
    }
    const name = newName(t, world, 'py')
    const program = new Program(t, python.command, ['test/contract/python_client.py'], {
      KUBECONFIG: world.kube.kubeconfigFile, NAMESPACE, NAME: name, IMAGE: `${world.imagePrefix}/sr_hmeq_logreg`, NO_PROXY: '*'
    })
    const { code } = await program.ended
    const said = program.stdout.trim().split('\n')
    t.equal(code, 0, `the program ends well${code === 0 ? '' : `:\n${program.stdout}\n${program.stderr}`}`)
    t.same(said, [
      'created: generation 1, creator set',
      'listed by label: 1',
      'ready, seen by a watch',
      'pods: 1 of this model, with user-container ready',
      'log: some',
      'revisions: 00001',
      'merge patch: label set, image 2.0',
      'JSON patch: label set',
      'server-side apply by another manager: 409 Conflict',
      'replace with an old version: 409 Conflict',
      'revisions: 00001 00002',
      'revision 00001 deleted',
      'absent: 404 NotFound',
      'deleted: gone'
    ])
  })
}

/** A Python with the client, made once for this user and this version; or what is lacking. */
async function pythonWithClient (t: Test): Promise<{ readonly command: string } | { readonly lacks: string }> {
  const folder = path.join(tmpdir(), `scr-modelops-${userInfo().uid}-${CLIENT.replace('==', '-')}`)
  const command = path.join(folder, 'bin', 'python')
  if (await access(command).then(() => true, () => false)) return { command }
  const none = await missing(t, 'python3')
  if (none !== false) return { lacks: none }
  const making = `${folder}.${process.pid}`
  t.teardown(async () => await rm(making, { recursive: true, force: true }))
  await mkdir(making, { recursive: true })
  // all of it, as it says where pip finds packages
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  for (const [program, ...args] of [['python3', '-m', 'venv', making], [path.join(making, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', CLIENT]] as const) {
    const run = new Program(t, program, args, env)
    if ((await run.ended).code !== 0) return { lacks: `${CLIENT} can't be installed: ${(run.stderr || run.stdout).trim().split('\n').at(-1) ?? ''}` }
  }
  // renamed when whole, so that nobody finds half of it; python itself does not mind where it lies
  await rename(making, folder).catch(() => {})
  return { command }
}
