// What /docs sends as it is prefilled: the calls of one story, which work one after the other on
// the demo's cluster. A test sends them.

export const MODEL = 'sr-hmeq'
export const CHALLENGER = 'challenger'

const LOGREG = 'registry.demo/sr_hmeq_logreg'
const [FIRST, SECOND] = [`${MODEL}-00001`, `${MODEL}-00002`]

export const REVISION = FIRST
export const NEW_MODEL = { name: MODEL, image: `${LOGREG}:1.0` }
export const REPLACED_MODEL = { image: `${LOGREG}:1.0` }
/** Fields that make no revision: the numbers below stay right. */
export const PATCH = {
  description: 'Which home-equity loans go bad',
  labels: { team: 'risk' }
}
export const NEW_CHALLENGER = { image: `${LOGREG}:2.0`, tag: CHALLENGER, percent: 10 }
export const TRAFFIC = [
  { revision: FIRST, percent: 80 },
  { revision: SECOND, percent: 20, tag: CHALLENGER }
]
export const PROMOTED = { tag: CHALLENGER }

const ROWS = [
  {
    CLAGE: 204.93,
    CLNO: 4,
    DEBTINC: 16.2288,
    DELINQ: 0,
    DEROG: 1,
    JOB: 'Sales',
    LOAN: 37000,
    MORTDUE: 68751,
    NINQ: 0,
    REASON: 'DebtCon',
    VALUE: 118800,
    YOJ: 27.6
  },
  {
    CLAGE: 117.66,
    CLNO: 4,
    DEBTINC: 24.7555,
    DELINQ: 1,
    DEROG: null,
    JOB: 'Other',
    LOAN: 5300,
    MORTDUE: 101491,
    NINQ: 0,
    REASON: 'DebtCon',
    VALUE: 123900,
    YOJ: null
  }
]

/** The same rows in each of the forms that scoring takes. */
export const SCORED = {
  csv: [Object.keys(ROWS[0]!), ...ROWS.map(row => Object.values(row))]
    .map(cells => `${cells.join()}\n`)
    .join(''),
  json: { data: ROWS[0]! },
  ndjson: ROWS.map(row => `${JSON.stringify(row)}\n`).join('')
}
