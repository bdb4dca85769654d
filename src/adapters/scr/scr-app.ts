import type { Signature } from '../../domain/scoring/signature.js'
import type { BodyStyle } from './scr-protocol.js'

/** What is learnt of the SCR application behind one address, by asking it. */
export interface ScrApp {
  /** Without slashes at its ends; undefined until something answered under it. */
  path?: string
  signature?: Signature
  style?: BodyStyle
  /** The row that finds out path and style; the others wait for it. */
  probe?: Promise<unknown>
}

const APPS_MAX = 10_000

/** The applications met, by their target's key; the one met first is forgotten first. */
export class ScrApps {
  readonly #apps = new Map<string, ScrApp>()

  at (key: string): ScrApp {
    let app = this.#apps.get(key)
    if (app === undefined) {
      this.#apps.set(key, app = {})
      if (this.#apps.size > APPS_MAX) this.#apps.delete(this.#apps.keys().next().value!)
    }
    return app
  }
}
