import t from 'tap'
import { rightsContract } from './contract/rights.js'
import { simulatedWorld } from './contract/simulated.js'

t.test('the simulator keeps the contract of rights', async t => {
  rightsContract(t, await simulatedWorld(t, 'revision'))
})
