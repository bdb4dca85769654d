import { DomainError } from '../../errors.js'
import type { Model } from './model.js'

export function modelNotFound (name: string, cause?: unknown): DomainError {
  return new DomainError('model-not-found', `there is no model ${JSON.stringify(name)}`, { cause })
}

export function modelConflict (name: string, cause?: unknown): DomainError {
  return new DomainError('model-conflict', `others kept changing ${JSON.stringify(name)}`, {
    cause,
    retryAfterSeconds: 1
  })
}

export function modelBeingDeleted (name: string, cause?: unknown): DomainError {
  return new DomainError(
    'model-being-deleted',
    `the model ${JSON.stringify(name)} is still being deleted`,
    {
      cause,
      retryAfterSeconds: 30,
      remedy: 'repeat the call with wait=60, or in about half a minute'
    }
  )
}

export function modelPinned (name: string): DomainError {
  return new DomainError(
    'model-pinned',
    `the traffic of ${JSON.stringify(name)} is pinned to revisions: a new one would get none of it`,
    {
      remedy: `deploy the change by POST /models/${name}/revisions and move traffic to it, or repeat the call with traffic=latest`
    }
  )
}

export function revisionNotFound (model: string, revision: string): DomainError {
  return new DomainError(
    'revision-not-found',
    `${JSON.stringify(model)} has no revision ${JSON.stringify(revision)}`
  )
}

/** @throws `model-changed` when the model has none of the versions that the caller has seen */
export function checkVersion (model: Model, ifMatch: readonly string[] | undefined): void {
  if (ifMatch === undefined || ifMatch.includes(model.version)) return
  throw new DomainError(
    'model-changed',
    `${JSON.stringify(model.name)} has changed since it was read`,
    { extra: { etag: `"${model.version}"`, desired: model.desired } }
  )
}
