import t from 'tap'
import { rightsContract } from './clients/rights.js'
import { simulatedWorld } from './simulated.js'

t.test('the simulator keeps the contract of rights', async t => {
  rightsContract(t, await simulatedWorld(t, 'revision'))
})
