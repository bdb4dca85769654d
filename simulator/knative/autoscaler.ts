import type { Scaling } from './annotations.js'

/** Concurrency a pod gets when nothing is said about it. */
const DEFAULT_TARGET = 100

/**
 * How many pods a revision wants. Simpler than Knative's: up at once by a short moving average of the requests in flight,
 * down to what the last window needed, to zero a grace time after the last request.
 */
export class Autoscaler {
  #average = 0
  /** what was needed, largest first; only entries that still matter */
  readonly #peaks: Array<{ readonly pods: number, readonly at: number }> = []

  constructor (readonly scaling: Scaling, readonly concurrency: number, readonly windowMs: number, readonly graceMs: number) {}

  /** Notes a need that the requests do not show: the first start, a wake-up. */
  need (pods: number, at: number): void {
    while ((this.#peaks.at(-1)?.pods ?? Infinity) <= pods) this.#peaks.pop()
    this.#peaks.push({ pods, at })
  }

  /** Pods wanted now; `routed` says whether min-scale holds. */
  wanted (inFlight: number, lastRequestAt: number, routed: boolean, now: number): number {
    this.#average = inFlight === 0 ? this.#average * 0.7 : this.#average * 0.7 + inFlight * 0.3
    if (inFlight === 0 && this.#average < 0.05) this.#average = 0
    const { target = this.concurrency || DEFAULT_TARGET, utilization, minScale, maxScale } = this.scaling
    this.need(Math.max(Math.ceil(this.#average / (target * utilization)), inFlight > 0 ? 1 : 0), now)
    while ((this.#peaks[0]?.at ?? now) < now - this.windowMs) this.#peaks.shift()
    const stable = this.#peaks[0]?.pods ?? 0
    const quiet = stable === 0 && now - lastRequestAt > this.windowMs + this.graceMs
    const least = Math.max(routed ? minScale : 0, quiet ? 0 : 1)
    return Math.min(Math.max(stable, least), maxScale > 0 ? Math.max(maxScale, least) : Infinity)
  }
}
