import t from 'tap'
import { modelsContract } from './contract/models.js'
import { simulatedWorld } from './contract/simulated.js'

t.test('the simulator keeps the contract for models that are called by their route', async t => {
  modelsContract(t, await simulatedWorld(t, 'route'))
})
