import { setHeaderOptions, type ConfigurationOptions } from '@kubernetes/client-node'
import type { Connection } from './connection.js'
import { asDomainError, isNotFound } from './errors.js'
import type { KnativeRevision } from './kube-objects.js'

/** Knative's garbage collector leaves a revision with this annotation alone. */
const NO_GC = 'serving.knative.dev/no-gc'
/** Ours: who set NO_GC takes it away again, and nobody else does. */
const KEPT = 'scr-modelops/kept-for-rollback'

/** Calls on single revisions of the namespace. They throw DomainErrors. */
export interface RevisionApi {
  /** False: there is none of this name. */
  delete (name: string, signal: AbortSignal): Promise<boolean>
  /** Keeps the `wanted` of these revisions from garbage collection; those that have gone are passed over. */
  keep (revisions: readonly KnativeRevision[], wanted: ReadonlySet<string>, signal: AbortSignal): Promise<void>
  /** Leaves those to it again that were kept and aren't `wanted` any more. */
  release (revisions: readonly KnativeRevision[], wanted: ReadonlySet<string>, signal: AbortSignal): Promise<void>
}

/** The client's own default is JSON patch. */
const asMergePatch = (options: ConfigurationOptions) => setHeaderOptions('Content-Type', 'application/merge-patch+json', options)

export function revisionApi ({ objects, within }: Connection, namespace: string): RevisionApi {
  const kind = { group: 'serving.knative.dev', version: 'v1', namespace, plural: 'revisions' }

  async function existing<T> (verb: string, name: string, answer: Promise<T>): Promise<boolean> {
    try {
      await answer
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw asDomainError(error, { verb, resource: 'revisions.serving.knative.dev', namespace, name })
    }
  }

  /** `value` null takes the annotations away (RFC 7396). */
  async function mark (revisions: readonly KnativeRevision[], value: 'true' | null, signal: AbortSignal): Promise<void> {
    const body = { metadata: { annotations: { [NO_GC]: value, [KEPT]: value } } }
    await Promise.all(revisions.map(async ({ metadata: { name } }) => {
      await existing('patch', name, objects.patchNamespacedCustomObject({ ...kind, name, body }, asMergePatch(within(signal))))
    }))
  }

  return {
    async delete (name, signal) {
      return await existing('delete', name, objects.deleteNamespacedCustomObject({ ...kind, name }, within(signal)))
    },
    async keep (revisions, wanted, signal) {
      await mark(revisions.filter(({ metadata: { name, annotations } }) => wanted.has(name) && annotations?.[NO_GC] !== 'true'), 'true', signal)
    },
    async release (revisions, wanted, signal) {
      await mark(revisions.filter(({ metadata: { name, annotations } }) => !wanted.has(name) && annotations?.[KEPT] !== undefined), null, signal)
    }
  }
}
