import t from 'tap'
import { findResourceFaults } from '../../../../src/domain/models/spec/resource-rules.js'

type Row = readonly [kind: 'cpu' | 'memory', text: string, told: string]

const MEMORY = 'write it as 512Mi or 2Gi'
const CPU = 'write it as 500m or 2'
const table: readonly Row[] = [
  ['memory', '512m',
    `512m means 0.512 bytes, less than 1M: did you mean 512Mi? W${MEMORY.slice(1)}`],
  ['memory', '4', `4 means 4 bytes, less than 1M: did you mean 4Gi? W${MEMORY.slice(1)}`],
  ['memory', '1', `1 means 1 byte, less than 1M: did you mean 1Gi? W${MEMORY.slice(1)}`],
  ['memory', '512', `512 means 512 bytes, less than 1M: did you mean 512Mi? W${MEMORY.slice(1)}`],
  ['memory', '0', `0 bytes can't be meant: leave it out for no limit, or ${MEMORY}`],
  ['memory', '0Gi', `0Gi bytes can't be meant: leave it out for no limit, or ${MEMORY}`],
  ['memory', '1k', `1k means 1000 bytes, less than 1M: ${MEMORY}`],
  ['memory', '1e3', `1e3 means 1000 bytes, less than 1M: ${MEMORY}`],
  ['memory', '2u', `2u means 0.000002 bytes, less than 1M: ${MEMORY}`],
  ['memory', '2E', `2E means 2000000000000000000 bytes, more than 32Ti: ${MEMORY}`],
  ['memory', '64Ti', `64Ti means 70370000000000 bytes, more than 32Ti: ${MEMORY}`],
  ['memory', '-1Gi', `"-1Gi" is not a quantity: ${MEMORY}`],
  ['memory', '2 GB', `"2 GB" is not a quantity: did you mean 2Gi? W${MEMORY.slice(1)}`],
  ['memory', '512MB', `"512MB" is not a quantity: did you mean 512Mi? W${MEMORY.slice(1)}`],
  ['memory', '2gi', `"2gi" is not a quantity: did you mean 2Gi? W${MEMORY.slice(1)}`],
  ['memory', '', `"" is not a quantity: ${MEMORY}`],
  ['memory', '1'.repeat(20_000), `"${'1'.repeat(40)}" is not a quantity: ${MEMORY}`],
  ['cpu', '4000',
    `4000 means 4000 cores, more than 1024 cores: did you mean 4000m? W${CPU.slice(1)}`],
  ['cpu', '4k', `4k means 4000 cores, more than 1024 cores: did you mean 4? W${CPU.slice(1)}`],
  ['cpu', '512Mi',
    `512Mi means 536900000 cores, more than 1024 cores: did you mean 512m? W${CPU.slice(1)}`],
  ['cpu', '0', `0 cores can't be meant: leave it out for no limit, or ${CPU}`],
  ['cpu', '0m', `0m cores can't be meant: leave it out for no limit, or ${CPU}`],
  ['cpu', '5u',
    `5u means 0.000005 cores, less than 1m (a thousandth of a core): did you mean 5? W${
      CPU.slice(1)
    }`],
  ['cpu', '-1', `"-1" is not a quantity: ${CPU}`],
  ['cpu', '2 cores', `"2 cores" is not a quantity: did you mean 2? W${CPU.slice(1)}`]
]
for (const [kind, text, told] of table) {
  t.test(`${kind} "${text.slice(0, 20)}" is refused with what it would mean`, async t => {
    t.same(
      findResourceFaults({ requests: {}, limits: { [kind]: text } }).map(({ detail, remedy }) =>
        `${detail}: ${remedy}`
      ),
      [told]
    )
    t.equal(findResourceFaults({ requests: { [kind]: text }, limits: {} }).length, 1,
      'as a request, too')
  })
}

const fine: ReadonlyArray<readonly ['cpu' | 'memory', string]> = [
  ['memory', '512Mi'],
  ['memory', '2Gi'],
  ['memory', '1.5Gi'],
  ['memory', '1M'],
  ['memory', '2147483648'],
  ['memory', '1e9'],
  ['memory', '64E6'],
  ['memory', '1073741824000m'],
  ['memory', '512000k'],
  ['cpu', '500m'],
  ['cpu', '2'],
  ['cpu', '0.25'],
  ['cpu', '1m'],
  ['cpu', '96'],
  ['cpu', '1e-1'],
  ['cpu', '+1'],
  ['cpu', '500'],
  ['cpu', '1024000m']
]
for (const [kind, text] of fine) {
  t.test(`${kind} ${text} is taken`, async t => {
    t.same(findResourceFaults({ requests: { [kind]: text }, limits: { [kind]: text } }), [])
  })
}
