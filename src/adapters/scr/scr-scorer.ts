import { isUtf8 } from 'node:buffer'
import { DomainError, isFault } from '../../domain/errors.js'
import type { Json, JsonObject } from '../../domain/json/json.js'
import { JsonFault, readJson } from '../../domain/json/read-json.js'
import { UNKNOWN_SIGNATURE, type Signature } from '../../domain/scoring/scorer/signature.js'
import type { Inputs, Scorer, ScoringTarget } from '../../domain/scoring/scorer/scorer.js'
import { ownTurn } from '../../async/breather.js'
import { msOf } from '../../async/milliseconds.js'
import { untilAborted } from '../../async/until-aborted.js'
import { probeStyle, type Send } from './body-style.js'
import { fromAnswer, fromStatus, fromTransport, type AnswerHead } from './errors.js'
import type { Answer } from './exchange.js'
import type { Pools } from './pools.js'
import { ScrApps, type ScrApp } from './scr-app.js'
import { AnswerFault, readOutputs, writeBody, type BodyStyle } from './scr-protocol.js'
import { findSignature } from './scr-signature.js'

/** The platform's own time-out comes first, so that its answer tells which time-out it was. */
const BEYOND_PLATFORM_MS = 5_000
/** A larger answer is read in a turn of its own. */
const LARGE_BYTES = 32 * 1024
/** The most steps remembered of one application. */
const STEPS_MAX = 20

/** One call to a model, for metrics. */
export interface ModelCall {
  readonly model: string
  readonly revision: string | undefined
  /** undefined when no answer came. */
  readonly status: number | undefined
  readonly durationMs: number
}

interface Row {
  readonly target: ScoringTarget
  readonly step: string | undefined
  readonly inputs: Inputs
  readonly signal: AbortSignal
}

/**
 * SAS Container Runtime over HTTP: `POST {app}` or `POST {app}/{step}`, `GET {app}/apiMeta/api`.
 */
export class ScrScorer implements Scorer {
  readonly #pools: Pools
  readonly #onCall: (call: ModelCall) => void
  readonly #apps = new ScrApps()

  constructor (pools: Pools, onCall: (call: ModelCall) => void) {
    this.#pools = pools
    this.#onCall = onCall
  }

  async signature (
    target: ScoringTarget,
    step: string | undefined,
    signal: AbortSignal
  ): Promise<Signature> {
    const app = this.#apps.at(target.key)
    const known = app.signatures.get(step ?? '')
    if (known !== undefined) return known
    for (const path of app.path === undefined ? target.appPaths : [app.path]) {
      const answer = await this.#call(
        target,
        'GET',
        `/${path}/apiMeta/api`,
        null,
        answer => answer,
        signal
      ).catch((error: unknown) => {
        throw asModelFault(error)
      })
      const text = readDescription(answer, target)
      if (answer.status === 404) {
        if (text === '') throw noAnswerAtAddress(target)
        continue
      }
      if (answer.status !== 200) {
        throw asModelFault(fromStatus(answer.status, text, target.model, headOf(answer)))
      }
      app.path = path
      const signature = readSignature(text, step, target)
      if (app.signatures.size < STEPS_MAX) app.signatures.set(step ?? '', signature)
      return signature
    }
    return UNKNOWN_SIGNATURE // not remembered, since a model may describe itself once it is up
  }

  score (
    target: ScoringTarget,
    step: string | undefined,
    inputs: Inputs,
    signal: AbortSignal
  ): Promise<JsonObject> {
    const app = this.#apps.at(target.key)
    const row = { target, step, inputs, signal }
    return app.path === undefined || app.style === undefined
      ? this.#scoreUnknown(app, row)
      : this.#scoreAt(app.path, app.style, row)
  }

  #scoreAt (path: string, style: BodyStyle, row: Row): Promise<JsonObject> {
    return this.#post(path, style, row).then(outputs => outputs ?? throwNoPath(row, [path]))
  }

  async #scoreUnknown (app: ScrApp, row: Row): Promise<JsonObject> {
    while (app.path === undefined || app.style === undefined) {
      if (app.probe === undefined || app.isUndecided === true) {
        const probe = this.#probe(app, row)
        app.probe = probe
        try {
          return await probe
        } finally {
          delete app.probe
        }
      }
      await untilAborted(
        app.probe.catch(() => {}),
        row.signal
      ) // waits for another row's probe, whatever its outcome
    }
    return await this.#scoreAt(app.path, app.style, row)
  }

  /**
   * Scores a row, and learns the path and the body style of the application from it.
   */
  async #probe (app: ScrApp, row: Row): Promise<JsonObject> {
    const { target, step, inputs, signal } = row
    const paths = app.path === undefined ? target.appPaths : [app.path]
    const blank = app.blank?.step === step ? app.blank?.outcome : undefined
    for (const path of paths) {
      const send: Send = async (inputs, style) => await this.#post(path, style, { ...row, inputs })
      const probed = await probeStyle(send, inputs, blank, signal)
      if (probed === undefined) continue
      app.path = path
      if (probed.style !== undefined) app.style = probed.style
      if (probed.blank !== undefined) app.blank = { step, outcome: probed.blank }
      if ('refusal' in probed.outcome) throw probed.outcome.refusal
      app.isUndecided = true
      return probed.outcome.outputs
    }
    return throwNoPath(row, paths)
  }

  /** undefined when the application has nothing under this path. */
  #post (
    path: string,
    style: BodyStyle,
    { target, step, inputs, signal }: Row
  ): Promise<JsonObject | undefined> {
    return this.#call(
      target,
      'POST',
      urlPathOf(path, step),
      writeBody(inputs, style),
      answer => readRowOutputs(answer, target),
      signal
    )
  }

  /** Sends a request, and gives its answer to `read`. */
  #call<T>(
    target: ScoringTarget,
    method: 'GET' | 'POST',
    path: string,
    body: string | null,
    read: (answer: Answer) => T,
    signal: AbortSignal
  ): Promise<T> {
    const startedAt = performance.now()
    const limitMs = msOf(target.timeoutSeconds) + BEYOND_PLATFORM_MS
    const finish = (status?: number) => {
      this.#onCall({
        model: target.model,
        revision: target.revision,
        status,
        durationMs: performance.now() - startedAt
      })
    }
    return this.#pools.call(target.url, { path, method, body, limitMs }, signal).then(
      answer => {
        finish(answer.status)
        return answer.bytes.length > LARGE_BYTES ? ownTurn().then(() => read(answer)) : read(answer)
      },
      error => {
        finish()
        signal.throwIfAborted()
        throw fromTransport(error, target.model)
      }
    )
  }
}

