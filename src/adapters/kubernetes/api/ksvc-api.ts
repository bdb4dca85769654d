import { setTimeout as sleep } from 'node:timers/promises'
import { modelConflict } from '../../../domain/models/model/model-faults.js'
import type { ApiAnswer, Connection } from './connection.js'
import { translateFailure, isConflict, isNotFound } from './errors.js'
import { pathsIn, withQuery } from './http.js'
import type { Ksvc } from './kube-objects.js'

/** Which object, and which state of it, a deletion is for. */
export interface SeenState {
  readonly uid?: string
  readonly resourceVersion?: string
}

/**
 * Calls on single ksvcs of the namespace. They throw DomainErrors; a stale write throws `Conflict`.
 */
export interface KsvcApi {
  read(name: string, signal: AbortSignal): Promise<Ksvc | undefined>
  create(ksvc: Ksvc, dryRun: boolean, signal: AbortSignal): Promise<ApiAnswer<Ksvc>>
  /** @throws Conflict when the resourceVersion in `ksvc` is no longer the live one */
  replace(ksvc: Ksvc, dryRun: boolean, signal: AbortSignal): Promise<ApiAnswer<Ksvc>>
  /**
   * Deletes in the foreground, so that the ksvc is gone only after its pods. After a background
   * deletion the same name can fail for good when it is used again.
   */
  delete(name: string, seen: SeenState, dryRun: boolean, signal: AbortSignal): Promise<void>
}

/** Somebody else wrote between our read and our write. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

export function createKsvcApi (connection: Connection, namespace: string): KsvcApi {
  const { ksvcs } = pathsIn(namespace)
  const pathOf = (name: string) => `${ksvcs}/${encodeURIComponent(name)}`
  const dry = (path: string, dryRun: boolean) =>
    withQuery(path, { dryRun: dryRun ? 'All' : undefined })
  const failureOf = (error: unknown, verb: string, name: string) =>
    isConflict(error)
      ? new Conflict(`a write of ${name} was too late`, { cause: error })
      : translateFailure(error, { verb, resource: 'services.serving.knative.dev', namespace, name })

  return {
    async read (name, signal) {
      try {
        return (await connection.send<Ksvc>('GET', pathOf(name), undefined, signal)).body
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw failureOf(error, 'get', name)
      }
    },
    async create (ksvc, dryRun, signal) {
      try {
        return await connection.send('POST', dry(ksvcs, dryRun), ksvc, signal)
      } catch (error) {
        throw failureOf(error, 'create', ksvc.metadata.name)
      }
    },
    async replace (ksvc, dryRun, signal) {
      const { name } = ksvc.metadata
      try {
        return await connection.send('PUT', dry(pathOf(name), dryRun), ksvc, signal)
      } catch (error) {
        throw failureOf(error, 'update', name)
      }
    },
    async delete (name, seen, dryRun, signal) {
      // Beside a body the server does not read the query. A dryRun there would not keep anything
      // from being deleted.
      const body = {
        propagationPolicy: 'Foreground',
        preconditions: seen,
        ...(dryRun ? { dryRun: ['All'] } : {})
      }
      try {
        await connection.send('DELETE', pathOf(name), body, signal)
      } catch (error) {
        throw failureOf(error, 'delete', name)
      }
    }
  }
}

/**
 * As many attempts outlast a script's burst of edits and Knative's own writes after each edit. They
 * take about 2 s and the calls.
 */
const ATTEMPTS_MAX = 15

/**
 * Reads and writes again, from the beginning, when somebody else wrote in between.
 * @throws `model-conflict` when others keep doing so
 */
export async function retryConflicts<T> (
  name: string,
  signal: AbortSignal,
  readAndWrite: () => Promise<T>
): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      return await readAndWrite()
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      await sleep(20 * attempt * (0.5 + Math.random()), undefined, { signal })
    }
  }
  throw modelConflict(name)
}
