import { DomainError, isFault } from '../errors.js'
import { untilAborted } from '../../async/until-aborted.js'

/**
 * Where a decision came from. `asked`: a source was asked now. `fresh`: a remembered decision was
 * still fresh. `held`: an older decision was used, because the source did not answer.
 */
export type Source = 'asked' | 'fresh' | 'held'

export interface DecisionOptions<T> {
  /** A decision is used for this long without asking again. */
  readonly freshMs: (decision: T) => number
  /** From this time on (ms since 1970) a decision is not even held; undefined: no such end. */
  readonly endsAt?: (decision: T) => number | undefined
  readonly report: (source: Source, error?: unknown) => void
  readonly now?: () => number
}

/** An old decision is held for this long while the source does not answer. */
const HOLD_MS = 15 * 60_000
/** If there is an old decision, callers wait at most this long for a new one. */
const PATIENCE_MS = 2_000
/** After the source failed to answer, it is not asked again for this long. */
const PAUSE_MS = 5_000
/** At most so many decisions are remembered; the oldest are dropped. */
const MOST = 10_000
/**
 * At most so many questions run at once. Anybody can send unknown tokens, and looking these up must
 * leave the cluster's API time for other work.
 */
const MOST_ASKED = 64

interface Entry<T> {
  readonly decision: T
  readonly madeAt: number
  readonly freshUntil: number
}

class TookTooLong extends Error {}

/**
 * Remembers decisions of others for a while. Their number is bounded. Callers who wait for the same
 * decision share one question.
 */
export class Decisions<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #asked = new Map<string, Promise<T>>()
  readonly #options: DecisionOptions<T>
  readonly #now: () => number

  constructor (options: DecisionOptions<T>) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /**
   * Returns the remembered decision for `key`, or the answer of `ask`. `signal` ends only the
   * caller's waiting, because others may wait for the same answer.
   * @throws what `ask` throws, `login-unavailable` while too many questions run, or the signal's
   *   reason
   */
  async get (key: string, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const known = this.#lookUp(key)
    if (known !== undefined && known.freshUntil > this.#now()) {
      this.#options.report('fresh')
      return known.decision
    }
    try {
      const asked = this.#ask(key, ask)
      return await untilAborted(known === undefined ? asked : askWithinLimit(asked), signal)
    } catch (error) {
      if (known === undefined || signal.aborted || !isUnanswered(error)) throw error
      this.#options.report('held', error)
      this.#entries.set(key, { ...known, freshUntil: this.#now() + PAUSE_MS })
      return known.decision
    }
  }

  #lookUp (key: string): Entry<T> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const ends = Math.min(
      entry.madeAt + HOLD_MS,
      this.#options.endsAt?.(entry.decision) ?? Infinity
    )
    if (ends > this.#now()) return entry
    this.#entries.delete(key)
    return undefined
  }

  async #ask (key: string, ask: () => Promise<T>): Promise<T> {
    const running = this.#asked.get(key)
    if (running !== undefined) return await running
    if (this.#asked.size >= MOST_ASKED) {
      throw new DomainError('login-unavailable', 'too many callers are being looked up at once', {
        retryAfterSeconds: 1,
        remedy: 'try again in a second'
      })
    }
    const asked = ask()
      .then(decision => {
        this.#options.report('asked')
        this.#keep(key, decision)
        return decision
      })
      .finally(() => this.#asked.delete(key))
    this.#asked.set(key, asked)
    asked.catch(() => {}) // when everyone who waited has left, nobody handles a rejection
    return await asked
  }

  #keep (key: string, decision: T): void {
    this.#entries.delete(key) // setting it again moves it to the end of the order
    const madeAt = this.#now()
    this.#entries.set(key, {
      decision,
      madeAt,
      freshUntil: madeAt + this.#options.freshMs(decision)
    })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST) return
      this.#entries.delete(oldest)
    }
  }
}

function isUnanswered (error: unknown): boolean {
  return (
    error instanceof TookTooLong ||
    isFault(error, 'cluster-unreachable', 'cluster-busy', 'login-unavailable')
  )
}

async function askWithinLimit<T> (asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TookTooLong('no answer yet')), PATIENCE_MS)
  })
  try {
    return await Promise.race([asked, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
