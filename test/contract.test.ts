import t from 'tap'
import { contract } from './contract/contract.js'
import { simulatedWorld } from './contract/simulated.js'

t.test('the simulator keeps the contract', async t => {
  contract(t, await simulatedWorld(t, 'revision'))
})
