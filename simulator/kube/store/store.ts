import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { timestamp, type KubeObject, type ObjectMeta } from '../objects.js'
import type { Resource } from '../resource.js'

/**
 * A change of one object. `previous` is undefined for a creation. After a deletion `object` is the
 * last state with a new resourceVersion.
 */
export interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: Resource
  readonly object: KubeObject
  readonly previous: KubeObject | undefined
}

/** A new object before the store has given it uid, version and time. */
export type Draft<T extends KubeObject> = Omit<T, 'metadata'> & {
  readonly metadata: Partial<ObjectMeta> & { readonly name: string; readonly namespace: string }
}

/** At most so many changes are kept. A real API server compacts older ones after some minutes. */
const HISTORY_MAX = 20_000

/**
 * Keeps all objects in memory, with one counter for versions and a history of changes. It takes the
 * place of etcd. Objects never change in place: a writer passes a new one.
 */
export class Store {
  readonly #objects = new Map<Resource, Map<string, KubeObject>>()
  /** keys of objects by the uid of their owner; a search among a thousand models is too slow */
  readonly #owned = new Map<string, Map<string, Resource>>()
  readonly #listeners = new Set<(change: Change) => void>()
  #history: Change[] = []
  #version = 1000
  /** changes up to and including this version are forgotten */
  #compacted = 1000

  get version (): number {
    return this.#version
  }

  get compacted (): number {
    return this.#compacted
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): T | undefined {
    return this.#objectsOf(resource).get(`${namespace}/${name}`) as T | undefined
  }

  /** Lists objects in the order of their namespaces and names. */
  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): T[] {
    return sortByKey(this.#objectsOf(resource).values(), namespace) as T[]
  }

  /** Returns the objects of all namespaces, in no order. */
  values<T extends KubeObject>(resource: Resource<T>): Iterable<T> {
    return this.#objectsOf(resource).values() as Iterable<T>
  }

  /** Lists the objects that have this owner, of any resource. */
  listOwned (uid: string): Array<{ resource: Resource; object: KubeObject }> {
    return [...(this.#owned.get(uid) ?? [])].flatMap(([key, resource]) => {
      const object = this.#objectsOf(resource).get(key.slice(resource.plural.length + 1))
      return object === undefined ? [] : [{ resource, object }]
    })
  }

  /** Lists objects as they were at `version`; undefined if that has been compacted away. */
  listAt (
    resource: Resource,
    namespace: string | undefined,
    version: number
  ): KubeObject[] | undefined {
    if (version < this.#compacted) return undefined
    const objects = new Map(this.#objectsOf(resource))
    for (const change of this.#history
      .filter(change => change.version > version && change.resource === resource)
      .reverse()) {
      const key = keyOf(change.object)
      if (change.previous === undefined) objects.delete(key)
      else objects.set(key, change.previous)
    }
    return sortByKey(objects.values(), namespace)
  }

  /**
   * Lists the changes of a resource after `version`, the oldest first; undefined if some of them
   * have been compacted away.
   */
  changesSince (resource: Resource, version: number): readonly Change[] | undefined {
    if (version < this.#compacted) return undefined
    return this.#history.filter(change => change.version > version && change.resource === resource)
  }

  /**
   * Completes the metadata and stores the object. With `dryRun` nothing is stored, and the
   * completed object has no version.
   */
  create<T extends KubeObject>(resource: Resource<T>, draft: Draft<T>, dryRun = false): T {
    const metadata = {
      ...draft.metadata,
      uid: randomUUID(),
      creationTimestamp: timestamp(),
      ...('spec' in draft && { generation: 1 })
    }
    const object = { ...draft, metadata } as unknown as T
    return dryRun ? object : (this.#write('ADDED', resource, object, undefined) as T)
  }

  /** Stores a new state of an existing object. An unchanged object keeps its version. */
  update<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const previous = this.#objectsOf(resource).get(keyOf(object))
    if (previous === undefined) return object
    if (isDeepStrictEqual(withoutVersion(previous), withoutVersion(object))) return previous as T
    return this.#write('MODIFIED', resource, object, previous) as T
  }

  remove (resource: Resource, namespace: string, name: string): void {
    const previous = this.#objectsOf(resource).get(`${namespace}/${name}`)
    if (previous !== undefined) this.#write('DELETED', resource, previous, previous)
  }

  /** Calls `listener` after every change, in order, until the returned function is called. */
  subscribe (listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Forgets the history, so that every older resourceVersion is gone (410). */
  compact (): void {
    this.#version += 1
    this.#compacted = this.#version
    this.#history = []
  }

  #write (
    type: Change['type'],
    resource: Resource,
    object: KubeObject,
    previous: KubeObject | undefined
  ): KubeObject {
    this.#version += 1
    const stored = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) }
    }
    if (type === 'DELETED') this.#objectsOf(resource).delete(keyOf(object))
    else this.#objectsOf(resource).set(keyOf(object), stored)
    if (type !== 'MODIFIED') this.#index(type, resource, object)
    const change = { version: this.#version, type, resource, object: stored, previous }
    this.#history.push(change)
    if (this.#history.length > HISTORY_MAX) {
      this.#history = this.#history.slice(HISTORY_MAX / 2)
      this.#compacted = (this.#history[0]?.version ?? this.#version) - 1
    }
    for (const listener of this.#listeners) listener(change)
    return stored
  }

  #index (type: 'ADDED' | 'DELETED', resource: Resource, object: KubeObject): void {
    const key = `${resource.plural}/${keyOf(object)}`
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const keys = this.#owned.get(uid) ?? new Map<string, Resource>()
      this.#owned.set(uid, keys)
      if (type === 'ADDED') keys.set(key, resource)
      else keys.delete(key)
      if (keys.size === 0) this.#owned.delete(uid)
    }
  }

  #objectsOf (resource: Resource): Map<string, KubeObject> {
    let objects = this.#objects.get(resource)
    if (objects === undefined) this.#objects.set(resource, (objects = new Map()))
    return objects
  }
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`

const sortByKey = (objects: Iterable<KubeObject>, namespace: string | undefined): KubeObject[] =>
  [...objects]
    .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

const withoutVersion = (object: KubeObject) => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: undefined }
})
