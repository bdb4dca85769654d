import { DomainError } from '../../domain/errors.js'
import type { Scoring } from '../../domain/scorings/scoring.js'
import { problemOf } from '../problem.js'
import type { ScoringAnswer } from './scorings.schemas.js'

/** Returns the present state of a scoring, as `user` may see it. */
export function scoringAnswer (scoring: Scoring, user: string): ScoringAnswer {
  const { startedAt, endedAt, expectedEnd, revisions, share, error, ...report } = scoring.report()
  return {
    ...report,
    rowsPerSecond: rounded(report.rowsPerSecond, 1),
    revisions: Object.fromEntries(revisions),
    ...(share === undefined ? {} : { share: rounded(share, 4) }),
    startedAt: timeOf(startedAt),
    ...(expectedEnd === undefined ? {} : { expectedEnd: timeOf(expectedEnd) }),
    ...(endedAt === undefined ? {} : { endedAt: timeOf(endedAt) }),
    ...(error === undefined ? {} : { error: problemFor(error, report.user === user) })
  }
}

function problemFor (
  error: unknown,
  isOwn: boolean
): NonNullable<ScoringAnswer['error']> {
  const problem = problemOf(error instanceof DomainError ? error : undefined)
  return isOwn ? problem : { ...problem, detail: 'is told to who began the scoring' }
}

/** The largest time that a Date can hold. A very slow model gives later ones. */
const LATEST_MS = 8.64e15

function timeOf (ms: number): string {
  return new Date(Math.min(ms, LATEST_MS)).toISOString()
}

function rounded (value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
