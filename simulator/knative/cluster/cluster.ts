import type { Store } from '../../kube/store/store.js'
import type { Clock } from '../../time/clock.js'
import type { Timing } from '../../time/timing.js'
import type { Registry } from './registry.js'

/** The parts of the cluster that every controller uses. */
export interface Cluster {
  readonly store: Store
  readonly clock: Clock
  readonly timing: Timing
  /** outer names are `NAME.NAMESPACE.DOMAIN` */
  readonly domain: string
  readonly registry: Registry
}

/**
 * A level-triggered controller. Several changes of one object within `delayMs` cause one call of
 * `reconcile`. Keys are `NAMESPACE/NAME`.
 */
export class Controller {
  readonly #waiting = new Map<string, () => void>()

  constructor (
    readonly cluster: Cluster,
    readonly delayMs: number,
    readonly reconcile: (namespace: string, name: string) => void
  ) {}

  /** Reconciles the object at most `delayMs` from now. */
  visit (namespace: string, name: string): void {
    if (!this.#waiting.has(`${namespace}/${name}`)) this.postpone(namespace, name)
  }

  /** Reconciles the object `delayMs` from now, and not before, however often it changed. */
  postpone (namespace: string, name: string): void {
    const key = `${namespace}/${name}`
    this.#waiting.get(key)?.()
    this.#waiting.set(key, this.cluster.clock.runAfter(this.delayMs, () => {
      this.#waiting.delete(key)
      this.reconcile(namespace, name)
    }))
  }
}
