import type { Test } from 'tap'
import { Kube, type World } from '../support/contract.js'
import { openBeside, openSimulator, openTestService } from '../support/service.js'

/** A simulated cluster and a service, both the test's own. */
export async function simulatedWorld (t: Test, dataPath: 'revision' | 'route'): Promise<World> {
  const { simulator, cluster } = await openSimulator(t)
  const privateImage = (tag: string) => `registry.demo/sr_hmeq_logreg:${tag}-denied`
  const { url } = await openTestService(t, cluster, { DATA_PATH: dataPath })
  return {
    service: url,
    kube: new Kube(cluster.kubeconfig),
    imagePrefix: 'registry.demo',
    openService: openBeside(cluster, { DATA_PATH: dataPath }),
    privateImage: {
      image: privateImage('1.0'),
      user: 'scr',
      password: 'scr-password',
      publish: async (tag, version) => {
        simulator.publish(privateImage(tag), privateImage(version))
        return privateImage(tag)
      }
    }
  }
}
