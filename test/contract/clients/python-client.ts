import type { Test } from 'tap'
import { NAMESPACE, newName, type World } from '../../support/contract.js'
import { Program } from '../../support/program.js'
import { pythonWith } from '../../support/python.js'

/** The version that both worlds were compared with. */
const CLIENT = 'kubernetes==37.0.2'

/** The official Python client, which nobody here wrote: it does the same in every world. */
export function pythonClientContract (t: Test, world: World): void {
  t.test('the official Python client', async t => {
    const python = await pythonWith(t, CLIENT)
    if ('lacks' in python) {
      t.pass(python.lacks, { skip: python.lacks })
      return
    }
    const name = newName(t, world, 'py')
    const program = new Program(t, python.command, ['test/contract/clients/python_client.py'], {
      KUBECONFIG: world.kube.kubeconfigFile,
      NAMESPACE,
      NAME: name,
      IMAGE: `${world.imagePrefix}/sr_hmeq_logreg`,
      NO_PROXY: '*'
    })
    const { code } = await program.ended
    const said = program.stdout.trim().split('\n')
    t.equal(code, 0,
      `the program ends well${code === 0 ? '' : `:\n${program.stdout}\n${program.stderr}`}`)
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
