// Writes hmeq-sample.csv to standard output: 200 invented applications for home-equity loans. The columns are those of the
// demo models; every value comes from the generator below, none from any data set. The same program gives the same bytes:
//   node examples/make-sample.mjs > examples/hmeq-sample.csv
const ROWS = 200
const SEED = 20_251_101

const random = mulberry32(SEED)
const between = (low, high) => low + random() * (high - low)
const whole = (low, high) => Math.floor(between(low, high + 1))
const pick = (...choices) => choices[whole(0, choices.length - 1)]
/** Small counts, mostly 0: each further one is less likely. */
const few = (chance, most) => random() < chance && most > 0 ? 1 + few(chance / 2, most - 1) : 0

/** A missing numeric as SAS writes it, blank or a point, in `chance` of the cells; every other cell as text. */
const cell = (value, chance) => random() >= chance ? String(value) : pick('', '.')

function application () {
  const value = whole(450, 3200) * 100
  const delinquencies = few(0.25, 6)
  const derogatories = few(0.15, 4)
  const debtToIncome = between(14, 46)
  const risk = 0.06 + 0.13 * delinquencies + 0.16 * derogatories + (debtToIncome > 40 ? 0.15 : 0)
  const reason = pick('DebtCon', 'DebtCon', 'HomeImp')
  const job = pick('Mgr', 'Office', 'Other', 'Other', 'ProfExe', 'Sales', 'Self')
  return {
    BAD: random() < risk ? 1 : 0,
    CLAGE: cell(between(20, 420).toFixed(2), 0.06),
    CLNO: cell(whole(3, 45), 0.04),
    DEBTINC: cell(debtToIncome.toFixed(4), 0.18),
    DELINQ: cell(delinquencies, 0.08),
    DEROG: cell(derogatories, 0.1),
    JOB: random() < 0.05 ? '' : job,
    LOAN: whole(15, 450) * 100,
    MORTDUE: cell((value * between(0.3, 0.9)).toFixed(0), 0.08),
    NINQ: cell(few(0.5, 8), 0.08),
    REASON: random() < 0.05 ? '' : reason,
    VALUE: cell(value, 0.03),
    YOJ: cell(between(0, 30).toFixed(1), 0.08)
  }
}

const rows = Array.from({ length: ROWS }, application)
const lines = [Object.keys(rows[0]), ...rows.map(row => Object.values(row))].map(cells => cells.join(','))
process.stdout.write(lines.join('\n') + '\n')

/** Numbers from 0 up to 1 that depend on the seed alone (the 32-bit generator known as mulberry32). */
function mulberry32 (seed) {
  let state = seed
  return () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
