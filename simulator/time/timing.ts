/**
 * Durations of the simulator in milliseconds. The defaults keep the order of events of a real
 * cluster, but are shorter.
 */
export interface Timing {
  /** from a change to the reaction of a controller that watches it */
  readonly reconcileMs: number
  /** from new routes to the ingress serving them */
  readonly ingressMs: number
  /** looking up an image's digest in the registry */
  readonly resolveMs: number
  /** from a pod's creation to its readiness, for a program that starts at once */
  readonly podStartMs: number
  /** the same for an image with the fault `slowstart`; unset: the image's own time, 20 s */
  readonly slowStartMs?: number
  /** first wait of a container that keeps exiting; doubles, up to 32-fold (recorded: 10 s) */
  readonly backOffMs: number
  /** between two decisions of the autoscaler */
  readonly scaleTickMs: number
  /**
   * stable window of the autoscaler; unset: the annotation `autoscaling.knative.dev/window`, 60 s
   * by default
   */
  readonly windowMs?: number
  /** from the end of the window to scaling to zero */
  readonly graceMs: number
  /** from a pod's deletion to its end: queue-proxy drains (recorded: 30 s) */
  readonly drainMs: number
  /** between two bookmarks of a watch; one more comes about 2 s before its end */
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
