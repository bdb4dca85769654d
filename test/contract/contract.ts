import type { Test } from 'tap'
import type { World } from '../support/contract.js'
import { abContract } from './ab.js'
import { diagnosisContract } from './diagnosis.js'
import { failuresContract } from './failures.js'
import { kubectlContract } from './kubectl.js'
import { kubernetesContract } from './kubernetes.js'
import { modelsContract } from './models.js'
import { pythonClientContract } from './python-client.js'
import { registriesContract } from './registries.js'
import { storyContract } from './story.js'
import { writersContract } from './writers.js'

/** Each case has names of its own, so several run at once: most of their time is a cluster's. */
const AT_ONCE = 4

/** What is believed here about Kubernetes, Knative and SCR (of rights: `rights.ts`), checked in a world. The simulator may claim nothing else. */
export function contract (t: Test, world: World): void {
  t.jobs = AT_ONCE
  storyContract(t, world)
  abContract(t, world)
  modelsContract(t, world)
  writersContract(t, world)
  failuresContract(t, world)
  diagnosisContract(t, world)
  registriesContract(t, world)
  kubernetesContract(t, world)
  kubectlContract(t, world)
  pythonClientContract(t, world)
}
