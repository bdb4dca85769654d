import { DomainError, isFault } from '../errors.js'
import { msOf } from '../../async/milliseconds.js'
import { pause } from '../../async/pause.js'
import { timeLimit } from '../../async/time-limit.js'
import { SETTLE_MS, judgeWait } from './diagnosis/readiness.js'
import type { Model } from './model/model.js'
import type { ModelStore } from './model/model-store.js'

export interface WaitOptions {
  /** 0..600; 0 does not wait. */
  readonly waitSeconds: number
}

/** A caller's wait for the effect of its request. It began with the request, before the write. */
export interface Wait {
  /** In the time of `performance.now()`. */
  readonly endsAt: number
}

export function startWait ({ waitSeconds }: WaitOptions): Wait {
  return { endsAt: performance.now() + msOf(waitSeconds) }
}

export interface Outcome {
  readonly model: Model
  /** False if the model was still progressing when the wait ended. */
  readonly done: boolean
}

/** Waits until the model serves. A dry run and a call without wait= are done at once. */
export async function waitIfAsked (
  models: ModelStore,
  written: Model,
  { dryRun, waitSeconds }: WaitOptions & { readonly dryRun: boolean },
  wait: Wait,
  signal: AbortSignal
): Promise<Outcome> {
  return dryRun || waitSeconds === 0
    ? { model: written, done: true }
    : await waitUntilServing(models, written, wait, signal)
}

/**
 * Returns the model once it serves what `written` asked for, or as it is when the wait ends.
 * @throws `model-failed` with the explanation, when it has failed for good; `model-not-found` when
 *   somebody deleted it meanwhile
 */
async function waitUntilServing (
  models: ModelStore,
  written: Model,
  wait: Wait,
  signal: AbortSignal
): Promise<Outcome> {
  let latest = written
  let failedAt: number | undefined
  const judge = (model: Model | undefined) => {
    latest = model ?? latest
    const now = performance.now()
    failedAt = model?.status.explanation.needsAction === true ? (failedAt ?? now) : undefined
    const heldMs = failedAt === undefined ? 0 : now - failedAt
    const verdict = judgeWait(model, heldMs)
    if (verdict !== 'progressing') return verdict
    return failedAt === undefined ? undefined : SETTLE_MS - heldMs + 1
  }
  const verdict = await follow(models, written, wait, signal, judge)
  const model = withWarningsOf(written, latest)
  switch (verdict) {
    case 'ready':
      return { model, done: true }
    case 'failed':
      throw failureOf(model)
    case 'gone':
      throw new DomainError(
        'model-not-found',
        `the model ${JSON.stringify(written.name)} was deleted meanwhile`
      )
    default:
      return { model, done: false }
  }
}

/** Returns true once the name is free, false if it is not free at the end of the wait. */
export async function waitUntilGone (
  models: ModelStore,
  name: string,
  wait: Wait,
  signal: AbortSignal
): Promise<boolean> {
  const judge = (model: Model | undefined) => (model === undefined ? 'gone' : undefined)
  return (await follow(models, { name, generation: 0 }, wait, signal, judge)) === 'gone'
}

/**
 * Runs `work`. If a model that is being deleted still has the name, waits for its end and runs
 * `work` again.
 */
export async function retryOnceNameIsFree<T> (
  models: ModelStore,
  name: string,
  wait: Wait,
  signal: AbortSignal,
  work: () => Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isFault(error, 'model-being-deleted')) throw error
    if (!(await waitUntilGone(models, name, wait, signal))) throw error
    return await work()
  }
}

/**
 * Judges every state of the model until `judge` returns a verdict. Returns undefined when the wait
 * ends first. If `judge` returns a number, an unchanged state is judged again after so many
 * milliseconds.
 */
async function follow<V extends string> (
  models: ModelStore,
  { name, generation }: Pick<Model, 'name' | 'generation'>,
  wait: Wait,
  signal: AbortSignal,
  judge: (model: Model | undefined) => V | number | undefined
): Promise<V | undefined> {
  const limit = timeLimit(signal, Math.max(0, wait.endsAt - performance.now()))
  const states = models.follow(name, generation, limit.signal)[Symbol.asyncIterator]()
  const pull = () => {
    const next = states.next()
    next.catch(() => {}) // a rejection counts only while `next` is awaited
    return next
  }
  try {
    let model = (await pull()).value
    let next = pull()
    while (true) {
      const verdict = judge(model)
      if (typeof verdict === 'string') return verdict
      const again = verdict === undefined ? [] : [pause(verdict, limit.signal)]
      const change = await Promise.race([next, ...again])
      if (change !== undefined) {
        model = change.value
        next = pull()
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    if (limit.signal.aborted) return undefined
    throw error
  } finally {
    limit.end()
    states.return?.(undefined).catch(() => {}) // not awaited: a pending `next` would come before it
  }
}

function failureOf (model: Model): DomainError {
  const { explanation, phase, reason } = model.status
  return new DomainError('model-failed', explanation.summary, {
    remedy: explanation.remedy,
    extra: {
      explanation,
      phase,
      ...(reason === undefined ? {} : { reason }),
      model: model.name,
      etag: `"${model.version}"`
    }
  })
}

function withWarningsOf ({ warnings }: Model, model: Model): Model {
  return warnings === undefined ? model : { ...model, warnings }
}
