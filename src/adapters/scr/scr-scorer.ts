import { DomainError, isFault } from '../../domain/errors.js'
import { UNKNOWN_SIGNATURE, type Signature } from '../../domain/scoring/signature.js'
import type { Inputs, Outputs, Scorer, ScoringTarget } from '../../domain/scoring/scorer.js'
import { untilAborted } from '../../domain/until-aborted.js'
import { fromStatus, fromTransport } from './errors.js'
import type { Answer } from './exchange.js'
import type { Pools } from './pools.js'
import { ScrApps, type ScrApp } from './scr-app.js'
import { outputsOf, requestBody, type BodyStyle } from './scr-protocol.js'
import { signatureIn } from './scr-signature.js'

/** The platform's own time-out has to come first, so that its answer tells which one it was. */
const BEYOND_PLATFORM_MS = 5_000

/** One call to a model, for metrics. */
export interface ModelCall {
  readonly model: string
  readonly revision: string | undefined
  /** undefined: no answer came. */
  readonly status: number | undefined
  readonly durationMs: number
}

interface Row { readonly target: ScoringTarget, readonly step: string | undefined, readonly inputs: Inputs, readonly signal: AbortSignal }

/** SAS Container Runtime over HTTP: `POST {app}` or `POST {app}/{step}`, `GET {app}/apiMeta/api`. */
export class ScrScorer implements Scorer {
  readonly #pools: Pools
  readonly #onCall: (call: ModelCall) => void
  readonly #apps = new ScrApps()

  constructor (pools: Pools, onCall: (call: ModelCall) => void) {
    this.#pools = pools
    this.#onCall = onCall
  }

  async signature (target: ScoringTarget, signal: AbortSignal): Promise<Signature> {
    const app = this.#apps.at(target.key)
    if (app.signature !== undefined) return app.signature
    for (const path of target.appPaths) {
      const { status, text } = await this.#call(target, 'GET', `/${path}/apiMeta/api`, null, answer => answer, signal)
      if (status === 404) {
        if (text === '') throw nothingThere(target)
        continue
      }
      if (status !== 200) throw notTheRowsFault(fromStatus(status, text, target.model))
      app.path = path
      app.signature = readSignature(text, target)
      return app.signature
    }
    return UNKNOWN_SIGNATURE // not kept: a model may describe itself once it is up
  }

  score (target: ScoringTarget, step: string | undefined, inputs: Inputs, signal: AbortSignal): Promise<Outputs> {
    const app = this.#apps.at(target.key)
    const row = { target, step, inputs, signal }
    return app.path === undefined || app.style === undefined ? this.#scoreUnknown(app, row) : this.#scoreAt(app.path, app.style, row)
  }

  #scoreAt (path: string, style: BodyStyle, row: Row): Promise<Outputs> {
    return this.#post(path, style, row).then(outputs => outputs ?? nowhere(row, [path]))
  }

  async #scoreUnknown (app: ScrApp, row: Row): Promise<Outputs> {
    while (app.path === undefined || app.style === undefined) {
      if (app.probe === undefined) {
        const probe = this.#probe(app, row)
        app.probe = probe
        try {
          return await probe
        } finally {
          delete app.probe
        }
      }
      await untilAborted(app.probe.catch(() => {}), row.signal) // another row's, whatever became of that row
    }
    return await this.#scoreAt(app.path, app.style, row)
  }

  /** Scores a row and learns under which path and in which body style the application takes rows. */
  async #probe (app: ScrApp, row: Row): Promise<Outputs> {
    const paths = app.path === undefined ? row.target.appPaths : [app.path]
    for (const path of paths) {
      const outputs = await this.#inEitherStyle(app, path, row)
      if (outputs === undefined) continue
      app.path = path
      return outputs
    }
    return nowhere(row, paths)
  }

  async #inEitherStyle (app: ScrApp, path: string, row: Row): Promise<Outputs | undefined> {
    const refusals: string[] = []
    for (const style of app.style === undefined ? ['data', 'inputs'] as const : [app.style]) {
      try {
        const outputs = await this.#post(path, style, row)
        if (outputs !== undefined) app.style = style
        return outputs
      } catch (error) {
        if (!isFault(error, 'row-refused')) throw error
        refusals.push(error.message)
      }
    }
    throw new DomainError('row-refused', [...new Set(refusals)].join('; with inputs instead of data: '))
  }

  /** undefined: the application has nothing under this path. */
  #post (path: string, style: BodyStyle, { target, step, inputs, signal }: Row): Promise<Outputs | undefined> {
    return this.#call(target, 'POST', urlPath(path, step), requestBody(inputs, style), answer => rowOutputs(answer, target), signal)
  }

  /** Sends a request, and makes of its answer what it stands for. */
  #call<T> (
    target: ScoringTarget, method: 'GET' | 'POST', path: string, body: string | null, read: (answer: Answer) => T, signal: AbortSignal
  ): Promise<T> {
    const startedAt = performance.now()
    const limitMs = target.timeoutSeconds * 1000 + BEYOND_PLATFORM_MS
    const done = (status?: number) => {
      this.#onCall({ model: target.model, revision: target.revision, status, durationMs: performance.now() - startedAt })
    }
    return this.#pools.call(target.url, { path, method, body, limitMs }, signal).then(answer => {
      done(answer.status)
      return read(answer)
    }, error => {
      done()
      signal.throwIfAborted()
      throw fromTransport(error, target.model)
    })
  }
}

/** undefined: the application has nothing under the path asked. */
function rowOutputs ({ status, text }: Answer, target: ScoringTarget): Outputs | undefined {
  if (status === 200) {
    const outputs = outputsOf(text)
    if (outputs === undefined) throw new DomainError('model-answer-invalid', `${target.model}: its answer has neither data nor outputs`)
    return outputs
  }
  if (status !== 404) throw fromStatus(status, text, target.model)
  if (text === '') throw nothingThere(target)
  return undefined
}

function urlPath (path: string, step: string | undefined): string {
  return step === undefined ? `/${path}` : `/${path}/${encodeURIComponent(step)}`
}

function nowhere ({ target, step }: Row, paths: readonly string[]): never {
  throw new DomainError('model-answer-invalid', `${target.model}: it takes no rows at ${paths.map(path => urlPath(path, step)).join(', ')}`, {
    remedy: step === undefined ? 'set appPath to the path that the image serves under' : 'check step= and the model\'s appPath'
  })
}

function readSignature (text: string, target: ScoringTarget): Signature {
  try {
    const signature = signatureIn(JSON.parse(text))
    if (signature !== undefined) return signature
  } catch {}
  throw new DomainError('model-answer-invalid', `${target.model}: its description (apiMeta/api) is not that of an SCR model`)
}

function nothingThere ({ model, revision }: ScoringTarget): DomainError {
  return new DomainError('revision-not-found', `${model}: nothing answers at the address of ${revision ?? 'the model'}`)
}

function notTheRowsFault (error: DomainError): DomainError {
  return error.fault === 'row-refused' ? new DomainError('model-answer-invalid', error.message) : error
}
