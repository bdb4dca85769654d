import { DomainError } from '../../domain/errors.js'
import type { LogQuery, ModelLog, ModelRuntime } from '../../domain/models/model-runtime.js'
import { changesOf } from './changes.js'
import { type ClusterView, familyNow } from './cluster-view.js'
import type { Connection } from './connection.js'
import { asDomainError } from './errors.js'
import type { KubeEvent, Pod } from './kube-objects.js'
import { followed } from './log-following.js'
import type { Family } from './model-reading.js'
import { podLogs } from './pod-log.js'
import { eventReports, podReport, revisionOfPod } from './pod-reading.js'

/** Events can be selected by one object each, and a model has many: so all are read, up to this many pages, and chosen from. */
const EVENT_PAGES_MAX = 20
const EVENT_PAGE = 500
const EVENTS_MAX = 500
const LOG_PODS_MAX = 10

export function openModelRuntime (connection: Connection, view: ClusterView, namespace: string): ModelRuntime {
  const logs = podLogs(connection, namespace)

  async function family (name: string, signal: AbortSignal): Promise<Family> {
    const found = await familyNow(view, name, signal)
    if (found === undefined) throw new DomainError('model-not-found', `there is no model ${JSON.stringify(name)}`)
    return found
  }

  async function page (next: string | undefined, signal: AbortSignal): Promise<EventPage> {
    try {
      const query = { limit: EVENT_PAGE, ...(next === undefined ? {} : { continue: next }) }
      return await connection.getJson(`/api/v1/namespaces/${namespace}/events`, query, signal) as EventPage
    } catch (error) {
      throw asDomainError(error, { verb: 'list', resource: 'events', namespace })
    }
  }

  return {
    async pods (name, signal) {
      const { pods } = await family(name, signal)
      return inOrder(pods).reverse().map(podReport)
    },

    async events (name, signal) {
      const own = await family(name, signal)
      const found = []
      let next: string | undefined
      for (let read = 0; read < EVENT_PAGES_MAX; read++) {
        const { items, metadata } = await page(next, signal)
        found.push(...eventReports(own, items ?? []))
        next = metadata?.continue
        if (next === undefined || next === '') break
      }
      return found.sort((a, b) => a.time < b.time ? 1 : a.time > b.time ? -1 : 0).slice(0, EVENTS_MAX)
    },

    async log (name, query, signal): Promise<ModelLog> {
      const own = await family(name, signal)
      checkSelection(name, query, own)
      const pods = chosen(own, query)
      const { follow, tail, previous } = query
      const stop = new AbortController()
      const either = AbortSignal.any([signal, stop.signal])
      const prefixed = query.pod === undefined && (follow || pods.length > 1)
      const open = async (pod: Pod, last: number | undefined, until: AbortSignal) => {
        const lines = await logs.open(pod, { follow, previous, ...(last === undefined ? {} : { tail: last }) }, until)
        return lines === undefined || !prefixed ? lines : withPrefix(`[${pod.metadata.name}] `, lines)
      }
      const begun = new Map<Pod, AsyncIterable<string>>()
      try {
        for (const pod of pods) {
          const lines = await open(pod, tail, either)
          if (lines !== undefined) begun.set(pod, lines)
        }
      } catch (error) {
        stop.abort(error)
        throw error
      }
      const lines = follow ? followedLines() : oneAfterAnother(begun.values())
      return { read: begun.size, pods: pods.length, lines: untilLeft(lines, stop) }

      async function * followedLines (): AsyncGenerator<string> {
        const changes = changesOf(view.onChange, name, either)
        try {
          yield * followed({
            begun,
            open,
            changed: async () => await changes.next(),
            async pods (until) {
              const now = await familyNow(view, name, until)
              const left = now === undefined ? [] : chosen(now, query)
              return now === undefined || (query.pod !== undefined && left.length === 0) ? undefined : left
            }
          }, either)
        } finally {
          changes.end()
        }
      }
    }
  }
}

interface EventPage { readonly items?: readonly KubeEvent[] | null, readonly metadata?: { readonly continue?: string } }

function checkSelection (name: string, { revision, pod }: LogQuery, { revisions, pods }: Family): void {
  if (revision !== undefined && !revisions.some(({ metadata }) => metadata.name === revision)) {
    throw new DomainError('revision-not-found', `${JSON.stringify(name)} has no revision ${JSON.stringify(revision)}`)
  }
  if (pod !== undefined && !pods.some(({ metadata }) => metadata.name === pod)) {
    throw new DomainError('pod-not-found', `${JSON.stringify(name)} has no pod ${JSON.stringify(pod)} now`)
  }
}

/** The newest ones, the oldest of them first. */
function chosen ({ pods }: Family, { revision, pod }: LogQuery): Pod[] {
  return inOrder(pods.filter(each => (revision ?? revisionOfPod(each)) === revisionOfPod(each) && (pod ?? each.metadata.name) === each.metadata.name))
    .slice(-LOG_PODS_MAX)
}

function inOrder (pods: readonly Pod[]): Pod[] {
  const key = ({ metadata: { creationTimestamp = '', name } }: Pod) => `${creationTimestamp} ${name}`
  return [...pods].sort((a, b) => key(a) < key(b) ? -1 : 1)
}

async function * withPrefix (prefix: string, lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield prefix + line
}

async function * oneAfterAnother (logs: Iterable<AsyncIterable<string>>): AsyncGenerator<string> {
  for (const lines of logs) yield * lines
}

/** Ends all calls to the cluster when the reader leaves, also those whose lines were never asked for. */
async function * untilLeft (lines: AsyncIterable<string>, stop: AbortController): AsyncGenerator<string> {
  try {
    yield * lines
  } finally {
    stop.abort(new Error('the log is no longer read'))
  }
}
