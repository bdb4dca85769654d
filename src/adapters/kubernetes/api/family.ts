import type { KnativeRevision, Ksvc, Pod } from './kube-objects.js'

/** A ksvc and what belongs to it, as they were at about the same moment. */
export interface Family {
  readonly ksvc: Ksvc
  readonly revisions: readonly KnativeRevision[]
  readonly pods: readonly Pod[]
}
