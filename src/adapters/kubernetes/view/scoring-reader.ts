import { timeLimit } from '../../../async/time-limit.js'
import { isFault } from '../../../domain/errors.js'
import type { Family } from '../api/family.js'
import { type ClusterView, type ViewOptions, readCurrent } from './cluster-view.js'

/** For one live read before a row is scored, while the caches are stale. */
const LIVE_READ_MS = 1_000
const TRY_AGAIN_MS = 5_000

/**
 * Reads families for scoring, which goes on while the cluster's API is down. Then the last known
 * state counts, and live reads are short and seldom.
 */
export function createScoringReader (view: ClusterView, log: ViewOptions['log']) {
  /** The cluster did not answer the last live read; in `performance.now()`. */
  let silentUntil = -Infinity

  return async (name: string, signal: AbortSignal): Promise<Family | undefined> => {
    const cached = view.getCached(name)
    if (cached === undefined) return await readCurrent(view, name, signal)
    if (view.isFresh() || performance.now() < silentUntil) return cached
    const limit = timeLimit(signal, LIVE_READ_MS)
    try {
      return await view.read(name, limit.signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isFault(error, 'cluster-unreachable', 'cluster-busy')) throw error
      silentUntil = performance.now() + TRY_AGAIN_MS
      log.warn(
        { err: error, model: name, ageMs: Math.round(view.ageMs()) },
        'cluster unreachable, scoring by its last known state'
      )
      return cached
    } finally {
      limit.end()
    }
  }
}
