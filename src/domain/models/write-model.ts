import { DomainError, isFault } from '../errors.js'
import type { ImageAllowList } from './image-allow-list.js'
import { mergePatch } from './merge-patch.js'
import type { Model, ModelSpec } from './model.js'
import type { Current, ModelStore, UpdateOptions, WriteOptions } from './model-store.js'
import type { GivenSpec } from './new-spec.js'
import { checkName, checkedSpec } from './spec-rules.js'
import { type Deadline, type Outcome, deadlineIn, onceNameIsFree, untilGone, untilServing } from './wait-for-model.js'

/** What the use cases need; the same for all. */
export interface Models {
  readonly models: ModelStore
  readonly allowList: ImageAllowList
  /** For models that name none; an empty list in a model means none. */
  readonly pullSecrets: readonly string[]
}

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
  world: Models, name: string, given: GivenSpec, options: WriteOptions & Waiting, signal: AbortSignal
): Promise<Outcome> {
  const { models } = world
  const deadline = deadlineIn(options.waitSeconds)
  const spec = wholeSpec(world, name, given)
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
  const { models } = world
  const deadline = deadlineIn(options.waitSeconds)
  checkName(name)
  const create = async () => ({ model: await models.create(name, wholeSpec(world, name, given), options, signal), isNew: true })
  const replace = async () => {
    const model = await models.update(name, ({ model }) => ({ spec: wholeSpec(world, name, given, model.spec) }), options, signal)
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
  world: Models, name: string, patch: object, options: UpdateOptions & Waiting, signal: AbortSignal
): Promise<Outcome> {
  const { models } = world
  const change = ({ model: { spec } }: Current) => ({ spec: wholeSpec(world, name, mergePatch(spec, patch) as GivenSpec, spec) })
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

function wholeSpec ({ allowList, pullSecrets }: Models, name: string, given: GivenSpec, current?: ModelSpec): ModelSpec {
  return checkedSpec(name, { imagePullSecrets: pullSecrets, ...given }, allowList, current)
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
