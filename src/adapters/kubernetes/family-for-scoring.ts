import { isFault } from '../../domain/errors.js'
import { timeLimit } from '../../domain/time-limit.js'
import { type ClusterView, type ViewOptions, familyNow } from './cluster-view.js'
import type { Family } from './model-reading.js'

/** For one live read before a row is scored, while the caches are stale. */
const LIVE_TRY_MS = 1_000
const TRY_AGAIN_MS = 5_000

/** Scoring goes on while the cluster's API is down: then what was known last counts, and a try to do better is short and seldom. */
export function familyForScoring (view: ClusterView, log: ViewOptions['log']) {
  /** The cluster did not answer the last try; in `performance.now()`. */
  let silentUntil = -Infinity

  return async (name: string, signal: AbortSignal): Promise<Family | undefined> => {
    const cached = view.cached(name)
    if (cached === undefined) return await familyNow(view, name, signal)
    if (view.isFresh() || performance.now() < silentUntil) return cached
    const limit = timeLimit(signal, LIVE_TRY_MS)
    try {
      return await view.read(name, limit.signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isFault(error, 'cluster-unreachable') && !isFault(error, 'cluster-busy')) throw error
      silentUntil = performance.now() + TRY_AGAIN_MS
      log.warn({ err: error, model: name, ageMs: Math.round(view.ageMs()) }, 'the cluster does not answer, scoring by what was known last')
      return cached
    } finally {
      limit.end()
    }
  }
}
