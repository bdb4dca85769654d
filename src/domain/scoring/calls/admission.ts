import { DomainError, isFault } from '../../errors.js'
import { onAbort } from '../../../async/on-abort.js'
import { ConcurrencyLimit } from './concurrency-limit.js'
import type { ScoringTarget } from '../scorer/scorer.js'

/** Concurrency limits of at most so many revisions are remembered. */
const LIMITS_MAX = 10_000
/** Rows prefetched beyond those in flight, so that the limiter sees unmet demand. */
const ROWS_AHEAD = 16
/** Results that may wait for an earlier row's result, per row in flight. */
const RESULTS_AHEAD = 4

/** Counts the rows in flight, of which there are at most `max` at a time. */
class Places {
  readonly max: number
  #taken = 0

  constructor (max: number) {
    this.max = max
  }

  get taken (): number {
    return this.#taken
  }

  get hasRoom (): boolean {
    return this.#taken < this.max
  }

  take (): void {
    this.#taken++
  }

  giveBack (): void {
    this.#taken--
  }
}

/** The rows of one request that go to one revision. */
interface Queue {
  /** Counts the request's rows in flight, over all its queues. */
  readonly places: Places
  readonly target: ScoringTarget
  readonly limit: ConcurrencyLimit
  /** One function for each row that waits for a place; calling it lets the row go. */
  readonly waiting: Array<() => void>
}

/**
 * Decides which rows may be sent. Rows in flight never exceed `capacity` over all requests, the
 * revision's own limit, or the request's own limit. Requests take turns, so that one with a million
 * rows does not hold up one with ten.
 */
export class Admission {
  readonly #places: Places
  readonly #onColdStart: (target: ScoringTarget, durationMs: number) => void
  readonly #limits = new Map<string, ConcurrencyLimit>()
  /** Queues with waiting rows, in the order of their turns. */
  readonly #turns: Queue[] = []
  #requests = 0

  constructor (
    capacity: number,
    onColdStart: (target: ScoringTarget, durationMs: number) => void = () => {}
  ) {
    this.#places = new Places(capacity)
    this.#onColdStart = onColdStart
  }

  /** How many rows models are working on. */
  get inFlight (): number {
    return this.#places.taken
  }

  /**
   * Admits a request, which must call `leave` when it is over. `concurrency` is the request's own
   * limit of rows in flight.
   * @throws DomainError `service-busy` when `capacity` is too small for one more request with a row
   *   in flight
   */
  enter (concurrency = Infinity): AdmittedRequest {
    if (this.#requests >= this.#places.max) {
      throw new DomainError(
        'service-busy',
        `${this.#requests} requests are being scored here, which is as many as this replica takes`,
        { retryAfterSeconds: 5 }
      )
    }
    this.#requests++
    return new AdmittedRequest(this, concurrency, () => {
      this.#requests--
    })
  }

