import type { KubeObject } from './objects.js'
import type { Resource } from './resource.js'

/** An admitted object, and the texts of the Warning headers that its writer gets. */
export interface Admitted<T> {
  readonly object: T
  readonly warnings: readonly string[]
}

/** A column of `kubectl get`. A column of `priority` 1 is only in the wide table. */
export interface Column {
  readonly name: string
  readonly type?: 'string' | 'integer'
  readonly format?: 'name'
  readonly priority?: 0 | 1
  readonly description?: string
  readonly cell: (object: KubeObject) => string | number | null
}

/** The parts of a JSON schema that kubectl reads, to find unknown fields and for `explain`. */
export interface Schema {
  readonly type?: string
  readonly description?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
}

/** One kind of object, with the rules that the API server has for it. */
export interface Kind<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>
  /**
   * Completes or refuses an object before it is stored. Without this function objects are stored as
   * given. `strict` refuses unknown fields, which are dropped otherwise.
   */
  admit?(given: T, old: T | undefined, strict: boolean): Admitted<T>
  /** the schema of its spec; without one the schema of the kind allows everything */
  readonly spec?: Schema
  /** the columns of `kubectl get`; without them it shows name and age */
  readonly columns?: readonly Column[]
}

/** Kinds of one API group, such as `serving.knative.dev`. */
export interface Group {
  /** '' for the core group */
  readonly name: string
  /** the Go package of the types; the names of their schemas begin with it */
  readonly goPackage: string
  /** words by which `kubectl get all` finds the group's resources */
  readonly categories?: readonly string[]
  readonly kinds: readonly Kind[]
}

/** The groups of kinds that this API server serves. Knative registers its own group here. */
export class Catalog {
  readonly #kinds: ReadonlyMap<Resource, Kind>

  constructor (readonly groups: readonly Group[]) {
    const kinds = groups.flatMap(group => group.kinds)
    this.#kinds = new Map(kinds.map(kind => [kind.resource, kind]))
  }

  /** All groups except the core group. */
  get named (): readonly Group[] {
    return this.groups.filter(({ name }) => name !== '')
  }

  group (name: string): Group | undefined {
    return this.groups.find(group => group.name === name)
  }

  /**
   * Finds the kind of a resource. For a resource that is not registered, such as namespaces, the
   * kind has no rules.
   */
  kind (resource: Resource): Kind {
    return this.#kinds.get(resource) ?? { resource }
  }

  find (group: string, plural: string): Resource | undefined {
    return [...this.#kinds.keys()].find(
      resource => resource.group === group && resource.plural === plural
    )
  }
}
