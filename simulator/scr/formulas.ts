// These are the formulas of simulator/README.md as pure functions. Terms are added in the order of
// the tables there and never regrouped, so that everybody who recomputes a score gets the same
// bits.
import type { Row } from './model.js'

/**
 * One addend: coefficient × value, or the points of a class level. The mean replaces a missing
 * value.
 */
export type Term =
  | { readonly variable: string; readonly mean: number; readonly coefficient: number }
  | {
    readonly variable: string
    readonly levels: Readonly<Record<string, number>>
    readonly missing: number
  }

export interface Logistic {
  readonly intercept: number
  readonly terms: readonly Term[]
}

export const hmeqLogistic1: Logistic = {
  intercept: -2.6,
  terms: [
    { variable: 'CLAGE', mean: 179.8, coefficient: -0.0055 },
    { variable: 'CLNO', mean: 21.3, coefficient: -0.016 },
    { variable: 'DEBTINC', mean: 33.8, coefficient: 0.057 },
    { variable: 'DELINQ', mean: 0.45, coefficient: 0.73 },
    { variable: 'DEROG', mean: 0.25, coefficient: 0.58 },
    {
      variable: 'JOB',
      levels: { Mgr: 0.12, Office: -0.48, Other: 0.03, ProfExe: -0.09, Sales: 0.87, Self: 0.46 },
      missing: -1.15
    },
    { variable: 'LOAN', mean: 18600, coefficient: -0.000019 },
    { variable: 'MORTDUE', mean: 73800, coefficient: -0.0000036 },
    { variable: 'NINQ', mean: 1.19, coefficient: 0.17 },
    { variable: 'REASON', levels: { DebtCon: -0.11, HomeImp: 0.14 }, missing: 0.06 },
    { variable: 'VALUE', mean: 101800, coefficient: 0.0000027 },
    { variable: 'YOJ', mean: 8.9, coefficient: -0.013 }
  ]
}

/**
 * No coefficient is below that of version 1, so that for inputs that are not negative this version
 * always gives the higher probability.
 */
export const hmeqLogistic2: Logistic = {
  intercept: -2.25,
  terms: [
    { variable: 'CLAGE', mean: 179.8, coefficient: -0.0052 },
    { variable: 'CLNO', mean: 21.3, coefficient: -0.014 },
    { variable: 'DEBTINC', mean: 33.8, coefficient: 0.061 },
    { variable: 'DELINQ', mean: 0.45, coefficient: 0.78 },
    { variable: 'DEROG', mean: 0.25, coefficient: 0.63 },
    {
      variable: 'JOB',
      levels: { Mgr: 0.15, Office: -0.41, Other: 0.04, ProfExe: -0.07, Sales: 0.95, Self: 0.52 },
      missing: -1.02
    },
    { variable: 'LOAN', mean: 18600, coefficient: -0.000017 },
    { variable: 'MORTDUE', mean: 73800, coefficient: -0.0000031 },
    { variable: 'NINQ', mean: 1.19, coefficient: 0.19 },
    { variable: 'REASON', levels: { DebtCon: -0.08, HomeImp: 0.18 }, missing: 0.09 },
    { variable: 'VALUE', mean: 101800, coefficient: 0.0000029 },
    { variable: 'YOJ', mean: 8.9, coefficient: -0.011 }
  ]
}

const writeoffTerms: readonly Term[] = [
  { variable: 'BALANCE', mean: 5200, coefficient: 0.00004 },
  { variable: 'MONTHS_LATE', mean: 0.8, coefficient: 0.55 },
  { variable: 'UTILIZATION', mean: 0.45, coefficient: 1.4 },
  { variable: 'SEGMENT', levels: { BUSINESS: 0.1, PREMIUM: -0.6, RETAIL: 0.2 }, missing: 0.3 }
]
export const writeoffLogistic1: Logistic = { intercept: -3.2, terms: writeoffTerms }
export const writeoffLogistic2: Logistic = { intercept: -2.7, terms: writeoffTerms }

/** sr_hmeq_logreg predicts the probability that a home-equity loan goes bad. */
export const hmeqLogreg1 = (row: Row): Row => hmeqLogreg(hmeqLogistic1, row)
export const hmeqLogreg2 = (row: Row): Row => hmeqLogreg(hmeqLogistic2, row)

/** creditwriteoff predicts the probability that a balance has to be written off. */
export const creditWriteoff1 = (row: Row): Row => creditWriteoff(writeoffLogistic1, '1.0', row)
export const creditWriteoff2 = (row: Row): Row => creditWriteoff(writeoffLogistic2, '2.0', row)

function hmeqLogreg (model: Logistic, row: Row): Row {
  const p = predict(model, row)
  const bad = p >= 0.5 ? '1' : '0'
  return {
    EM_CLASSIFICATION: bad,
    EM_EVENTPROBABILITY: p,
    EM_PROBABILITY: Math.max(p, 1 - p),
    I_BAD: bad,
    P_BAD0: 1 - p,
    P_BAD1: p,
    _WARN_: warningsOf(model, row)
  }
}

