import type { Store } from '../kube/store.js'
import type { Clock, Timing } from '../timing.js'
import type { Registry } from './registry.js'

/** What every controller works with. */
export interface Cluster {
  readonly store: Store
  readonly clock: Clock
  readonly timing: Timing
  /** outer names are `NAME.NAMESPACE.DOMAIN` */
  readonly domain: string
  readonly registry: Registry
}

/** A level-triggered controller: many changes to one object in a short time are one visit of it. Keys are `NAMESPACE/NAME`. */
export class Controller {
  readonly #waiting = new Set<string>()

  constructor (readonly cluster: Cluster, readonly delayMs: number, readonly reconcile: (namespace: string, name: string) => void) {}

  visit (namespace: string, name: string): void {
    const key = `${namespace}/${name}`
    if (this.#waiting.has(key)) return
    this.#waiting.add(key)
    this.cluster.clock.after(this.delayMs, () => {
      this.#waiting.delete(key)
      this.reconcile(namespace, name)
    })
  }
}
