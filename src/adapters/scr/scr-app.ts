import type { Signature } from '../../domain/scoring/scorer/signature.js'
import type { Outcome } from './body-style.js'
import type { BodyStyle } from './scr-protocol.js'

/** What calls have taught about the SCR application behind one address. */
export interface ScrApp {
  /** The path without slashes at its ends; undefined until something answered under it. */
  path?: string
  /** Signatures by step; '' is the default step. */
  readonly signatures: Map<string, Signature>
  style?: BodyStyle
  /** The row that finds out path and style. Other rows wait for it. */
  probe?: Promise<unknown>
  /** A scored row did not tell the style, so rows no longer wait for each other. */
  isUndecided?: boolean
  /** The outcome of a row of missing values, sent as `data` to this step. */
  blank?: { readonly step: string | undefined; readonly outcome: Outcome }
}

const APPS_MAX = 10_000

/** Known applications by their target's key. The oldest is forgotten first. */
export class ScrApps {
  readonly #apps = new Map<string, ScrApp>()

  at (key: string): ScrApp {
    let app = this.#apps.get(key)
    if (app === undefined) {
      this.#apps.set(key, (app = { signatures: new Map() }))
      if (this.#apps.size > APPS_MAX) this.#apps.delete(this.#apps.keys().next().value!)
    }
    return app
  }
}