function creditWriteoff (model: Logistic, version: string, row: Row): Row {
  const p = predict(model, row)
  const balance = numberIn(row, 'BALANCE')
  return {
    P_WRITEOFF: p,
    EXPECTED_LOSS: balance === null ? null : p * balance,
    DECISION: p >= 0.5 ? 'WRITEOFF' : p >= 0.2 ? 'WATCH' : 'KEEP',
    MODEL_VERSION: version
  }
}

function predict ({ intercept, terms }: Logistic, row: Row): number {
  let eta = intercept
  for (const term of terms) eta += addendOf(term, row)
  return 1 / (1 + Math.exp(-eta))
}

function addendOf (term: Term, row: Row): number {
  if ('mean' in term) return term.coefficient * (numberIn(row, term.variable) ?? term.mean)
  return pointsOf(term.levels, textIn(row, term.variable)) ?? term.missing
}

/**
 * Makes the _WARN_ of SAS score code: M if a number was missing, U if a level was unknown, missing
 * if neither.
 */
function warningsOf ({ terms }: Logistic, row: Row): string | null {
  const isMissing = terms.some(term => 'mean' in term && numberIn(row, term.variable) === null)
  const isUnknown = terms.some(term => {
    if ('mean' in term) return false
    const level = textIn(row, term.variable)
    return level !== null && pointsOf(term.levels, level) === undefined
  })
  return `${isMissing ? 'M' : ''}${isUnknown ? 'U' : ''}` || null
}

/** P_BAD1 by the number of the leaf. */
export const treeLeaves: Readonly<Record<number, number>> = {
  3: 0.78,
  6: 0.93,
  7: 0.52,
  8: 0.07,
  9: 0.19,
  10: 0.44
}

/** sr_hmeq_tree predicts the same as sr_hmeq_logreg by a decision tree. */
export function hmeqTree (row: Row): Row {
  const leaf = findLeaf(row)
  const p = treeLeaves[leaf]!
  return { _NODE_: leaf, P_BAD1: p, P_BAD0: 1 - p, I_BAD: p >= 0.5 ? '1' : '0' }
}

/** Finds the leaf. Node 1 splits into 2, 3, 4; 2 into 5, 10; 4 into 6, 7; 5 into 8, 9. */
function findLeaf (row: Row): number {
  const debtRatio = numberIn(row, 'DEBTINC')
  const delinquencies = numberIn(row, 'DELINQ') ?? 0
  if (debtRatio === null) return delinquencies >= 1 ? 6 : 7
  if (debtRatio >= 43.5) return 3
  if (delinquencies >= 2) return 10
  const job = textIn(row, 'JOB')
  const oldestLineMonths = numberIn(row, 'CLAGE')
  return job === 'Sales' || job === 'Self' || oldestLineMonths === null || oldestLineMonths < 90
    ? 9
    : 8
}

const regionPoints: Readonly<Record<string, number>> = { EAST: 5, NORTH: 15, SOUTH: -5, WEST: 0 }

/** credit_grade gives a score, its grade, a reason if there is one, and the unchanged account. */
export function creditGrade (row: Row): Row {
  const income = numberIn(row, 'INCOME')
  const debt = numberIn(row, 'DEBT')
  const account = { ACCOUNT_OUT: textIn(row, 'ACCOUNT') }
  if (income === null) {
    return { GRADE: 'D', SCORE: 400, REASON_CODE: 'NO_INCOME', ...account, LIMIT: null }
  }
  const ratio = income > 0 ? (debt ?? 0) / income : 1
  const score =
    600 + income / 1000 - 250 * ratio + (pointsOf(regionPoints, textIn(row, 'REGION')) ?? 0)
  return {
    GRADE: score >= 700 ? 'A' : score >= 620 ? 'B' : score >= 540 ? 'C' : 'D',
    SCORE: score,
    REASON_CODE: debt === null ? 'NO_DEBT_INFO' : ratio > 0.4 ? 'HIGH_RATIO' : null,
    ...account,
    LIMIT: Math.max(0, 0.3 * income - (debt ?? 0))
  }
}

/** Returns the points of a level. Only own properties count, so "valueOf" is an unknown level. */
function pointsOf (
  levels: Readonly<Record<string, number>>,
  level: string | null
): number | undefined {
  return level !== null && Object.hasOwn(levels, level) ? levels[level] : undefined
}

function numberIn (row: Row, name: string): number | null {
  const value = row[name]
  return typeof value === 'number' ? value : null
}

/** Reads a text without trailing blanks, which SAS ignores. A text of blanks alone is missing. */
function textIn (row: Row, name: string): string | null {
  const value = row[name]
  return (typeof value === 'string' && value.replace(/ +$/, '')) || null
}
