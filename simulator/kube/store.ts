import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { timestamp, type KubeObject, type ObjectMeta } from './objects.js'
import type { Resource } from './resources.js'

/** What happened to one object. `previous` is undefined for a creation; after a deletion `object` is the last state with a new resourceVersion. */
export interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: Resource
  readonly object: KubeObject
  readonly previous: KubeObject | undefined
}

/** A new object before the store has given it uid, version and time. */
export type Draft<T extends KubeObject> = Omit<T, 'metadata'> & { readonly metadata: Partial<ObjectMeta> & { readonly name: string, readonly namespace: string } }

/** Older changes than this are compacted away, as a real API server does after some minutes. */
const HISTORY_MAX = 20_000

/**
 * All objects in memory, with one counter for versions and a history of changes: what etcd is to the API server.
 * Objects are never changed in place; a writer hands in a new one.
 */
export class Store {
  readonly #objects = new Map<Resource, Map<string, KubeObject>>()
  /** keys of objects by the uid of their owner, so that a thousand models do not make every look at one of them long */
  readonly #owned = new Map<string, Map<string, Resource>>()
  readonly #listeners = new Set<(change: Change) => void>()
  #history: Change[] = []
  #version = 1000
  /** changes up to and including this version are forgotten */
  #compacted = 1000

  get version (): number { return this.#version }
  get compacted (): number { return this.#compacted }

  get<T extends KubeObject> (resource: Resource<T>, namespace: string, name: string): T | undefined {
    return this.#all(resource).get(`${namespace}/${name}`) as T | undefined
  }

  /** Ordered by name. */
  list<T extends KubeObject> (resource: Resource<T>, namespace?: string): T[] {
    return sorted(this.#all(resource).values(), namespace) as T[]
  }

  /** In no order. */
  all<T extends KubeObject> (resource: Resource<T>): Iterable<T> {
    return this.#all(resource).values() as Iterable<T>
  }

  /** What has this owner, of any resource. */
  owned (uid: string): Array<{ resource: Resource, object: KubeObject }> {
    return [...this.#owned.get(uid) ?? []].flatMap(([key, resource]) => {
      const object = this.#all(resource).get(key.slice(resource.plural.length + 1))
      return object === undefined ? [] : [{ resource, object }]
    })
  }

  /** The list as it was at `version`; undefined when that has been compacted away. */
  listAt (resource: Resource, namespace: string | undefined, version: number): KubeObject[] | undefined {
    if (version < this.#compacted) return undefined
    const objects = new Map(this.#all(resource))
    for (const change of this.#history.filter(change => change.version > version && change.resource === resource).reverse()) {
      const key = keyOf(change.object)
      if (change.previous === undefined) objects.delete(key)
      else objects.set(key, change.previous)
    }
    return sorted(objects.values(), namespace)
  }

  /** Changes of a resource after `version`, oldest first; undefined when some of them have been compacted away. */
  changesSince (resource: Resource, version: number): readonly Change[] | undefined {
    if (version < this.#compacted) return undefined
    return this.#history.filter(change => change.version > version && change.resource === resource)
  }

  /** Completes the metadata and stores. `dryRun` gives the completed object without a version and stores nothing. */
  create<T extends KubeObject> (resource: Resource<T>, draft: Draft<T>, dryRun = false): T {
    const metadata = { ...draft.metadata, uid: randomUUID(), creationTimestamp: timestamp(), ...(('spec' in draft) && { generation: 1 }) }
    const object = { ...draft, metadata } as unknown as T
    return dryRun ? object : this.#write('ADDED', resource, object, undefined) as T
  }

  /** Stores a new state of an existing object; an unchanged one keeps its version. */
  update<T extends KubeObject> (resource: Resource<T>, object: T): T {
    const previous = this.#all(resource).get(keyOf(object))
    if (previous === undefined) return object
    if (isDeepStrictEqual(withoutVersion(previous), withoutVersion(object))) return previous as T
    return this.#write('MODIFIED', resource, object, previous) as T
  }

  remove (resource: Resource, namespace: string, name: string): void {
    const previous = this.#all(resource).get(`${namespace}/${name}`)
    if (previous !== undefined) this.#write('DELETED', resource, previous, previous)
  }

  /** Calls `listener` after every change, in order; the answer ends that. */
  subscribe (listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  /** Forgets the history, so that every older resourceVersion is gone (410). */
  compact (): void {
    this.#version += 1
    this.#compacted = this.#version
    this.#history = []
  }

  #write (type: Change['type'], resource: Resource, object: KubeObject, previous: KubeObject | undefined): KubeObject {
    this.#version += 1
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } }
    if (type === 'DELETED') this.#all(resource).delete(keyOf(object))
    else this.#all(resource).set(keyOf(object), stored)
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

  #all (resource: Resource): Map<string, KubeObject> {
    let objects = this.#objects.get(resource)
    if (objects === undefined) this.#objects.set(resource, objects = new Map())
    return objects
  }
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`

const sorted = (objects: Iterable<KubeObject>, namespace: string | undefined): KubeObject[] => [...objects]
  .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
  .sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)

const withoutVersion = (object: KubeObject) => ({ ...object, metadata: { ...object.metadata, resourceVersion: undefined } })
