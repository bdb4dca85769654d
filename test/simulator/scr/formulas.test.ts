import fs from 'node:fs/promises'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import * as formulas from '../../../simulator/scr/formulas.js'
import type { Row } from '../../../simulator/scr/model.js'
import { score, startContainer } from './support.js'

const readme = await fs.readFile('simulator/README.md', 'utf8')
const logistic = (eta: number) => 1 / (1 + Math.exp(-eta))

const loan: Row = {
  CLAGE: 121.5,
  CLNO: 14,
  DEBTINC: 38,
  DELINQ: 1,
  DEROG: 0,
  JOB: 'Sales',
  LOAN: 15200,
  MORTDUE: 61000,
  NINQ: 2,
  REASON: 'DebtCon',
  VALUE: 88400,
  YOJ: 3.5
}

t.test('sr_hmeq_logreg:1.0 is the sum of its terms in order', async t => {
  const p = logistic(
    -2.6 + -0.0055 * 121.5 + -0.016 * 14 + 0.057 * 38 + 0.73 * 1 + 0.58 * 0 + 0.87 +
      -0.000019 * 15200 +
      -0.0000036 * 61000 + 0.17 * 2 + -0.11 + 0.0000027 * 88400 + -0.013 * 3.5
  )
  t.strictSame(formulas.hmeqLogreg1(loan), {
    EM_CLASSIFICATION: '1',
    EM_EVENTPROBABILITY: p,
    EM_PROBABILITY: p,
    I_BAD: '1',
    P_BAD0: 1 - p,
    P_BAD1: p,
    _WARN_: null
  })
})

t.test('sr_hmeq_logreg:2.0 has coefficients of its own', async t => {
  t.equal(formulas.hmeqLogreg2(loan)['P_BAD1'],
    logistic(-2.25 + -0.0052 * 121.5 + -0.014 * 14 + 0.061 * 38 + 0.78 * 1 + 0.63 * 0 + 0.95 +
      -0.000017 * 15200 + -0.0000031 * 61000 + 0.19 * 2 + -0.08 + 0.0000029 * 88400 + -0.011 * 3.5))
})

t.test('sr_hmeq_logreg puts means for missing numbers and gives missing levels their own points', async t => {
  const p = logistic(
    -2.6 + -0.0055 * 179.8 + -0.016 * 21.3 + 0.057 * 33.8 + 0.73 * 0.45 + 0.58 * 0.25 + -1.15 +
      -0.000019 * 18600 +
      -0.0000036 * 73800 + 0.17 * 1.19 + 0.06 + 0.0000027 * 101800 + -0.013 * 8.9
  )
  t.match(formulas.hmeqLogreg1({}), { P_BAD1: p, EM_PROBABILITY: 1 - p, I_BAD: '0', _WARN_: 'M' })
})

const warnings: Array<[row: Row, warning: string | null]> = [
  [loan, null],
  [{ ...loan, JOB: null }, null],
  [{ ...loan, JOB: 'Sales  ' }, null],
  [{ ...loan, JOB: '   ' }, null],
  [{ ...loan, YOJ: null }, 'M'],
  [{ ...loan, JOB: 'sales' }, 'U'],
  [{ ...loan, REASON: 'valueOf', YOJ: null }, 'MU']
]
for (const [row, warning] of warnings) {
  t.test(`_WARN_ is ${warning} for JOB ${row['JOB']}, REASON ${row['REASON']}, YOJ ${row['YOJ']}`, async t => {
    t.equal(formulas.hmeqLogreg1(row)['_WARN_'], warning)
  })
}

const leaves: Array<[row: Row, leaf: number, p: number]> = [
  [{}, 7, 0.52],
  [{ DELINQ: 1 }, 6, 0.93],
  [{ DEBTINC: 43.5, DELINQ: 5 }, 3, 0.78],
  [{ DEBTINC: 43.49, DELINQ: 2 }, 10, 0.44],
  [{ DEBTINC: 30, DELINQ: 1, JOB: 'Mgr' }, 9, 0.19],
  [{ DEBTINC: 30, CLAGE: 89.9, JOB: 'Mgr' }, 9, 0.19],
  [{ DEBTINC: 30, CLAGE: 90, JOB: 'Self' }, 9, 0.19],
  [{ DEBTINC: 30, CLAGE: 90, JOB: null }, 8, 0.07]
]
for (const [row, leaf, p] of leaves) {
  t.test(`sr_hmeq_tree puts ${JSON.stringify(row)} into node ${leaf}`, async t => {
    t.strictSame(formulas.hmeqTree(row), {
      _NODE_: leaf,
      P_BAD1: p,
      P_BAD0: 1 - p,
      I_BAD: p >= 0.5 ? '1' : '0'
    })
  })
}

const grades: Array<
  [row: Row, grade: string, score: number, reason: string | null, limit: number | null]
