import type { Clock } from '../../time/clock.js'
import type { Route, TrafficTarget } from '../objects.js'
import { parseDurationMs } from '../scaling.js'

const DURATION = 'serving.knative.dev/rollout-duration'
/** The new revision begins with this percentage. Two steps are at least this long apart. */
const FIRST_PERCENT = 1
const STEP_MS = 1_000

/** The rollout of one row of a route, step by step from older revisions to the latest ready one. */
interface Rollout {
  readonly revision: string
  /** The revisions that served the row when the rollout began. */
  readonly from: readonly TrafficTarget[]
  moved: number
  readonly stop: () => void
}

/**
 * Gradual rollouts, which an annotation of a route asks for. With a duration of 20 s the new
 * revision gets 1 %, then 5 % more each second (recorded). A row moves gradually only if it
 * followed the latest revision before, with the same share. Other rows move at once.
 */
export class Rollouts {
  readonly #running = new Map<string, Rollout>()

  /** Calls `visit` after each step. */
  constructor (
    readonly clock: Clock,
    readonly visit: (namespace: string, name: string) => void
  ) {}

  /**
   * Returns the rows to serve now for `traffic`, whose revisions are resolved. A row in a rollout
   * becomes several rows.
   */
  spread (route: Route, traffic: readonly TrafficTarget[]): TrafficTarget[] {
    const duration = parseDurationMs(route.metadata.annotations?.[DURATION] ?? '0') ?? 0
    return traffic.flatMap(target =>
      target.latestRevision === true ? this.#splitTarget(route, target, duration) : [target]
    )
  }

  isRunning ({ metadata: { namespace, name } }: Route): boolean {
    return [...this.#running.keys()].some(key => key.startsWith(`${namespace}/${name}/`))
  }

  /** Ends the rollouts of a removed route. */
  forget (namespace: string, name: string): void {
    for (const key of this.#running.keys()) {
      if (key.startsWith(`${namespace}/${name}/`)) this.#end(key)
    }
  }

  #splitTarget (route: Route, target: TrafficTarget, duration: number): TrafficTarget[] {
    const { percent = 0, revisionName = '', tag = '' } = target
    const { namespace, name } = route.metadata
    const key = `${namespace}/${name}/${tag}`
    const from = (route.status?.traffic ?? []).filter(
      row => row.latestRevision === true && (row.tag ?? '') === tag
    )
    const total = from.reduce((sum, row) => sum + (row.percent ?? 0), 0)
    if (
      duration === 0 ||
      total !== percent ||
      from.every(row => row.revisionName === revisionName)
    ) {
      this.#end(key)
      return [target]
    }
    if (this.#running.get(key)?.revision !== revisionName) {
      this.#begin(key, route, { revision: revisionName, from, moved: FIRST_PERCENT }, duration)
    }
    const { from: before, moved } = this.#running.get(key)!
    if (moved < percent) return [...takePercent(before, moved), { ...target, percent: moved }]
    this.#end(key)
    return [target]
  }

  #begin (
    key: string,
    { metadata: { namespace, name } }: Route,
    rollout: Omit<Rollout, 'stop'>,
    duration: number
  ): void {
    this.#end(key)
    const percent = rollout.from.reduce((sum, row) => sum + (row.percent ?? 0), 0)
    const steps = Math.max(1, Math.min(duration / STEP_MS, percent))
    const size = Math.max(1, Math.round(percent / steps))
    const stop = this.clock.runEvery(duration / steps, () => {
      const running = this.#running.get(key)
      if (running !== undefined) running.moved += size
      this.visit(namespace, name)
    })
    this.#running.set(key, { ...rollout, stop })
  }

  #end (key: string): void {
    this.#running.get(key)?.stop()
    this.#running.delete(key)
  }
}

/** Takes `percent` from the rows, from the newest first. */
function takePercent (rows: readonly TrafficTarget[], percent: number): TrafficTarget[] {
  let left = percent
  return rows
    .toReversed()
    .map(({ url: _, ...row }) => {
      const taken = Math.min(left, row.percent ?? 0)
      left -= taken
      return { ...row, percent: (row.percent ?? 0) - taken }
    })
    .filter(row => row.percent > 0)
    .reverse()
}
