import { isModelName } from '../../../domain/models/spec/names.js'
import type { Connection } from '../api/connection.js'
import { translateFailure, isNotFound } from '../api/errors.js'
import type { Family } from '../api/family.js'
import { pathsIn, withQuery } from '../api/http.js'
import {
  type KnativeRevision,
  type Ksvc,
  type KubeEvent,
  type KubeObject,
  type Pod,
  SERVICE_LABEL
} from '../api/kube-objects.js'
import { type WatchCache, type WatchLog, type WatchTiming, openWatchCache } from './watch-cache.js'

/** What the namespace holds: from caches that follow it, or read live when these are stale. */
export interface ClusterView {
  /** The caches have been filled once. */
  readonly synced: Promise<void>
  /** Of the stalest cache. */
  ageMs(): number
  isFresh(): boolean
  /** From the cache, without a call. */
  getCached(name: string): Family | undefined
  listCached(): Family[]
  read(name: string, signal: AbortSignal): Promise<Family | undefined>
  readAll(signal: AbortSignal): Promise<Family[]>
  /** Warnings about the model's pods; only the API server has them. */
  readWarnings(family: Family, signal: AbortSignal): Promise<KubeEvent[]>
  /**
   * Waits until the cache has seen a write of ours, so that a reader who comes after the writer
   * sees it; not longer than a second.
   */
  awaitWrite(written: Ksvc, signal: AbortSignal): Promise<void>
  onChange(listener: (model: string) => void): () => void
  close(): void
}

export interface ViewOptions {
  readonly namespace: string
  readonly log: WatchLog
  readonly timing?: WatchTiming
  /**
   * Beyond this age a cache is stale; more than the longest quiet time of a healthy watch. Default
   * 45 s.
   */
  readonly freshMs?: number
}

const CATCH_UP_MS = 1_000
const EVENT_PODS_MAX = 3
const EVENTS_MAX = 100

export function openClusterView (
  connection: Connection,
  { namespace, log, timing, freshMs = 45_000 }: ViewOptions
): ClusterView {
  const paths = pathsIn(namespace)
  const ksvcs = openWatchCache<Ksvc>(
    connection,
    { path: paths.ksvcs, modelOf: ({ metadata }) => metadata.name },
    log,
    timing
  )
  const revisions = openWatchCache<KnativeRevision>(
    connection,
    { path: paths.revisions, modelOf: modelByLabel },
    log,
    timing
  )
  const pods = openWatchCache<Pod>(
    connection,
    { path: paths.pods, labelSelector: SERVICE_LABEL, modelOf: modelByLabel },
    log,
    timing
  )
  const caches: ReadonlyArray<WatchCache<Ksvc> | WatchCache<KnativeRevision> | WatchCache<Pod>> = [
    ksvcs,
    revisions,
    pods
  ]
  const familyOf = (ksvc: Ksvc): Family => ({
    ksvc,
    revisions: revisions.ofModel(ksvc.metadata.name),
    pods: pods.ofModel(ksvc.metadata.name)
  })
  const ageMs = () => Math.max(...caches.map(cache => cache.ageMs()))
  const isFresh = () => ageMs() < freshMs

  return {
    synced: Promise.all(caches.map(async ({ synced }) => await synced)).then(() => {}),
    ageMs,
    isFresh,
    getCached (name) {
      const ksvc = ksvcs.get(name)
      return ksvc === undefined ? undefined : familyOf(ksvc)
    },
    listCached: () => Array.from(ksvcs.values(), familyOf),
    read: async (name, signal) => await readFamily(connection, namespace, name, signal),
    readAll: async signal => await readFamilies(connection, namespace, signal),
    readWarnings: async (family, signal) =>
      await readPodWarnings(connection, paths.events, family, signal),
    async awaitWrite ({ metadata: { name, resourceVersion } }, signal) {
      const isReached = () =>
        Number(ksvcs.get(name)?.metadata.resourceVersion ?? 0) >= Number(resourceVersion)
      if (isFresh() && !isReached()) await awaitChange(ksvcs, isReached, CATCH_UP_MS, signal)
    },
    onChange (listener) {
      const ends = caches.map(cache => cache.onChange(listener))
      return () => {
        for (const end of ends) end()
      }
    },
    close () {
      for (const cache of caches) cache.close()
    }
  }
}

