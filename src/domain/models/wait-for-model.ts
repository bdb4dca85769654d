import { setTimeout as sleep } from 'node:timers/promises'
import { DomainError, isFault } from '../errors.js'
import { timeLimit } from '../time-limit.js'
import type { Model } from './model.js'
import type { ModelStore } from './model-store.js'
import { SETTLE_MS, verdictOn } from './readiness.js'

/** How long a caller waits for what was asked for: a moment in `performance.now()`. */
export interface Deadline { readonly at: number }

export function deadlineIn (seconds: number): Deadline {
  return { at: performance.now() + seconds * 1_000 }
}

export interface Outcome {
  readonly model: Model
  /** False: still progressing when the deadline came. */
  readonly done: boolean
}

/**
 * The model once it serves what was asked for by `written`, or as it is at the deadline.
 * @throws `model-failed` with the explanation, when it has failed for good; `model-not-found` when somebody deleted it meanwhile
 */
export async function untilServing (models: ModelStore, written: Model, deadline: Deadline, signal: AbortSignal): Promise<Outcome> {
  let latest = written
  let failedAt: number | undefined
  const verdict = await follow(models, written.name, written.generation, deadline, signal, model => {
    latest = model ?? latest
    const now = performance.now()
    failedAt = model?.status.explanation.needsAction === true ? failedAt ?? now : undefined
    const heldMs = failedAt === undefined ? 0 : now - failedAt
    const verdict = verdictOn(model, heldMs)
    if (verdict !== 'progressing') return verdict
    return failedAt === undefined ? undefined : SETTLE_MS - heldMs + 1
  })
  const model = withWarnings(latest, written)
  switch (verdict) {
    case 'ready': return { model, done: true }
    case 'failed': throw failed(model)
    case 'gone': throw new DomainError('model-not-found', `the model ${JSON.stringify(written.name)} was deleted meanwhile`)
    default: return { model, done: false }
  }
}

/** True once the name is free; false when it still isn't at the deadline. */
export async function untilGone (models: ModelStore, name: string, deadline: Deadline, signal: AbortSignal): Promise<boolean> {
  return await follow(models, name, 0, deadline, signal, model => model === undefined ? 'gone' : undefined) === 'gone'
}

/** Runs `work`; while the name is held by a model that is being deleted, waits for its end first. */
export async function onceNameIsFree<T> (
  models: ModelStore, name: string, deadline: Deadline, signal: AbortSignal, work: () => Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isFault(error, 'model-being-deleted') || !await untilGone(models, name, deadline, signal)) throw error
    return await work()
  }
}

/**
 * Looks at every state until `judge` tells a verdict, or the deadline comes (undefined). A number is the time in milliseconds after
 * which an unchanged state is to be judged again.
 */
async function follow<V extends string> (
  models: ModelStore, name: string, generation: number, deadline: Deadline, signal: AbortSignal,
  judge: (model: Model | undefined) => V | number | undefined
): Promise<V | undefined> {
  const limit = timeLimit(signal, Math.max(0, deadline.at - performance.now()))
  const states = models.follow(name, generation, limit.signal)[Symbol.asyncIterator]()
  const pull = () => {
    const next = states.next()
    next.catch(() => {}) // its rejection counts only while it is awaited
    return next
  }
  try {
    let model = (await pull()).value
    let next = pull()
    while (true) {
      const verdict = judge(model)
      if (typeof verdict === 'string') return verdict
      const pause = verdict === undefined ? [] : [sleep(verdict, undefined, { signal: limit.signal })]
      const change = await Promise.race([next, ...pause])
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
    states.return?.(undefined).catch(() => {}) // not awaited: it comes after the state awaited last
  }
}

function failed (model: Model): DomainError {
  const { explanation, phase, reason } = model.status
  return new DomainError('model-failed', explanation.summary, {
    remedy: explanation.remedy,
    extra: { explanation, phase, ...(reason === undefined ? {} : { reason }), model: model.name, etag: `"${model.version}"` }
  })
}

function withWarnings (model: Model, { warnings }: Model): Model {
  return warnings === undefined ? model : { ...model, warnings }
}
