import { DomainError, isFault } from '../errors.js'
import type { ImageAllowList } from './image-allow-list.js'
import { mergePatch } from './merge-patch.js'
import type { Model } from './model.js'
import type { Current, ModelStore, UpdateOptions, WriteOptions } from './model-store.js'
import type { GivenSpec } from './new-spec.js'
import { checkName, checkedSpec } from './spec-rules.js'
import { type Deadline, type Outcome, deadlineIn, onceNameIsFree, untilGone, untilServing } from './wait-for-model.js'

/** What the use cases need; the same for all. */
export interface Models { readonly models: ModelStore, readonly allowList: ImageAllowList }

export interface Waiting {
  /** 0..600; 0 does not wait. */
  readonly waitSeconds: number
}

export interface Created extends Outcome { readonly isNew: boolean }

/**
 * Stores a new model. With a wait, also for the end of an earlier one of that name.
 * @throws `request-invalid`, `model-exists`, `model-being-deleted`, `model-invalid`, `model-failed`
 */
export async function createModel (
  { models, allowList }: Models, name: string, given: GivenSpec, options: WriteOptions & Waiting, signal: AbortSignal
): Promise<Outcome> {
  const deadline = deadlineIn(options.waitSeconds)
  const spec = checkedSpec(name, given, allowList)
  const model = await onceNameIsFree(models, name, deadline, signal, async () => await models.create(name, spec, options, signal))
  return await served(models, model, options, deadline, signal)
}

export interface Preconditions {
  readonly ifMatch?: string
  /** If-Match: *. */
  readonly mustExist: boolean
  /** If-None-Match: *. */
  readonly mustBeNew: boolean
}

/** Creates or replaces; the same request sent again writes nothing. @throws as `createModel`, `model-changed`, `model-pinned`, `model-conflict` */
export async function putModel (
  world: Models, name: string, given: GivenSpec, options: UpdateOptions & Waiting & Preconditions, signal: AbortSignal
): Promise<Created> {
  const { models, allowList } = world
  const deadline = deadlineIn(options.waitSeconds)
  checkName(name)
  const create = async () => ({ model: await models.create(name, checkedSpec(name, given, allowList), options, signal), isNew: true })
  const replace = async () => {
    const model = await models.update(name, ({ model }) => ({ spec: checkedSpec(name, given, allowList, model.spec) }), options, signal)
    return { model, isNew: false }
  }
  const write = async () => {
    if (options.mustBeNew) return await create().catch(mustBeNew)
    try {
      return await replace()
    } catch (error) {
      if (!isFault(error, 'model-not-found')) throw error
      if (options.ifMatch !== undefined || options.mustExist) throw new DomainError('model-changed', error.message, { cause: error })
      return await create().catch(async (late: unknown) => {
        if (isFault(late, 'model-exists')) return await replace() // created by somebody else in between
        throw late
      })
    }
  }
  const { model, isNew } = await onceNameIsFree(models, name, deadline, signal, write)
  return { ...await served(models, model, options, deadline, signal), isNew }
}

/** Applies an RFC 7396 patch to what a client can write. @throws as `putModel`, and `model-not-found` */
export async function patchModel (
  { models, allowList }: Models, name: string, patch: object, options: UpdateOptions & Waiting, signal: AbortSignal
): Promise<Outcome> {
  const change = ({ model: { spec } }: Current) => ({ spec: checkedSpec(name, mergePatch(spec, patch) as GivenSpec, allowList, spec) })
  const model = await models.update(name, change, options, signal)
  return await served(models, model, options, deadlineIn(options.waitSeconds), signal)
}

/** Undefined once it is gone or, without a wait, its deletion has begun; the model when it is still there at the deadline. */
export async function deleteModel (
  { models }: Models, name: string, options: Waiting & { readonly dryRun: boolean, readonly ifMatch?: string }, signal: AbortSignal
): Promise<Model | undefined> {
  await models.delete(name, options, signal)
  if (options.dryRun || options.waitSeconds === 0) return undefined
  if (await untilGone(models, name, deadlineIn(options.waitSeconds), signal)) return undefined
  return await models.get(name, signal).catch((error: unknown) => {
    if (isFault(error, 'model-not-found')) return undefined
    throw error
  })
}

/** A dry run and a call without wait= are done with the write itself. */
async function served (
  models: ModelStore, model: Model, { dryRun, waitSeconds }: WriteOptions & Waiting, deadline: Deadline, signal: AbortSignal
): Promise<Outcome> {
  return dryRun || waitSeconds === 0 ? { model, done: true } : await untilServing(models, model, deadline, signal)
}

function mustBeNew (error: unknown): never {
  throw isFault(error, 'model-exists') ? new DomainError('model-changed', error.message, { cause: error }) : error
}
