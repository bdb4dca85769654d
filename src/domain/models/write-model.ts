import { DomainError, isFault } from '../errors.js'
import type { Model, ModelSpec } from './model/model.js'
import type { Current, ModelStore, UpdateOptions, WriteOptions } from './model/model-store.js'
import type { ImageAllowList } from './spec/image-allow-list.js'
import { mergePatch } from './spec/merge-patch.js'
import type { GivenSpec } from './spec/new-spec.js'
import { describeResets } from './spec/resets.js'
import { checkName, checkSpec } from './spec/spec-rules.js'
import {
  type Outcome,
  type WaitOptions,
  retryOnceNameIsFree,
  startWait,
  waitIfAsked,
  waitUntilGone
} from './wait-for-model.js'

/** What all use cases that write models need. */
export interface WriteContext {
  readonly models: ModelStore
  readonly allowList: ImageAllowList
  /** Pull secrets for models that name none. An empty list in a model means that it has none. */
  readonly pullSecrets: readonly string[]
}

export interface PutOutcome extends Outcome {
  readonly isNew: boolean
}

/** Conditions on the present model that a request sets. */
export interface Preconditions {
  /** The versions of If-Match; the present version has to be among them. */
  readonly ifMatch?: readonly string[]
  /** If-Match: *. */
  readonly mustExist: boolean
  /** If-None-Match: *. */
  readonly mustBeNew: boolean
}

/**
 * Stores a new model. With a wait, it also waits for the end of an earlier model of that name.
 * @throws `request-invalid`, `model-exists`, `model-being-deleted`, `model-invalid`, `model-failed`
 */
export async function createModel (
  context: WriteContext,
  name: string,
  given: GivenSpec,
  options: WriteOptions & WaitOptions,
  signal: AbortSignal
): Promise<Outcome> {
  const { models } = context
  const wait = startWait(options)
  const spec = checkGivenSpec(context, name, given)
  const create = async () => await models.create(name, spec, options, signal)
  const model = await retryOnceNameIsFree(models, name, wait, signal, create)
  return await waitIfAsked(models, model, options, wait, signal)
}

/**
 * Creates or replaces a model. The same request sent again writes nothing.
 * @throws the faults of `createModel`, `model-changed`, `model-pinned`, `model-conflict`
 */
export async function putModel (
  context: WriteContext,
  name: string,
  given: GivenSpec,
  options: UpdateOptions & WaitOptions & Preconditions,
  signal: AbortSignal
): Promise<PutOutcome> {
  const { models } = context
  const wait = startWait(options)
  checkName(name)
  const create = async () => ({
    model: await models.create(name, checkGivenSpec(context, name, given), options, signal),
    isNew: true
  })
  const replace = async () => ({
    model: await replaceModel(context, name, given, options, signal),
    isNew: false
  })
  const put = async () =>
    options.mustBeNew
      ? await create().catch(refuseExisting)
      : await replaceOrCreate(replace, create, options)
  const { model, isNew } = await retryOnceNameIsFree(models, name, wait, signal, put)
  return { ...(await waitIfAsked(models, model, options, wait, signal)), isNew }
}

async function replaceModel (
  context: WriteContext,
  name: string,
  given: GivenSpec,
  options: UpdateOptions,
  signal: AbortSignal
): Promise<Model> {
  const replaceSpec = ({ model: { spec: stored } }: Current) => {
    const spec = checkGivenSpec(context, name, given, stored)
    return { spec, resets: describeResets(given, stored, spec) }
  }
  const { model, change } = await context.models.update(name, replaceSpec, options, signal)
  return withWarnings(model, change.resets)
}

/** Replaces, else creates, else replaces: another caller may create the model in between. */
async function replaceOrCreate<T> (
  replace: () => Promise<T>,
  create: () => Promise<T>,
  { ifMatch, mustExist }: Preconditions
): Promise<T> {
  try {
    return await replace()
  } catch (error) {
    if (!isFault(error, 'model-not-found')) throw error
    if (ifMatch !== undefined || mustExist) {
      throw new DomainError('model-changed', error.message, { cause: error })
    }
  }
  try {
    return await create()
  } catch (error) {
    if (isFault(error, 'model-exists')) return await replace()
    throw error
  }
}

/**
 * Applies an RFC 7396 patch to the part of a model that clients write.
 * @throws the faults of `putModel`, and `model-not-found`
 */
export async function patchModel (
  context: WriteContext,
  name: string,
  patch: object,
  options: UpdateOptions & WaitOptions,
  signal: AbortSignal
): Promise<Outcome> {
  const { models } = context
  const patchSpec = ({ model: { spec } }: Current) => ({
    spec: checkGivenSpec(context, name, mergePatch(spec, patch) as GivenSpec, spec)
  })
  const { model } = await models.update(name, patchSpec, options, signal)
  return await waitIfAsked(models, model, options, startWait(options), signal)
}

/**
 * Asks for the deletion. Returns the model if it is still there at the end of the wait. Returns
 * undefined once it is gone or, without a wait, once its deletion has begun.
 */
export async function deleteModel (
  { models }: WriteContext,
  name: string,
  options: WaitOptions & { readonly dryRun: boolean; readonly ifMatch?: readonly string[] },
  signal: AbortSignal
): Promise<Model | undefined> {
  await models.delete(name, options, signal)
  if (options.dryRun || options.waitSeconds === 0) return undefined
  if (await waitUntilGone(models, name, startWait(options), signal)) return undefined
  try {
    return await models.get(name, signal)
  } catch (error) {
    if (isFault(error, 'model-not-found')) return undefined
    throw error
  }
}

function checkGivenSpec (
  { allowList, pullSecrets }: WriteContext,
  name: string,
  given: GivenSpec,
  current?: ModelSpec
): ModelSpec {
  return checkSpec(name, { imagePullSecrets: pullSecrets, ...given }, allowList, current)
}

function withWarnings (model: Model, warnings: readonly string[]): Model {
  return warnings.length === 0
    ? model
    : { ...model, warnings: [...warnings, ...(model.warnings ?? [])] }
}

function refuseExisting (error: unknown): never {
  throw isFault(error, 'model-exists')
    ? new DomainError('model-changed', error.message, { cause: error })
    : error
}
