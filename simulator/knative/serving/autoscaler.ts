import type { Scaling } from '../scaling.js'

/** The target concurrency of a pod if the revision sets none. */
const DEFAULT_TARGET = 100

/**
 * Decides how many pods a revision wants, more simply than Knative. It scales up at once, by a
 * short moving average of the requests in flight. It scales down to the largest number that was
 * needed in the last window, and to zero when window and grace time have passed since the last
 * request.
 */
export class Autoscaler {
  #average = 0
  /** numbers of pods that were needed, the largest first; only those that can still matter */
  readonly #peaks: Array<{ readonly pods: number; readonly at: number }> = []

  constructor (
    readonly scaling: Scaling,
    readonly concurrency: number,
    readonly windowMs: number,
    readonly graceMs: number
  ) {}

  /** Records that `pods` were needed at a time, also when requests do not show it. */
  noteNeed (pods: number, at: number): void {
    while ((this.#peaks.at(-1)?.pods ?? Infinity) <= pods) this.#peaks.pop()
    this.#peaks.push({ pods, at })
  }

  /** Decides how many pods are wanted now. min-scale holds only while the revision is `routed`. */
  decidePods (inFlight: number, lastRequestAt: number, routed: boolean, now: number): number {
    this.#average = inFlight === 0 ? this.#average * 0.7 : this.#average * 0.7 + inFlight * 0.3
    if (inFlight === 0 && this.#average < 0.05) this.#average = 0
    const {
      target = this.concurrency || DEFAULT_TARGET,
      utilization,
      minScale,
      maxScale
    } = this.scaling
    this.noteNeed(
      Math.max(Math.ceil(this.#average / (target * utilization)), inFlight > 0 ? 1 : 0),
      now
    )
    while ((this.#peaks[0]?.at ?? now) < now - this.windowMs) this.#peaks.shift()
    const stable = this.#peaks[0]?.pods ?? 0
    const quiet = stable === 0 && now - lastRequestAt > this.windowMs + this.graceMs
    const least = Math.max(routed ? minScale : 0, quiet ? 0 : 1)
    return Math.min(Math.max(stable, least), maxScale > 0 ? Math.max(maxScale, least) : Infinity)
  }
}
