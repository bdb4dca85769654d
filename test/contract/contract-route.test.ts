import t from 'tap'
import { modelsContract } from './models/models.js'
import { simulatedWorld } from './simulated.js'

t.test('the simulator keeps the contract for models that are called by their route', async t => {
  modelsContract(t, await simulatedWorld(t, 'route'))
})
