import { isModelName } from '../../domain/models/names.js'
import type { Connection } from './connection.js'
import { asDomainError } from './errors.js'
import { type KnativeRevision, type Ksvc, type KubeEvent, type KubeObject, type Pod, SERVICE_LABEL } from './kube-objects.js'
import { type WatchCache, type WatchTiming, watchCache } from './watch-cache.js'
import type { Family } from './model-reading.js'

/** What the namespace holds: from caches that follow it, or asked for when these are stale. */
export interface ClusterView {
  /** The caches have been filled once. */
  readonly synced: Promise<void>
  /** Of the stalest cache. */
  ageMs (): number
  isFresh (): boolean
  /** From the cache, without a call. */
  cached (name: string): Family | undefined
  allCached (): Family[]
  read (name: string, signal: AbortSignal): Promise<Family | undefined>
  readAll (signal: AbortSignal): Promise<Family[]>
  /** Warnings about the model's pods; only the API server has them. */
  warnings (family: Family, signal: AbortSignal): Promise<KubeEvent[]>
  /** Waits until the cache has seen a write of ours, so that a reader who comes after the writer sees it; not longer than a second. */
  caughtUp (written: Ksvc, signal: AbortSignal): Promise<void>
  onChange (listener: (model: string) => void): () => void
  close (): void
}

export interface ViewOptions {
  readonly namespace: string
  readonly log: Parameters<typeof watchCache>[2]
  readonly timing?: WatchTiming
  /** Beyond this age a cache is stale; more than the longest quiet time of a healthy watch. Default 45 s. */
  readonly freshMs?: number
}

const CATCH_UP_MS = 1_000
const EVENT_PODS_MAX = 3

export function clusterView (connection: Connection, { namespace, log, timing, freshMs = 45_000 }: ViewOptions): ClusterView {
  const knative = `/apis/serving.knative.dev/v1/namespaces/${namespace}`
  const paths = { services: `${knative}/services`, revisions: `${knative}/revisions`, pods: `/api/v1/namespaces/${namespace}/pods` }
  const byLabel = ({ metadata }: KubeObject) => metadata.labels?.[SERVICE_LABEL] ?? ''
  const ksvcs = watchCache<Ksvc>(connection, { path: paths.services, modelOf: ({ metadata }) => metadata.name }, log, timing)
  const revisions = watchCache<KnativeRevision>(connection, { path: paths.revisions, modelOf: byLabel }, log, timing)
  const pods = watchCache<Pod>(connection, { path: paths.pods, labelSelector: SERVICE_LABEL, modelOf: byLabel }, log, timing)
  const caches: ReadonlyArray<WatchCache<Ksvc> | WatchCache<KnativeRevision> | WatchCache<Pod>> = [ksvcs, revisions, pods]

  const familyOf = (ksvc: Ksvc): Family => ({ ksvc, revisions: revisions.ofModel(ksvc.metadata.name), pods: pods.ofModel(ksvc.metadata.name) })
  const ageMs = () => Math.max(...caches.map(cache => cache.ageMs()))
  const isFresh = () => ageMs() < freshMs

  async function listed<T> (resource: keyof typeof paths, labelSelector: string | undefined, signal: AbortSignal): Promise<readonly T[]> {
    try {
      const answer = await connection.getJson(paths[resource], labelSelector === undefined ? {} : { labelSelector }, signal)
      return (answer as { items?: T[] | null }).items ?? []
    } catch (error) {
      throw asDomainError(error, { verb: 'list', resource, namespace })
    }
  }

  return {
    synced: Promise.all(caches.map(async ({ synced }) => await synced)).then(() => {}),
    ageMs,
    isFresh,
    cached (name) {
      const ksvc = ksvcs.get(name)
      return ksvc === undefined ? undefined : familyOf(ksvc)
    },
    allCached: () => Array.from(ksvcs.values(), familyOf),
    async read (name, signal) {
      const [ksvc, ownRevisions, ownPods] = await Promise.all([
        connection.getJson(`${paths.services}/${name}`, {}, signal).catch((error: unknown) => {
          if ((error as { status?: unknown }).status === 404) return undefined
          throw asDomainError(error, { verb: 'get', resource: 'services', namespace, name })
        }),
        listed<KnativeRevision>('revisions', `${SERVICE_LABEL}=${name}`, signal),
        listed<Pod>('pods', `${SERVICE_LABEL}=${name}`, signal)
      ])
      return ksvc === undefined ? undefined : { ksvc: ksvc as Ksvc, revisions: ownRevisions, pods: ownPods }
    },
    async readAll (signal) {
      const [all, allRevisions, allPods] = await Promise.all([
        listed<Ksvc>('services', undefined, signal), listed<KnativeRevision>('revisions', undefined, signal), listed<Pod>('pods', SERVICE_LABEL, signal)
      ])
      const [revisionsOf, podsOf] = [grouped(allRevisions, byLabel), grouped(allPods, byLabel)]
      return all.map(ksvc => ({ ksvc, revisions: revisionsOf.get(ksvc.metadata.name) ?? [], pods: podsOf.get(ksvc.metadata.name) ?? [] }))
    },
    async warnings ({ pods }, signal) {
      const pages = await Promise.all(pods.slice(0, EVENT_PODS_MAX).map(async ({ metadata }) => {
        const query = { fieldSelector: `involvedObject.name=${metadata.name}`, limit: 100 }
        return await connection.getJson(`/api/v1/namespaces/${namespace}/events`, query, signal) as { items?: KubeEvent[] | null }
      }))
      return pages.flatMap(({ items }) => items ?? []).filter(({ type }) => type === 'Warning')
    },
    async caughtUp ({ metadata }, signal) {
      if (!isFresh()) return
      const reached = () => Number(ksvcs.get(metadata.name)?.metadata.resourceVersion ?? 0) >= Number(metadata.resourceVersion)
      if (reached()) return
      await new Promise<void>(resolve => {
        const done = () => { end(); clearTimeout(timer); signal.removeEventListener('abort', done); resolve() }
        const end = ksvcs.onChange(() => { if (reached()) done() })
        const timer = setTimeout(done, CATCH_UP_MS)
        signal.addEventListener('abort', done)
      })
    },
    onChange (listener) {
      const ends = caches.map(cache => cache.onChange(listener))
      return () => { for (const end of ends) end() }
    },
    close () { for (const cache of caches) cache.close() }
  }
}

/** From the cache while it is fresh and has the name, otherwise from the cluster. */
export async function familyNow (view: ClusterView, name: string, signal: AbortSignal): Promise<Family | undefined> {
  if (!isModelName(name)) return undefined // it would become another path of the API, for instance with ".."
  return (view.isFresh() ? view.cached(name) : undefined) ?? await view.read(name, signal)
}

function grouped<T> (items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
