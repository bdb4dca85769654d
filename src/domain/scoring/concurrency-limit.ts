/** A round's latency may be this many times what the rows that a pod is meant to work on at once would explain. */
const LATENCY_SLACK = 1.5
/** … but never more than this part of the platform's time-out. */
const TIMEOUT_PART = 0.25
/** Below this a change of latency is noise. */
const LATENCY_FLOOR_MS = 5
/** While this process has no pause, rows wait in it, and more at the same time cost more memory and no less time: then its bounds are these. */
const BUSY = { utilization: 0.9, slack: 2, floorMs: 1 }
/** What was the shortest latency counts twice as long after this time: models change. */
const FORGET_MS = 10 * 60_000
/** After this time without a row the platform may have put the revision to sleep, or taken pods away. */
const IDLE_MS = 30_000

/** What queue-proxy lets wait for each place of a container; more is refused. */
const QUEUE_DEPTH = 10

/** What the cluster says of a revision, as ScoringTarget has it. */
export interface RevisionScale {
  readonly containerConcurrency: number
  readonly rowsPerPod: number
  readonly replicas: number
  readonly timeoutSeconds: number
}

/** Tells which part of the time since it was last asked this process was busy, 0 to 1. */
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
 * How many rows one revision gets at the same time, learnt from its answers. It begins with one row, so that a sleeping model is
 * woken by one; then doubles with each round of answers while the latency holds and the pods that are known have room; then grows
 * by one a round; and halves when the revision is overloaded. The latency holds as long as `rowsPerPod` rows in each pod would
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

  /** What the cluster says now; a revision that sleeps is woken by one row. */
  rescale (scale: RevisionScale): void {
    this.#scale = scale
    if (scale.replicas === 0 && this.#inFlight === 0) this.#beginAgain()
  }

  /** Rows that it may have at the same time. */
  get rows (): number {
    return Math.floor(this.#limit)
  }

  get hasRoom (): boolean {
    return this.#inFlight < this.rows
  }

  /** A row is sent. */
  enter (nowMs: number): void {
    if (this.#inFlight === 0 && nowMs - this.#usedAtMs > IDLE_MS) this.#beginAgain()
    this.#usedAtMs = nowMs
    this.#inFlight++
  }

  /** It is no longer there, whatever became of it. */
  leave (): void {
    this.#inFlight--
  }

  /** The revision answered a row, which has not left yet. True: the first in a long while; its latency may be a cold start's and is not counted. */
  answered (latencyMs: number, nowMs: number): boolean {
    const wasCold = this.#isCold
    this.#isCold = false
    this.#usedAtMs = nowMs
    if (!wasCold) this.#count(latencyMs, nowMs)
    // More is of use only where the limit, and not the number of rows, held rows back.
    if (this.#holds && !this.hasRoom) this.#limit += this.#doubles && this.#limit < this.#knownRoom() ? 1 : 1 / this.#limit
    return wasCold
  }

  /** The revision could not take a row sent at `sentAtMs`. Rows that were already under way when the limit was lowered tell nothing new. */
  overloaded (sentAtMs: number, nowMs: number): void {
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

  #knownRoom (): number {
    const { containerConcurrency, replicas } = this.#scale
    return containerConcurrency === 0 ? Infinity : containerConcurrency * QUEUE_DEPTH * Math.max(1, replicas)
  }

  /** A round is as many answers as rows were allowed at its beginning. */
  #count (latencyMs: number, nowMs: number): void {
    const round = this.#round
    if (round.answers++ === 0) round.beganAtMs = nowMs
    round.totalMs += latencyMs
    if (round.answers < round.size) return
    const meanMs = round.totalMs / round.answers
    this.#shortestMs = Math.min(meanMs, this.#shortestMs * 2 ** ((nowMs - round.beganAtMs) / FORGET_MS))
    const { rowsPerPod, timeoutSeconds } = this.#scale
    const longestMs = this.#utilization() >= BUSY.utilization
      ? Math.max(BUSY.floorMs, this.#shortestMs * BUSY.slack)
      : Math.max(LATENCY_FLOOR_MS, this.#shortestMs * rowsPerPod * LATENCY_SLACK)
    this.#holds = meanMs <= Math.min(longestMs, timeoutSeconds * 1000 * TIMEOUT_PART)
    if (!this.#holds) this.#doubles = false
    this.#round = { size: this.rows, answers: 0, totalMs: 0, beganAtMs: 0 }
  }
}
