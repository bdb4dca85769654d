import { setHeaderOptions, type ConfigurationOptions } from '@kubernetes/client-node'
import type { Connection } from './connection.js'
import { asDomainError, isNotFound } from './errors.js'
import type { KnativeRevision } from './kube-objects.js'

/** Knative's garbage collector leaves a revision with this annotation alone. */
const NO_GC = 'serving.knative.dev/no-gc'
/** Ours: who set NO_GC takes it away again, and nobody else's. */
const KEPT = 'scr-modelops/kept-for-rollback'

/** Calls on single revisions of the namespace. They throw DomainErrors. */
export interface RevisionApi {
  /** False: there is none of this name. */
  delete (name: string, signal: AbortSignal): Promise<boolean>
  /** Keeps exactly the `wanted` of these revisions from garbage collection; those that have gone are passed over. */
  keep (revisions: readonly KnativeRevision[], wanted: ReadonlySet<string>, signal: AbortSignal): Promise<void>
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

  return {
    async delete (name, signal) {
      return await existing('delete', name, objects.deleteNamespacedCustomObject({ ...kind, name }, within(signal)))
    },
    async keep (revisions, wanted, signal) {
      await Promise.all(revisions.map(async ({ metadata: { name, annotations = {} } }) => {
        const isKept = annotations[KEPT] !== undefined
        if (wanted.has(name) === isKept) return
        // null takes an annotation away (RFC 7396)
        const value = wanted.has(name) ? 'true' : null
        const body = { metadata: { annotations: { [NO_GC]: value, [KEPT]: value } } }
        await existing('patch', name, objects.patchNamespacedCustomObject({ ...kind, name, body }, asMergePatch(within(signal))))
      }))
    }
  }
}