/** From the cache while it is fresh and has the name, otherwise from the cluster. */
export async function readCurrent (
  view: ClusterView,
  name: string,
  signal: AbortSignal
): Promise<Family | undefined> {
  return (view.isFresh() ? view.getCached(name) : undefined) ?? (await view.read(name, signal))
}

async function readFamily (
  connection: Connection,
  namespace: string,
  name: string,
  signal: AbortSignal
): Promise<Family | undefined> {
  // another name could become another path of the API, for instance with ".."
  if (!isModelName(name)) return undefined
  const { ksvcs } = pathsIn(namespace)
  const own = `${SERVICE_LABEL}=${name}`
  const readKsvc = async () => {
    try {
      return (await connection.send<Ksvc>('GET', `${ksvcs}/${name}`, undefined, signal)).body
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw translateFailure(error, { verb: 'get', resource: 'services', namespace, name })
    }
  }
  const [ksvc, revisions, pods] = await Promise.all([
    readKsvc(),
    readList<KnativeRevision>(connection, namespace, 'revisions', own, signal),
    readList<Pod>(connection, namespace, 'pods', own, signal)
  ])
  return ksvc === undefined ? undefined : { ksvc, revisions, pods }
}

async function readFamilies (
  connection: Connection,
  namespace: string,
  signal: AbortSignal
): Promise<Family[]> {
  const [ksvcs, revisions, pods] = await Promise.all([
    readList<Ksvc>(connection, namespace, 'services', undefined, signal),
    readList<KnativeRevision>(connection, namespace, 'revisions', undefined, signal),
    readList<Pod>(connection, namespace, 'pods', SERVICE_LABEL, signal)
  ])
  const [ownRevisions, ownPods] = [groupByModel(revisions), groupByModel(pods)]
  return ksvcs.map(ksvc => ({
    ksvc,
    revisions: ownRevisions.get(ksvc.metadata.name) ?? [],
    pods: ownPods.get(ksvc.metadata.name) ?? []
  }))
}

async function readList<T> (
  connection: Connection,
  namespace: string,
  resource: 'services' | 'revisions' | 'pods',
  labelSelector: string | undefined,
  signal: AbortSignal
): Promise<readonly T[]> {
  const { ksvcs, revisions, pods } = pathsIn(namespace)
  const path = { services: ksvcs, revisions, pods }[resource]
  try {
    const { body } = await connection.send<Items<T>>(
      'GET',
      withQuery(path, { labelSelector }),
      undefined,
      signal
    )
    return body.items ?? []
  } catch (error) {
    throw translateFailure(error, { verb: 'list', resource, namespace })
  }
}

async function readPodWarnings (
  connection: Connection,
  path: string,
  { pods }: Family,
  signal: AbortSignal
): Promise<KubeEvent[]> {
  const pages = await Promise.all(
    pods.slice(0, EVENT_PODS_MAX).map(async ({ metadata }) => {
      const query = { fieldSelector: `involvedObject.name=${metadata.name}`, limit: EVENTS_MAX }
      return await connection.send<Items<KubeEvent>>(
        'GET',
        withQuery(path, query),
        undefined,
        signal
      )
    })
  )
  return pages
    .flatMap(({ body }) => body.items ?? [])
    .filter(({ type }) => type === 'Warning')
}

interface Items<T> {
  readonly items?: readonly T[] | null
}

/** Resolves when `isReached` after a change, after `limitMs`, or when the signal fires. */
async function awaitChange (
  { onChange }: WatchCache<Ksvc>,
  isReached: () => boolean,
  limitMs: number,
  signal: AbortSignal
): Promise<void> {
  await new Promise<void>(resolve => {
    const finish = () => {
      stop()
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const stop = onChange(() => {
      if (isReached()) finish()
    })
    const timer = setTimeout(finish, limitMs)
    signal.addEventListener('abort', finish)
  })
}

function modelByLabel ({ metadata }: KubeObject): string {
  return metadata.labels?.[SERVICE_LABEL] ?? ''
}

function groupByModel<T extends KubeObject> (objects: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const object of objects) {
    const model = modelByLabel(object)
    const group = groups.get(model)
    if (group === undefined) groups.set(model, [object])
    else group.push(object)
  }
  return groups
}
