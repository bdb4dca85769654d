import { DomainError } from '../../errors.js'
import { timeLimit, type TimeLimit } from '../../../async/time-limit.js'

/** Rows that begin within this time share a signal, which fires at most this much too late. */
const SLICE_MS = 1_000
const SLICE_PART = 1 / 20

interface Slice {
  readonly limit: TimeLimit
  readonly outer: AbortSignal
  readonly beganAt: number
  /** How many of its rows have not ended. */
  running: number
}

/**
 * Ends rows of one request that take longer than they may. Rows that begin at about the same time
 * share one timer and one signal, because a pair for each row would cost more than all other work
 * on the row. The shared signal also fires with the signal that the rows were given.
 */
export class RowClock {
  readonly #timeoutMs: number
  readonly #sliceMs: number
  readonly #lateFault: () => DomainError
  #slice: Slice | undefined

  constructor (timeoutMs: number, model: string) {
    this.#timeoutMs = timeoutMs
    this.#sliceMs = Math.min(SLICE_MS, timeoutMs * SLICE_PART)
    this.#lateFault = () => outOfTimeFault(model, 'a row was not scored', timeoutMs)
  }

  row (signal: AbortSignal): RowTime {
    return new RowTime(this, signal)
  }

  /** Puts a row that begins now into a slice. */
  enter (outer: AbortSignal): Slice {
    const now = performance.now()
    let slice = this.#slice
    if (slice === undefined || slice.outer !== outer || now > slice.beganAt + this.#sliceMs) {
      const limit = timeLimit(outer, this.#timeoutMs + this.#sliceMs, this.#lateFault)
      const last = this.#slice
      this.#slice = slice = { limit, outer, beganAt: now, running: 0 }
      if (last?.running === 0) last.limit.end()
    }
    slice.running++
    return slice
  }

  leave (slice: Slice): void {
    if (--slice.running === 0 && slice !== this.#slice) slice.limit.end()
  }

  get timeoutMs (): number {
    return this.#timeoutMs
  }
}

/**
 * The time of one row. It begins when the row gets its first place and ends with its last call.
 */
export class RowTime {
  readonly #clock: RowClock
  readonly #outer: AbortSignal
  #slice: Slice | undefined
  #endsAt = Infinity

  constructor (clock: RowClock, outer: AbortSignal) {
    this.#clock = clock
    this.#outer = outer
  }

  /** Fires when the time is over, or when the given signal fires. */
  get signal (): AbortSignal {
    return this.#slice === undefined ? this.#outer : this.#slice.limit.signal
  }

  /** Infinity before the time begins. */
  get msLeft (): number {
    return this.#slice === undefined ? Infinity : this.#endsAt - performance.now()
  }

  begin (): void {
    if (this.#slice !== undefined) return
    this.#slice = this.#clock.enter(this.#outer)
    this.#endsAt = performance.now() + this.#clock.timeoutMs
  }

  end (): void {
    if (this.#slice !== undefined) this.#clock.leave(this.#slice)
  }
}

/**
 * Ends work on a model that takes longer than `timeoutMs`. `what` says in the message what did not
 * happen.
 * @throws DomainError `model-timeout`, or what `work` throws
 */
export async function inRowTime<T> (
  work: (time: Pick<RowTime, 'signal' | 'msLeft'>) => Promise<T>,
  timeoutMs: number,
  late: { readonly model: string; readonly what: string },
  signal: AbortSignal
): Promise<T> {
  const endsAt = performance.now() + timeoutMs
  const limit = timeLimit(signal, timeoutMs, () => outOfTimeFault(late.model, late.what, timeoutMs))
  try {
    return await work({
      signal: limit.signal,
      get msLeft () {
        return endsAt - performance.now()
      }
    })
  } finally {
    limit.end()
  }
}

function outOfTimeFault (model: string, what: string, timeoutMs: number): DomainError {
  const limit = `${timeoutMs / 1000} s (ROW_TIMEOUT_SECONDS)`
  return new DomainError('model-timeout', `${model}: ${what} within ${limit}, retries included`, {
    remedy:
      "try again; if it stays so, look at the model's logs: it began no answer, or did not end it"
  })
}
