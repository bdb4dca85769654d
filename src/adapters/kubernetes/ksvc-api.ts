import { type Connection, warningsOf } from './connection.js'
import { asDomainError, isConflict, isNotFound } from './errors.js'
import type { Ksvc } from './kube-objects.js'

/** A write's answer, and what the cluster remarked on it. */
export interface Written { readonly ksvc: Ksvc, readonly warnings: readonly string[] }

export interface Preconditions { readonly uid?: string, readonly resourceVersion?: string }

/** Calls on single ksvcs of the namespace. They throw DomainErrors; a stale write throws `Conflict`. */
export interface KsvcApi {
  read (name: string, signal: AbortSignal): Promise<Ksvc | undefined>
  create (ksvc: Ksvc, dryRun: boolean, signal: AbortSignal): Promise<Written>
  /** @throws Conflict when the resourceVersion in `ksvc` is no longer the live one */
  replace (ksvc: Ksvc, dryRun: boolean, signal: AbortSignal): Promise<Written>
  /** In the foreground: gone only after its pods. After a background deletion the same name can fail for good when it is used again. */
  delete (name: string, preconditions: Preconditions, dryRun: boolean, signal: AbortSignal): Promise<void>
}

/** Somebody else wrote between our read and our write. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

export function ksvcApi ({ objects, within }: Connection, namespace: string): KsvcApi {
  const kind = { group: 'serving.knative.dev', version: 'v1', namespace, plural: 'services' }
  const dry = (dryRun: boolean) => dryRun ? { dryRun: 'All' } : {}

  async function told<T> (verb: string, name: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (isConflict(error)) throw new Conflict(`a write of ${name} was too late`, { cause: error })
      throw asDomainError(error, { verb, resource: 'services.serving.knative.dev', namespace, name })
    }
  }
  return {
    async read (name, signal) {
      const reading = objects.getNamespacedCustomObject({ ...kind, name }, within(signal)) as Promise<Ksvc>
      return await told('get', name, reading.catch((error: unknown) => {
        if (isNotFound(error)) return undefined
        throw error
      }))
    },
    async create (ksvc, dryRun, signal) {
      const { name } = ksvc.metadata
      const creating = objects.createNamespacedCustomObjectWithHttpInfo({ ...kind, body: ksvc, ...dry(dryRun) }, within(signal))
      const { data, headers } = await told('create', name, creating)
      return { ksvc: data as Ksvc, warnings: warningsOf(headers) }
    },
    async replace (ksvc, dryRun, signal) {
      const { name } = ksvc.metadata
      const replacing = objects.replaceNamespacedCustomObjectWithHttpInfo({ ...kind, name, body: ksvc, ...dry(dryRun) }, within(signal))
      const { data, headers } = await told('update', name, replacing)
      return { ksvc: data as Ksvc, warnings: warningsOf(headers) }
    },
    async delete (name, preconditions, dryRun, signal) {
      // Beside a body the query is not read: a dryRun there would not keep anything from being deleted.
      const body = { propagationPolicy: 'Foreground', preconditions, ...(dryRun ? { dryRun: ['All'] } : {}) }
      await told('delete', name, objects.deleteNamespacedCustomObject({ ...kind, name, body }, within(signal)))
    }
  }
}
