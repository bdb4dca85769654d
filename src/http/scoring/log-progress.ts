import type { FastifyBaseLogger } from 'fastify'
import type { Scoring } from '../../domain/scorings/scoring.js'

const EVERY_MS = 30_000

/** Says now and then how far a long scoring is, until it ends. */
export function logProgress (
  scoring: Scoring,
  log: Pick<FastifyBaseLogger, 'info'>,
  everyMs = EVERY_MS
): void {
  const { id, kind } = scoring
  const clock = setInterval(() => {
    const { user, model, rowsScored, rowsFailed, bytesRead, share, ...report } = scoring.report()
    log.info(
      {
        scoring: id,
        user,
        model,
        rows: rowsScored + rowsFailed,
        rowsFailed,
        bytesIn: bytesRead,
        rowsPerSecond: Math.round(report.rowsPerSecond),
        ...(share === undefined ? {} : { percent: Math.floor(share * 100) }),
        durationMs: Date.now() - report.startedAt
      },
      `${kind} goes on`
    )
  }, everyMs).unref()
  void scoring.ended.then(() => clearInterval(clock))
}
