import { msOf } from '../../../async/milliseconds.js'

/**
 * A round's mean latency may be this many times the shortest latency times `rowsPerPod`, which is
 * what pods with their intended number of rows would show.
 */
const LATENCY_SLACK = 1.5
/** A round's mean latency may be at most this part of the platform's time-out. */
const TIMEOUT_PART = 0.25
/** A latency below this is never too long: such differences are noise. */
const LATENCY_FLOOR_MS = 5
/**
 * Narrower bounds for the time in which this process itself is busy. Rows then wait in the process,
 * and sending more at once would cost memory without saving time.
 */
const BUSY = { utilization: 0.9, slack: 2, floorMs: 1 }
/** The shortest latency doubles in this time, because models change. */
const FORGET_MS = 10 * 60_000
/**
 * After this time without a row the limit starts again: the platform may have scaled the revision
 * down or to zero.
 */
const IDLE_MS = 30_000

/** queue-proxy queues so many rows per place of a container (containerConcurrency), no more. */
const QUEUE_DEPTH = 10

/** The fields of ScoringTarget that describe a revision's scale. */
export interface RevisionScale {
  readonly containerConcurrency: number
  readonly rowsPerPod: number
  readonly replicas: number
  readonly timeoutSeconds: number
}

/** Returns the part of the time since the last call in which this process was busy, 0 to 1. */
export type Utilization = () => number

function ownUtilization (): Utilization {
  let last = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    return utilization
  }
}

/**
 * How many rows one revision gets at the same time, learnt from its answers. The limit begins with
 * one row, so that a single row wakes a sleeping model. It doubles with each round of answers while
 * the latency holds and the known pods have room. After that it grows by one a round. It halves
 * when the revision is overloaded. The latency holds as long as `rowsPerPod` rows in each pod would
 * explain it: the platform adds pods only when they have more than that.
 */
export class ConcurrencyLimit {
  #scale: RevisionScale
  readonly #utilization: Utilization
  #limit = 1
  #inFlight = 0
  #isCold = true
  #doubles = true
  #holds = true
  #shortestMs = Infinity
  #usedAtMs = -Infinity
  #loweredAtMs = -Infinity
  #round = { size: 1, answers: 0, totalMs: 0, beganAtMs: 0 }

  constructor (scale: RevisionScale, utilization = ownUtilization()) {
    this.#scale = scale
    this.#utilization = utilization
  }

  /** Takes the scale that the cluster reports now. A sleeping revision is woken by one row. */
  rescale (scale: RevisionScale): void {
    this.#scale = scale
    if (scale.replicas === 0 && this.#inFlight === 0) this.#beginAgain()
  }

  /** How many rows the revision may have at the same time. */
  get rows (): number {
    return Math.floor(this.#limit)
  }

  get hasRoom (): boolean {
    return this.#inFlight < this.rows
  }

  /** Records that a row is sent. */
  enter (nowMs: number): void {
    if (this.#inFlight === 0 && nowMs - this.#usedAtMs > IDLE_MS) this.#beginAgain()
    this.#usedAtMs = nowMs
    this.#inFlight++
  }

  /** Records that a row is no longer in flight, whether it was scored or failed. */
  leave (): void {
    this.#inFlight--
  }

  /**
   * Records the answer to a row; call it before `leave`. Returns true for the first answer since
   * the limit started (again): its latency may be that of a cold start and is not counted.
   */
  recordAnswer (latencyMs: number, nowMs: number): boolean {
    const wasCold = this.#isCold
    this.#isCold = false
    this.#usedAtMs = nowMs
    if (!wasCold) this.#countInRound(latencyMs, nowMs)
    // A higher limit is of use only if the limit, and not a lack of rows, held rows back.
    if (this.#holds && !this.hasRoom) {
      this.#limit += this.#doubles && this.#limit < this.#roomOfPods() ? 1 : 1 / this.#limit
    }
    return wasCold
  }

  /**
   * Records that the revision could not take a row sent at `sentAtMs`. A row sent before the limit
   * was last lowered tells nothing new and is ignored.
   */
  recordOverload (sentAtMs: number, nowMs: number): void {
    this.#usedAtMs = nowMs
    if (sentAtMs <= this.#loweredAtMs) return
    this.#loweredAtMs = nowMs
    this.#doubles = false
    this.#limit = Math.max(1, this.#limit / 2)
  }

  #beginAgain (): void {
    this.#limit = 1
    this.#isCold = this.#doubles = this.#holds = true
    this.#shortestMs = Infinity
    this.#round = { size: 1, answers: 0, totalMs: 0, beganAtMs: 0 }
  }

  #roomOfPods (): number {
    const { containerConcurrency, replicas } = this.#scale
    return containerConcurrency === 0
      ? Infinity
      : containerConcurrency * QUEUE_DEPTH * Math.max(1, replicas)
  }

  /** A round has as many answers as rows were allowed when it began. */
  #countInRound (latencyMs: number, nowMs: number): void {
    const round = this.#round
    if (round.answers++ === 0) round.beganAtMs = nowMs
    round.totalMs += latencyMs
    if (round.answers < round.size) return
    const meanMs = round.totalMs / round.answers
    this.#shortestMs = Math.min(
      meanMs,
      this.#shortestMs * 2 ** ((nowMs - round.beganAtMs) / FORGET_MS)
    )
    const { rowsPerPod, timeoutSeconds } = this.#scale
    const longestMs =
      this.#utilization() >= BUSY.utilization
        ? Math.max(BUSY.floorMs, this.#shortestMs * BUSY.slack)
        : Math.max(LATENCY_FLOOR_MS, this.#shortestMs * rowsPerPod * LATENCY_SLACK)
    this.#holds = meanMs <= Math.min(longestMs, msOf(timeoutSeconds) * TIMEOUT_PART)
    if (!this.#holds) this.#doubles = false
    this.#round = { size: this.rows, answers: 0, totalMs: 0, beganAtMs: 0 }
  }
}
