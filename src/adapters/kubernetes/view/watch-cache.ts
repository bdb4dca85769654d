import { setTimeout as sleep } from 'node:timers/promises'
import { follower } from '../../../async/follower.js'
import { msOf } from '../../../async/milliseconds.js'
import type { Connection } from '../api/connection.js'
import { ApiFailure, isGone } from '../api/errors.js'
import { withQuery } from '../api/http.js'
import type { KubeObject } from '../api/kube-objects.js'

/** All objects of one resource in the namespace, followed by list and watch. */
export interface WatchCache<T extends KubeObject> {
  /** The first list has been read; rejects only with the reason of `close`. */
  readonly synced: Promise<void>
  /**
   * Since the last sign of life of the watch: a list, an event, a bookmark, an accepted watch.
   * Infinity before the first list.
   */
  ageMs(): number
  get(name: string): T | undefined
  values(): IterableIterator<T>
  /** The objects that belong to one model. */
  ofModel(model: string): readonly T[]
  /**
   * Called at once and synchronously with the model's name, whenever one of its objects came,
   * changed or went. Returns the end of it.
   */
  onChange(listener: (model: string) => void): () => void
  close(): void
}

export interface WatchedResource<T extends KubeObject> {
  /** Of the collection, e.g. `/api/v1/namespaces/x/pods`. */
  readonly path: string
  readonly labelSelector?: string
  modelOf(object: T): string
}

/**
 * Bookmarks come about once a minute at best. So a watch that is quiet shows that it lives only by
 * ending and beginning again.
 */
export interface WatchTiming {
  readonly watchSeconds: number
  /** How long after `watchSeconds` a silent connection is taken for dead. */
  readonly slackMs: number
  readonly backoffMaxMs: number
}

export const WATCH_TIMING: WatchTiming = { watchSeconds: 25, slackMs: 10_000, backoffMaxMs: 10_000 }

export interface WatchLog {
  warn(fields: object, message: string): void
  debug(fields: object, message: string): void
}

const PAGE = 500
const QUICK_END_MS = 1_000
const RETRY_AFTER_MAX_SECONDS = 30

export function openWatchCache<T extends KubeObject> (
  connection: Connection,
  { path, labelSelector, modelOf }: WatchedResource<T>,
  log: WatchLog,
  timing: WatchTiming = WATCH_TIMING
): WatchCache<T> {
  const stop = new AbortController()
  const listeners = new Set<(model: string) => void>()
  const objects = new Map<string, T>()
  const models = new Map<string, Map<string, T>>()
  let resourceVersion: string | undefined
  let seenAt = -Infinity
  let failures = 0
  let resolveSynced = () => {}
  const synced = new Promise<void>((resolve, reject) => {
    resolveSynced = resolve
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true })
  })
  synced.catch(() => {}) // who closes before the first list need not hear of it
  void run()

  async function run (): Promise<void> {
    while (!stop.signal.aborted) {
      const start = performance.now()
      try {
        if (resourceVersion === undefined) await list()
        await watch()
        failures = 0
        // A server that ends every watch at once must not be asked in a tight loop.
        if (performance.now() - start < QUICK_END_MS) {
          await sleep(jitter(200), undefined, { signal: stop.signal })
        }
      } catch (error) {
        if (stop.signal.aborted) return
        if (isGone(error)) resourceVersion = undefined
        failures++
        log.warn(
          { err: error, path, failures },
          isGone(error) ? 'watch expired, listing again' : 'watch failed'
        )
        await sleep(pauseMs(error), undefined, { signal: stop.signal }).catch(() => {})
      }
    }
  }

  /** The pause grows with each failure, and is not shorter than the server asks for. */
  function pauseMs (error: unknown): number {
    const retryAfterMs =
      error instanceof ApiFailure
        ? msOf(Math.min(error.retryAfterSeconds ?? 0, RETRY_AFTER_MAX_SECONDS))
        : 0
    return Math.max(
      jitter(Math.min(timing.backoffMaxMs, 100 * 2 ** failures)),
      jitter(retryAfterMs) + retryAfterMs / 2
    )
  }

  async function list (): Promise<void> {
    const found = new Map<string, T>()
    let next: string | undefined
    let version: string | undefined
    do {
      const query = { labelSelector, limit: PAGE, continue: next }
      const { body: page } = await connection.send<List<T>>(
        'GET',
        withQuery(path, query),
        undefined,
        stop.signal
      )
      for (const object of page.items ?? []) found.set(object.metadata.name, object)
      version = page.metadata.resourceVersion
      next = page.metadata.continue === '' ? undefined : page.metadata.continue
    } while (next !== undefined)
    for (const [name, object] of [...objects]) if (!found.has(name)) drop(object)
    for (const object of found.values()) put(object)
    resourceVersion = version
    noteSignOfLife()
    resolveSynced()
  }

  async function watch (): Promise<void> {
    const idle = follower(stop.signal)
    const seconds = Math.max(1, Math.round(timing.watchSeconds * (0.8 + 0.4 * Math.random())))
    const limitMs = msOf(seconds) + timing.slackMs
    const timer = setTimeout(() => idle.abort(new Error(`watch silent for ${limitMs} ms`)), limitMs)
    try {
      const query = {
        labelSelector,
        watch: true,
        allowWatchBookmarks: true,
        timeoutSeconds: seconds,
        resourceVersion
      }
      const body = await connection.stream(withQuery(path, query), idle.signal)
      noteSignOfLife()
      for await (const line of readLines(body)) {
        timer.refresh()
        apply(JSON.parse(line) as WatchEvent<T>)
        failures = 0
        noteSignOfLife()
      }
    } finally {
      clearTimeout(timer)
      idle.end()
    }
  }

  function apply ({ type, object }: WatchEvent<T>): void {
    if (type === 'ERROR') {
      const {
        code = 500,
        reason = '',
        message = ''
      } = object as { code?: number; reason?: string; message?: string }
      throw new ApiFailure(code, reason, message)
    }
    if (type === 'ADDED' || type === 'MODIFIED') put(object as T)
    if (type === 'DELETED') drop(object as T)
    resourceVersion = (object as T).metadata.resourceVersion ?? resourceVersion
  }

  function put (object: T): void {
    const { name, resourceVersion } = object.metadata
    if (objects.get(name)?.metadata.resourceVersion === resourceVersion) return
    objects.set(name, object)
    const model = modelOf(object)
    const siblings = models.get(model) ?? new Map<string, T>()
    models.set(model, siblings.set(name, object))
    notify(model)
  }

  function drop (object: T): void {
    const model = modelOf(object)
    objects.delete(object.metadata.name)
    const siblings = models.get(model)
    siblings?.delete(object.metadata.name)
    if (siblings?.size === 0) models.delete(model)
    notify(model)
  }

  function notify (model: string): void {
    for (const listener of [...listeners]) listener(model)
  }

  function noteSignOfLife (): void {
    seenAt = performance.now()
  }

  return {
    synced,
    ageMs: () => performance.now() - seenAt,
    get: name => objects.get(name),
    values: () => objects.values(),
    ofModel: model => [...(models.get(model)?.values() ?? [])],
    onChange (listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    close () {
      stop.abort(new Error('the cache is closed'))
    }
  }
}

interface List<T> {
  readonly items?: readonly T[] | null
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
}
interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T | object
}

/**
 * The last line lacks its end when the connection was cut in it. It is dropped, and comes again
 * with the next watch.
 */
async function * readLines (body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part !== '') yield part
  }
}

function jitter (ms: number): number {
  return ms * (0.5 + Math.random())
}
