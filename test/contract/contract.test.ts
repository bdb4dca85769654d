import t from 'tap'
import { contract } from './contract.js'
import { simulatedWorld } from './simulated.js'

t.test('the simulator keeps the contract', async t => {
  contract(t, await simulatedWorld(t, 'revision'))
})
