import { DomainError, isFault } from '../errors.js'
import { untilAborted } from '../until-aborted.js'

/** Where a decision came from: asked for now, still fresh, or an old one since nobody could be asked. */
export type Source = 'asked' | 'fresh' | 'held'

export interface DecisionOptions<T> {
  /** How long a decision is taken as it is. */
  readonly freshMs: (decision: T) => number
  /** From here on (ms since 1970) it is not even held; undefined: no such end. */
  readonly endsAt?: (decision: T) => number | undefined
  readonly told: (source: Source, error?: unknown) => void
  readonly now?: () => number
}

/** How long past decisions hold while nobody can be asked. */
const HOLD_MS = 15 * 60_000
/** With a past decision at hand nobody waits longer than this for a new one … */
const PATIENCE_MS = 2_000
/** … nor asks again before this has passed. */
const PAUSE_MS = 5_000
/** The oldest go first. */
const MOST = 10_000
/** Anybody can send tokens that were never seen: those asked about at once must leave the cluster's API time for the rest. */
const MOST_ASKED = 64

interface Entry<T> { readonly decision: T, readonly madeAt: number, readonly freshUntil: number }

class TookTooLong extends Error {}

/** Decisions of others, remembered for a while: a bounded number of them, asked for once however many wait for the same. */
export class Decisions<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #asked = new Map<string, Promise<T>>()
  readonly #options: DecisionOptions<T>
  readonly #now: () => number

  constructor (options: DecisionOptions<T>) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** Its own decision for `key`, or what `ask` answers. `signal` ends the waiting, not the asking: others may wait for the same. */
  async get (key: string, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const known = this.#known(key)
    if (known !== undefined && known.freshUntil > this.#now()) {
      this.#options.told('fresh')
      return known.decision
    }
    try {
      const asked = this.#ask(key, ask)
      return await untilAborted(known === undefined ? asked : withPatience(asked), signal)
    } catch (error) {
      if (known === undefined || signal.aborted || !nobodyCouldTell(error)) throw error
      this.#options.told('held', error)
      this.#entries.set(key, { ...known, freshUntil: this.#now() + PAUSE_MS })
      return known.decision
    }
  }

  #known (key: string): Entry<T> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const ends = Math.min(entry.madeAt + HOLD_MS, this.#options.endsAt?.(entry.decision) ?? Infinity)
    if (ends > this.#now()) return entry
    this.#entries.delete(key)
    return undefined
  }

  async #ask (key: string, ask: () => Promise<T>): Promise<T> {
    const running = this.#asked.get(key)
    if (running !== undefined) return await running
    if (this.#asked.size >= MOST_ASKED) {
      throw new DomainError('login-unavailable', 'too many callers are being looked up at once', { retryAfterSeconds: 1, remedy: 'try again in a second' })
    }
    const asked = ask().then(decision => {
      this.#options.told('asked')
      this.#keep(key, decision)
      return decision
    }).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asked)
    asked.catch(() => {}) // all who waited may have left
    return await asked
  }

  #keep (key: string, decision: T): void {
    this.#entries.delete(key) // to the end of the order
    const madeAt = this.#now()
    this.#entries.set(key, { decision, madeAt, freshUntil: madeAt + this.#options.freshMs(decision) })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST) return
      this.#entries.delete(oldest)
    }
  }
}

function nobodyCouldTell (error: unknown): boolean {
  return error instanceof TookTooLong || isFault(error, 'cluster-unreachable', 'cluster-busy', 'login-unavailable')
}

async function withPatience<T> (asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(new TookTooLong('no answer yet')), PATIENCE_MS) })
  try {
    return await Promise.race([asked, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
