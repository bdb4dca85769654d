import type { KubeObject } from './objects.js'

/** A kind of object that this API serves. The type parameter is the type of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** '' for the core group */
  readonly group: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames?: readonly string[]
  readonly verbs: readonly string[]
  readonly subresources?: readonly string[]
  /** its objects have no namespace */
  readonly clusterWide?: true
  /** never set; TypeScript needs a use of T */
  readonly sample?: T
}

/** The verbs of a kind that clients may write. */
export const ALL_VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch'
]

export const apiVersionOf = ({ group }: Resource): string => (group === '' ? 'v1' : `${group}/v1`)

/** Names a resource for messages: `services.serving.knative.dev`, or `pods` in the core group. */
export const qualified = ({ group, plural }: Resource): string =>
  group === '' ? plural : `${plural}.${group}`
