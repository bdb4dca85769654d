/** How long things take, in milliseconds. The defaults keep the cluster's order and are faster where a real cluster only wastes time. */
export interface Timing {
  /** a controller's answer to a change it watches */
  readonly reconcileMs: number
  /** from new routes to the ingress serving them */
  readonly ingressMs: number
  /** asking the registry for an image's digest */
  readonly resolveMs: number
  /** from a pod's creation to its readiness, for a program that starts at once */
  readonly podStartMs: number
  /** the same for an image with the fault `slowstart`; unset: what the image itself says */
  readonly slowStartMs?: number
  /** first wait of a container that keeps exiting; doubles up to 5 min (recorded: 10 s) */
  readonly backOffMs: number
  /** how often the autoscaler looks */
  readonly scaleTickMs: number
  /** stable window of the autoscaler; unset: the annotation `autoscaling.knative.dev/window`, 60 s by default */
  readonly windowMs?: number
  /** between the end of the window and scaling to zero */
  readonly graceMs: number
  /** from a pod's deletion to its end: queue-proxy drains (recorded: 30 s) */
  readonly drainMs: number
  /** between bookmarks of a watch that has no end in sight */
  readonly bookmarkMs: number
}

export const DEFAULT_TIMING: Timing = {
  reconcileMs: 12,
  ingressMs: 40,
  resolveMs: 25,
  podStartMs: 600,
  backOffMs: 10_000,
  scaleTickMs: 100,
  graceMs: 500,
  drainMs: 2_000,
  bookmarkMs: 60_000
}

/** Timers that end with the simulator, so that closing it leaves nothing behind. */
export class Clock {
  readonly #timers = new Set<NodeJS.Timeout>()

  /** Calls `act` after `ms`; the answer cancels it. */
  after (ms: number, act: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
    return () => {
      clearTimeout(timer)
      this.#timers.delete(timer)
    }
  }

  /** Calls `act` every `ms` until cancelled. */
  every (ms: number, act: () => void): () => void {
    const timer = setInterval(act, ms)
    this.#timers.add(timer)
    return () => {
      clearInterval(timer)
      this.#timers.delete(timer)
    }
  }

  stop (): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