> = [
  [{ INCOME: 100000, DEBT: 10000, REGION: 'EAST' }, 'B', 600 + 100 - 25 + 5, null, 20000],
  [{ INCOME: 130000, DEBT: 13000, REGION: 'SOUTH   ' }, 'A', 600 + 130 - 25 - 5, null, 26000],
  [{ INCOME: 50000, DEBT: 50000, REGION: 'WEST' }, 'D', 600 + 50 - 250 + 0, 'HIGH_RATIO', 0],
  [{ INCOME: 40000, DEBT: null, REGION: 'ABROAD' }, 'B', 640, 'NO_DEBT_INFO', 12000],
  [{ INCOME: 0, DEBT: 0 }, 'D', 350, 'HIGH_RATIO', 0],
  [{ DEBT: 1 }, 'D', 400, 'NO_INCOME', null]
]
for (const [row, grade, score, reason, limit] of grades) {
  t.test(`credit_grade gives ${JSON.stringify(row)} ${grade}`, async t => {
    t.strictSame(formulas.creditGrade({ ...row, ACCOUNT: '00501' }), {
      GRADE: grade,
      SCORE: score,
      REASON_CODE: reason,
      ACCOUNT_OUT: '00501',
      LIMIT: limit
    })
  })
}

t.test('creditwriteoff says which version scored, and loses nothing on an unknown balance', async t => {
  const p = (intercept: number) =>
    logistic(intercept + 0.00004 * 5200 + 0.55 * 6 + 1.4 * 0.45 + 0.3)
  t.strictSame(formulas.creditWriteoff1({ MONTHS_LATE: 6 }), {
    P_WRITEOFF: p(-3.2),
    EXPECTED_LOSS: null,
    DECISION: 'WRITEOFF',
    MODEL_VERSION: '1.0'
  })
  t.strictSame(formulas.creditWriteoff2({ MONTHS_LATE: 6 }), {
    P_WRITEOFF: p(-2.7),
    EXPECTED_LOSS: null,
    DECISION: 'WRITEOFF',
    MODEL_VERSION: '2.0'
  })
})

t.test('version 2.0 scores every row of sane loans higher than 1.0', async t => {
  const upTo = (max: number) => fc.option(fc.double({ min: 0, max, noNaN: true }))
  const row = fc.record({
    CLAGE: upTo(1200),
    CLNO: upTo(75),
    DEBTINC: upTo(210),
    DELINQ: upTo(15),
    DEROG: upTo(10),
    JOB: fc.option(fc.constantFrom('Mgr', 'Sales', '?')),
    LOAN: upTo(90000),
    MORTDUE: upTo(400000),
    NINQ: upTo(17),
    REASON: fc.option(fc.constantFrom('DebtCon', 'HomeImp')),
    VALUE: upTo(900000),
    YOJ: upTo(41)
  })
  t.doesNotThrow(() =>
    fc.assert(fc.property(row, loan => {
      assert.ok(
        Number(formulas.hmeqLogreg2(loan)['P_BAD1']) > Number(formulas.hmeqLogreg1(loan)['P_BAD1'])
      )
    }))
  )
})

const tables: Array<[heading: string, one: formulas.Logistic, two: formulas.Logistic]> = [
  ['sr_hmeq_logreg', formulas.hmeqLogistic1, formulas.hmeqLogistic2],
  ['creditwriteoff', formulas.writeoffLogistic1, formulas.writeoffLogistic2]
]
for (const [heading, one, two] of tables) {
  t.test(`the README publishes the coefficients of ${heading}`, async t => {
    t.strictSame(section(heading).filter(line => /^\| [A-Zi]/.test(line)),
      coefficientLines(one, two))
  })
}

t.test('the README publishes the leaves of sr_hmeq_tree', async t => {
  const published = section('sr_hmeq_tree').flatMap(line =>
    /^\| \d .* \| (\d+) \| ([\d.]+) \|$/.exec(line)?.slice(1) ?? []
  )
  t.strictSame(
    Object.fromEntries(published.flatMap((leaf, i) =>
      i % 2 === 0 ? [[leaf, Number(published[i + 1])]] : []
    )),
    formulas.treeLeaves
  )
})

t.test('the README\'s example is what a container answers', async t => {
  const [request, answer] = section('sr_hmeq_logreg').filter(line => line.startsWith('{"data"'))
  const url = await startContainer(t, 'registry.demo/sr_hmeq_logreg:1.0')
  t.strictSame((await score(`${url}/sr_hmeq_logreg`, request)).data, JSON.parse(answer!).data)
})

/** The lines below a heading of third order. */
function section (heading: string): string[] {
  const lines = readme.split('\n')
  const after = lines.slice(lines.indexOf(`### ${heading}`) + 1)
  return after.slice(0, after.findIndex(line => line.startsWith('#')))
}

function coefficientLines (one: formulas.Logistic, two: formulas.Logistic): string[] {
  const coefficients = ({ terms }: formulas.Logistic) =>
    terms.flatMap(term =>
      'mean' in term
        ? [[term.variable, ` ${term.mean} `, term.coefficient]]
        : [
            ...Object.entries(term.levels).map((
              [level, points]
            ) => [`${term.variable} = ${level}`, ' ', points]),
            [`${term.variable} missing or another`, ' ', term.missing]
          ]
    )
  const second = coefficients(two)
  return [
    `| intercept | | ${one.intercept} | ${two.intercept} |`,
    ...coefficients(one).map(([term, mean, coefficient], i) =>
      `| ${term} |${mean}| ${coefficient} | ${second[i]?.[2]} |`
    )
  ]
}
