import { isFault } from '../../domain/errors.js'
import type { FoundScoring } from './find-scoring.js'

const EVERY_MS = 500

/**
 * Yields server-sent events (WHATWG HTML, 9.2) until the event `end`. The events stop without it
 * when this service or the replica that runs the scoring stops; the client then asks again.
 */
export async function * followScoring (found: FoundScoring): AsyncGenerator<string> {
  try {
    while (true) {
      const told = await found.read()
      const isOver = told.state !== 'running'
      yield `event: ${isOver ? 'end' : 'progress'}\ndata: ${JSON.stringify(told)}\n\n`
      if (isOver) return
      await found.wait(EVERY_MS)
    }
  } catch (error) {
    if (isFault(error, 'service-stopping', 'replica-unreachable', 'scoring-not-found')) return
    throw error
  }
}
