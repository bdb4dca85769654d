import type { Connection } from './connection.js'
import { translateFailure, isNotFound } from './errors.js'
import { pathsIn } from './http.js'
import type { KnativeRevision } from './kube-objects.js'

/** Knative's garbage collector leaves a revision with this annotation alone. */
const NO_GC = 'serving.knative.dev/no-gc'
/** Says that this service has set NO_GC. It takes away only what it has set itself. */
const KEPT = 'scr-modelops/kept-for-rollback'

/** Calls on single revisions of the namespace. They throw DomainErrors. */
export interface RevisionApi {
  /** False: there is none of this name. */
  delete(name: string, signal: AbortSignal): Promise<boolean>
  /** Keeps revisions with these names from garbage collection. Those that have gone are skipped. */
  keep(
    revisions: readonly KnativeRevision[],
    names: ReadonlySet<string>,
    signal: AbortSignal
  ): Promise<void>
  /** Leaves revisions without these names to garbage collection again, if `keep` kept them. */
  release(
    revisions: readonly KnativeRevision[],
    names: ReadonlySet<string>,
    signal: AbortSignal
  ): Promise<void>
}

export function createRevisionApi (connection: Connection, namespace: string): RevisionApi {
  const { revisions: collection } = pathsIn(namespace)

  async function sendIfThere (
    method: 'PATCH' | 'DELETE',
    name: string,
    body: unknown,
    signal: AbortSignal
  ): Promise<boolean> {
    try {
      await connection.send(method, `${collection}/${encodeURIComponent(name)}`, body, signal)
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      const resource = 'revisions.serving.knative.dev'
      throw translateFailure(error, { verb: method.toLowerCase(), resource, namespace, name })
    }
  }

  /** `value` null takes the annotations away (RFC 7396). */
  async function annotate (
    revisions: readonly KnativeRevision[],
    value: 'true' | null,
    signal: AbortSignal
  ): Promise<void> {
    const body = { metadata: { annotations: { [NO_GC]: value, [KEPT]: value } } }
    await Promise.all(
      revisions.map(
        async ({ metadata: { name } }) => await sendIfThere('PATCH', name, body, signal)
      )
    )
  }

  return {
    async delete (name, signal) {
      return await sendIfThere('DELETE', name, undefined, signal)
    },
    async keep (revisions, names, signal) {
      const unkept = revisions.filter(
        ({ metadata: { name, annotations } }) =>
          names.has(name) && annotations?.[NO_GC] !== 'true'
      )
      await annotate(unkept, 'true', signal)
    },
    async release (revisions, names, signal) {
      const free = revisions.filter(
        ({ metadata: { name, annotations } }) =>
          !names.has(name) && annotations?.[KEPT] !== undefined
      )
      await annotate(free, null, signal)
    }
  }
}