  /** The limit learnt for a revision, updated with the scale that the cluster reports now. */
  limitOf (target: ScoringTarget): ConcurrencyLimit {
    const limit = this.#limits.get(target.key) ?? new ConcurrencyLimit(target)
    limit.rescale(target)
    this.#limits.delete(target.key)
    this.#limits.set(target.key, limit)
    if (this.#limits.size > LIMITS_MAX) this.#limits.delete(this.#limits.keys().next().value!)
    return limit
  }

  /** Takes a place for a row of this queue. Returns false if there is none. */
  take ({ places, limit }: Queue): boolean {
    if (!this.#places.hasRoom || !places.hasRoom || !limit.hasRoom) return false
    this.#places.take()
    places.take()
    limit.enter(performance.now())
    return true
  }

  /** Gives a queue turns from now on. Its first row has just begun to wait. */
  enqueue (queue: Queue): void {
    this.#turns.push(queue)
  }

  /**
   * Gives a place back and sends waiting rows. The answer may have raised the limit by more than
   * one row, so queues take turns until none of them finds room.
   */
  release ({ places, limit }: Queue): void {
    this.#places.giveBack()
    places.giveBack()
    limit.leave()
    for (let inVain = 0; inVain < this.#turns.length && this.#places.hasRoom;) {
      const queue = this.#turns.shift()!
      if (queue.waiting.length === 0) continue // its rows stopped waiting
      const isIn = this.take(queue)
      if (isIn) queue.waiting.shift()!()
      if (queue.waiting.length > 0) this.#turns.push(queue)
      inVain = isIn ? 0 : inVain + 1
    }
  }

  reportColdStart (target: ScoringTarget, durationMs: number): void {
    this.#onColdStart(target, durationMs)
  }
}

/** One request that has been admitted. Its rows get places from here. */
export class AdmittedRequest {
  readonly #places: Places
  readonly #admission: Admission
  readonly #queues = new Map<ScoringTarget, Queue>()
  #onLeave: () => void

  constructor (admission: Admission, concurrency: number, onLeave: () => void) {
    this.#admission = admission
    this.#places = new Places(concurrency)
    this.#onLeave = onLeave
  }

  /**
   * How many rows may be under way. A row is under way while it waits for a place, is in flight, or
   * is scored and waits for an earlier row's result.
   */
  get window (): number {
    return ROWS_AHEAD + RESULTS_AHEAD * this.#places.taken
  }

  /**
   * Sends a row with `call` as soon as there is a place for it.
   * @throws what `call` throws, or the signal's reason
   */
  run<T>(target: ScoringTarget, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const queue = this.#queueOf(target)
    if (queue.waiting.length === 0 && this.#admission.take(queue)) {
      return this.#runInPlace(queue, call)
    }
    return this.#waitForTurn(queue, signal).then(() => this.#runInPlace(queue, call))
  }

  /** Ends the request. Only the first call counts. */
  leave (): void {
    this.#onLeave()
    this.#onLeave = () => {}
  }

  #runInPlace<T>(queue: Queue, call: () => Promise<T>): Promise<T> {
    const sentAtMs = performance.now()
    return startCall(call).then(
      result => {
        this.#recordAnswer(queue, sentAtMs)
        this.#admission.release(queue)
        return result
      },
      error => {
        if (isOverload(error)) queue.limit.recordOverload(sentAtMs, performance.now())
        else if (isFault(error, 'row-refused')) this.#recordAnswer(queue, sentAtMs)
        this.#admission.release(queue)
        throw error
      }
    )
  }

  #recordAnswer ({ limit, target }: Queue, sentAtMs: number): void {
    const nowMs = performance.now()
    const wasFirst = limit.recordAnswer(nowMs - sentAtMs, nowMs)
    if (wasFirst && target.replicas === 0) {
      this.#admission.reportColdStart(target, nowMs - sentAtMs)
    }
  }

  #queueOf (target: ScoringTarget): Queue {
    let queue = this.#queues.get(target)
    if (queue === undefined) {
      queue = {
        places: this.#places,
        target,
        limit: this.#admission.limitOf(target),
        waiting: []
      }
      this.#queues.set(target, queue)
    }
    return queue
  }

  #waitForTurn (queue: Queue, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      signal.throwIfAborted()
      const enter = () => {
        stay()
        resolve()
      }
      const stay = onAbort(signal, reason => {
        queue.waiting.splice(queue.waiting.indexOf(enter), 1)
        reject(reason)
      })
      if (queue.waiting.push(enter) === 1) this.#admission.enqueue(queue)
    })
  }
}

/** Turns an immediate throw of `call` into a rejection, so that its place is given back too. */
function startCall<T> (call: () => Promise<T>): Promise<T> {
  try {
    return call()
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Whether the error says that the revision can't take more rows now, or is not there. */
function isOverload (error: unknown): boolean {
  return isFault(
    error,
    'model-overloaded',
    'model-unreachable',
    'model-unavailable',
    'model-cut-off',
    'model-timeout'
  )
}
