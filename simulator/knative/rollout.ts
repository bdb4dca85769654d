import { durationMs } from './annotations.js'
import type { Route, TrafficTarget } from './objects.js'
import type { Clock } from '../timing.js'

const DURATION = 'serving.knative.dev/rollout-duration'
/** The new revision's first share; the shortest time between two steps. */
const FIRST_PERCENT = 1
const STEP_MS = 1_000

/** One row of a route that goes from older revisions to the latest ready one by and by. */
interface Rollout {
  readonly revision: string
  /** What served the row when the rollout began. */
  readonly from: readonly TrafficTarget[]
  moved: number
  readonly stop: () => void
}

/**
 * Gradual rollouts, as annotated on routes. Recorded: a duration of 20 s gives the new revision 1 %, then 5 % more each second. Only rows that
 * followed the latest revision before as well go gradually; from a pinned revision, or another share, it is one jump.
 */
export class Rollouts {
  readonly #running = new Map<string, Rollout>()

  /** `visit` is called after each step. */
  constructor (readonly clock: Clock, readonly visit: (namespace: string, name: string) => void) {}

  /** The rows to serve now for `traffic`, whose revisions are resolved; more than one for a row that is being rolled out. */
  spread (route: Route, traffic: readonly TrafficTarget[]): TrafficTarget[] {
    const duration = durationMs(route.metadata.annotations?.[DURATION] ?? '0') ?? 0
    return traffic.flatMap(target => target.latestRevision === true ? this.#rows(route, target, duration) : [target])
  }

  isRunning ({ metadata: { namespace, name } }: Route): boolean {
    return [...this.#running.keys()].some(key => key.startsWith(`${namespace}/${name}/`))
  }

  /** The route is gone. */
  forget (namespace: string, name: string): void {
    for (const key of this.#running.keys()) if (key.startsWith(`${namespace}/${name}/`)) this.#end(key)
  }

  #rows (route: Route, target: TrafficTarget, duration: number): TrafficTarget[] {
    const { percent = 0, revisionName = '', tag = '' } = target
    const { namespace, name } = route.metadata
    const key = `${namespace}/${name}/${tag}`
    const from = (route.status?.traffic ?? []).filter(row => row.latestRevision === true && (row.tag ?? '') === tag)
    const total = from.reduce((sum, row) => sum + (row.percent ?? 0), 0)
    if (duration === 0 || total !== percent || from.every(row => row.revisionName === revisionName)) {
      this.#end(key)
      return [target]
    }
    if (this.#running.get(key)?.revision !== revisionName) this.#begin(key, route, { revision: revisionName, from, moved: FIRST_PERCENT }, duration)
    const { from: before, moved } = this.#running.get(key)!
    if (moved < percent) return [...lessened(before, moved), { ...target, percent: moved }]
    this.#end(key)
    return [target]
  }

  #begin (key: string, { metadata: { namespace, name } }: Route, rollout: Omit<Rollout, 'stop'>, duration: number): void {
    this.#end(key)
    const percent = rollout.from.reduce((sum, row) => sum + (row.percent ?? 0), 0)
    const steps = Math.max(1, Math.min(duration / STEP_MS, percent))
    const size = Math.max(1, Math.round(percent / steps))
    const stop = this.clock.every(duration / steps, () => {
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

/** The rows less `percent` in all, taken from the newest first. */
function lessened (rows: readonly TrafficTarget[], percent: number): TrafficTarget[] {
  let left = percent
  return rows.toReversed().map(({ url: _, ...row }) => {
    const taken = Math.min(left, row.percent ?? 0)
    left -= taken
    return { ...row, percent: (row.percent ?? 0) - taken }
  }).filter(row => row.percent > 0).reverse()
}
