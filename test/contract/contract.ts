import type { Test } from 'tap'
import type { World } from '../support/contract.js'
import { abContract } from './ab/ab.js'
import { diagnosisContract } from './models/diagnosis.js'
import { failuresContract } from './models/failures.js'
import { kubectlContract } from './clients/kubectl.js'
import { kubernetesContract } from './clients/kubernetes.js'
import { modelsContract } from './models/models.js'
import { pythonClientContract } from './clients/python-client.js'
import { registriesContract } from './models/registries.js'
import { scoringsContract } from './scorings.js'
import { storyContract } from './models/story.js'
import { writersContract } from './models/writers.js'

/** Each case has names of its own, so several run at once: most of their time is a cluster's. */
const AT_ONCE = 4

/**
 * What is believed here about Kubernetes, Knative and SCR (of rights: `rights.ts`), checked in a
 * world. The simulator may claim nothing else.
 */
export function contract (t: Test, world: World): void {
  t.jobs = AT_ONCE
  storyContract(t, world)
  abContract(t, world)
  modelsContract(t, world)
  writersContract(t, world)
  failuresContract(t, world)
  scoringsContract(t, world)
  diagnosisContract(t, world)
  registriesContract(t, world)
  kubernetesContract(t, world)
  kubectlContract(t, world)
  pythonClientContract(t, world)
}
