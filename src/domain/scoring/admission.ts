import { DomainError, isFault } from '../errors.js'
import { onAbort } from '../on-abort.js'
import { ConcurrencyLimit } from './concurrency-limit.js'
import type { ScoringTarget } from './scorer.js'

/** Revisions remembered. */
const LIMITS_MAX = 10_000
/** Rows of a request that may be under way beside those in flight: enough to see whether more at the same time would be of use. */
const ROWS_AHEAD = 16
/** … and results that may wait for an earlier row, for each row in flight. */
const RESULTS_AHEAD = 4

/** The rows of one request that go to one revision. */
interface Queue {
  readonly request: AdmittedRequest
  readonly target: ScoringTarget
  readonly limit: ConcurrencyLimit
  /** Those that wait for a place. */
  readonly waiting: Array<() => void>
}

/**
 * Decides which rows may be sent: never more in flight than `capacity` over all requests, than a revision's own limit, and than
 * the request allows. Requests take turns, so that one with a million rows does not hold up one with ten.
 */
export class Admission {
  readonly capacity: number
  readonly #onColdStart: (target: ScoringTarget, durationMs: number) => void
  readonly #limits = new Map<string, ConcurrencyLimit>()
  /** Those with rows that wait, in the order of their turns. */
  readonly #turns: Queue[] = []
  #requests = 0
  #inFlight = 0

  constructor (capacity: number, onColdStart: (target: ScoringTarget, durationMs: number) => void = () => {}) {
    this.capacity = capacity
    this.#onColdStart = onColdStart
  }

  /** Rows that models are working on. */
  get inFlight (): number {
    return this.#inFlight
  }

  /**
   * A request comes in; it has to `leave`. `concurrency` is its own upper limit of rows in flight.
   * @throws DomainError `service-busy` when there are so many that not each of them could have a row in flight
   */
  enter (concurrency = Infinity): AdmittedRequest {
    if (this.#requests >= this.capacity) {
      throw new DomainError('service-busy', `${this.#requests} requests are being scored here, which is as many as this replica takes`, { retryAfterSeconds: 5 })
    }
    this.#requests++
    return new AdmittedRequest(this, concurrency, () => { this.#requests-- })
  }

  /** What was learnt of a revision; kept up to date by what the cluster says of it. */
  limitOf (target: ScoringTarget): ConcurrencyLimit {
    const limit = this.#limits.get(target.key) ?? new ConcurrencyLimit(target)
    limit.rescale(target)
    this.#limits.delete(target.key)
    this.#limits.set(target.key, limit)
    if (this.#limits.size > LIMITS_MAX) this.#limits.delete(this.#limits.keys().next().value!)
    return limit
  }

  /** Takes a place for a row of this queue, if there is one. */
  take ({ request, limit }: Queue): boolean {
    if (this.#inFlight >= this.capacity || request.inFlight >= request.concurrency || !limit.hasRoom) return false
    this.#inFlight++
    request.inFlight++
    limit.enter(performance.now())
    return true
  }

  /** A queue that had no row waiting gets turns again. */
  waitsFrom (queue: Queue): void {
    this.#turns.push(queue)
  }

  /** Gives a place back. What was learnt may have made room for more than one row: each queue has its turn, until none finds room. */
  release ({ request, limit }: Queue): void {
    this.#inFlight--
    request.inFlight--
    limit.leave()
    for (let inVain = 0; inVain < this.#turns.length && this.#inFlight < this.capacity;) {
      const queue = this.#turns.shift()!
      if (queue.waiting.length === 0) continue // they left
      const isIn = this.take(queue)
      if (isIn) queue.waiting.shift()!()
      if (queue.waiting.length > 0) this.#turns.push(queue)
      inVain = isIn ? 0 : inVain + 1
    }
  }

  woken (target: ScoringTarget, durationMs: number): void {
    this.#onColdStart(target, durationMs)
  }
}

/** One request's way to places. */
export class AdmittedRequest {
  readonly concurrency: number
  /** Its rows that models are working on; counted by the admission. */
  inFlight = 0
  readonly #admission: Admission
  readonly #queues = new Map<ScoringTarget, Queue>()
  #left: () => void

  constructor (admission: Admission, concurrency: number, left: () => void) {
    this.#admission = admission
    this.concurrency = concurrency
    this.#left = left
  }

  /** Rows that may be under way: waiting for a place, in flight, or scored and waiting for an earlier one. */
  get window (): number {
    return ROWS_AHEAD + RESULTS_AHEAD * this.inFlight
  }

  /** Sends a row by `call` as soon as there is a place for it. @throws what `call` throws, or the signal's reason */
  run<T> (target: ScoringTarget, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const queue = this.#queueOf(target)
    if (queue.waiting.length === 0 && this.#admission.take(queue)) return this.#inPlace(queue, call)
    return this.#turn(queue, signal).then(() => this.#inPlace(queue, call))
  }

  /** The request is over. Only the first call counts. */
  leave (): void {
    this.#left()
    this.#left = () => {}
  }

  #inPlace<T> (queue: Queue, call: () => Promise<T>): Promise<T> {
    const sentAtMs = performance.now()
    return begun(call).then(result => {
      this.#answered(queue, sentAtMs)
      this.#admission.release(queue)
      return result
    }, error => {
      if (isOverload(error)) queue.limit.overloaded(sentAtMs, performance.now())
      else if (isFault(error, 'row-refused')) this.#answered(queue, sentAtMs)
      this.#admission.release(queue)
      throw error
    })
  }

  #answered ({ limit, target }: Queue, sentAtMs: number): void {
    const nowMs = performance.now()
    const wasFirst = limit.answered(nowMs - sentAtMs, nowMs)
    if (wasFirst && target.replicas === 0) this.#admission.woken(target, nowMs - sentAtMs)
  }

  #queueOf (target: ScoringTarget): Queue {
    let queue = this.#queues.get(target)
    if (queue === undefined) {
      queue = { request: this, target, limit: this.#admission.limitOf(target), waiting: [] }
      this.#queues.set(target, queue)
    }
    return queue
  }

  #turn (queue: Queue, signal: AbortSignal): Promise<void> {
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
      if (queue.waiting.push(enter) === 1) this.#admission.waitsFrom(queue)
    })
  }
}

/** A call that throws at once keeps no place either. */
function begun<T> (call: () => Promise<T>): Promise<T> {
  try {
    return call()
  } catch (error) {
    return Promise.reject(error)
  }
}

/** What says that a revision can't take more now, or is not there. */
function isOverload (error: unknown): boolean {
  return isFault(error, 'model-overloaded', 'model-unreachable', 'model-unavailable', 'model-cut-off', 'model-timeout')
}