/** undefined when the application has nothing under the path asked. */
function readRowOutputs (answer: Answer, target: ScoringTarget): JsonObject | undefined {
  const { status } = answer
  const text = readText(answer)
  if (status === 200 || status === 201) return readScoredOutputs(text)
  if (status !== 404) throw fromStatus(status, text, target.model, headOf(answer))
  if (text === '') throw noAnswerAtAddress(target)
  return undefined
}

function readScoredOutputs (text: string): JsonObject {
  try {
    return readOutputs(text)
  } catch (error) {
    throw error instanceof AnswerFault ? fromAnswer(error) : error
  }
}

/** Bytes that are not UTF-8 would silently turn into replacement characters. */
function readText ({ bytes, status }: Answer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  if (status === 200 || status === 201) {
    throw fromAnswer(new AnswerFault(true, 'gave an answer that is not UTF-8 text'))
  }
  return bytes.toString('latin1') // for the words of a failure
}

function readDescription (answer: Answer, target: ScoringTarget): string {
  try {
    return readText(answer)
  } catch (error) {
    throw new DomainError(
      'model-answer-invalid',
      `${target.model}: its description (apiMeta/api) is not UTF-8 text`,
      { cause: error }
    )
  }
}

function headOf ({ headers }: Answer): AnswerHead {
  return { retryAfter: headers['retry-after'], location: headers.location }
}

function urlPathOf (path: string, step: string | undefined): string {
  return step === undefined ? `/${path}` : `/${path}/${encodeURIComponent(step)}`
}

function throwNoPath ({ target, step }: Row, paths: readonly string[]): never {
  throw new DomainError(
    'model-answer-invalid',
    `${target.model}: it takes no rows at ${paths.map(path => urlPathOf(path, step)).join(', ')}`,
    {
      remedy:
        step === undefined
          ? 'set appPath to the path that the image serves under'
          : "check step= and the model's appPath"
    }
  )
}

/** A step that is not in the description has an unknown signature. */
function readSignature (
  text: string,
  step: string | undefined,
  { model }: ScoringTarget
): Signature {
  let document: Json
  try {
    document = readJson(text.startsWith('\ufeff') ? text.slice(1) : text)
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    throw new DomainError(
      'model-answer-invalid',
      `${model}: its description (apiMeta/api) can't be read: ${error.message}`
    )
  }
  const signature =
    findSignature(document, step) ?? (step === undefined ? undefined : UNKNOWN_SIGNATURE)
  if (signature !== undefined) return signature
  throw new DomainError(
    'model-answer-invalid',
    `${model}: its description (apiMeta/api) is not that of an SCR model`
  )
}

function noAnswerAtAddress ({ model, revision }: ScoringTarget): DomainError {
  return new DomainError(
    'revision-not-found',
    `${model}: nothing answers at the address of ${revision ?? 'the model'}`
  )
}

function asModelFault (error: unknown): unknown {
  return isFault(error, 'row-refused', 'row-answer-invalid')
    ? new DomainError('model-answer-invalid', error.message, { cause: error })
    : error
}
