import { follower } from '../../async/follower.js'
import { DomainError } from '../../domain/errors.js'
import { modelNotFound, revisionNotFound } from '../../domain/models/model/model-faults.js'
import type {
  EventReport,
  LogQuery,
  ModelLog,
  ModelRuntime
} from '../../domain/models/model/model-runtime.js'
import type { Connection } from './api/connection.js'
import { translateFailure } from './api/errors.js'
import type { Family } from './api/family.js'
import { pathsIn, withQuery } from './api/http.js'
import type { KubeEvent, Pod } from './api/kube-objects.js'
import { compareRecentFirst, reportEvents } from './pods/event-reading.js'
import { type FollowedLogs, followLogs } from './pods/log-following.js'
import { concatenate, endWhenLeft, withPrefix } from './pods/log-lines.js'
import { createPodLogs } from './pods/pod-log.js'
import { reportPod, revisionOfPod } from './pods/pod-reading.js'
import { type ClusterView, readCurrent } from './view/cluster-view.js'
import { followChanges } from './view/model-changes.js'

/**
 * The cluster selects events by one object each, and a model has many objects. So all events are
 * read, up to this many pages, and chosen from.
 */
const EVENT_PAGES_MAX = 20
const EVENT_PAGE = 500
const EVENTS_MAX = 500
const LOG_PODS_MAX = 10

export function openModelRuntime (
  connection: Connection,
  view: ClusterView,
  namespace: string
): ModelRuntime {
  const logs = createPodLogs(connection, namespace)

  async function readFamily (name: string, signal: AbortSignal): Promise<Family> {
    const family = await readCurrent(view, name, signal)
    if (family === undefined) throw modelNotFound(name)
    return family
  }

  /** The pods to follow now; undefined: the model, or the one pod that was asked for, is gone. */
  async function listFollowedPods (
    name: string,
    query: LogQuery,
    signal: AbortSignal
  ): Promise<Pod[] | undefined> {
    const family = await readCurrent(view, name, signal)
    const pods = family === undefined ? [] : choosePods(family, query)
    const isOver = family === undefined || (query.pod !== undefined && pods.length === 0)
    return isOver ? undefined : pods
  }

  return {
    async listPods (name, signal) {
      const { pods } = await readFamily(name, signal)
      return sortByAge(pods).reverse().map(reportPod)
    },

    async listEvents (name, signal) {
      const family = await readFamily(name, signal)
      const reports: EventReport[] = []
      let next: string | undefined
      for (let page = 0; page < EVENT_PAGES_MAX; page++) {
        const { items, metadata } = await readEvents(connection, namespace, next, signal)
        reports.push(...reportEvents(family, items ?? []))
        next = metadata?.continue
        if (next === undefined || next === '') break
      }
      return reports.sort(compareRecentFirst).slice(0, EVENTS_MAX)
    },

    async openLog (name, query, signal): Promise<ModelLog> {
      const family = await readFamily(name, signal)
      checkSelection(name, query, family)
      const pods = choosePods(family, query)
      const { follow, tail, previous } = query
      const stop = follower(signal)
      const isPrefixed = query.pod === undefined && (follow || pods.length > 1)
      const open: FollowedLogs['open'] = async (pod, tail, until) => {
        const options = { follow, previous, ...(tail === undefined ? {} : { tail }) }
        const lines = await logs.open(pod, options, until)
        return lines === undefined || !isPrefixed
          ? lines
          : withPrefix(`[${pod.metadata.name}] `, lines)
      }
      const begun = new Map<Pod, AsyncIterable<string>>()
      try {
        for (const pod of pods) {
          const lines = await open(pod, tail, stop.signal)
          if (lines !== undefined) begun.set(pod, lines)
        }
      } catch (error) {
        stop.abort(error)
        throw error
      }
      const lines = follow ? followFrom() : concatenate(begun.values())
      return { read: begun.size, pods: pods.length, lines: endWhenLeft(lines, stop) }

      async function * followFrom (): AsyncGenerator<string> {
        const changes = followChanges(view.onChange, name, stop.signal)
        const listPods = async (until: AbortSignal) => await listFollowedPods(name, query, until)
        try {
          yield * followLogs({ begun, open, awaitChange: changes.next, listPods }, stop.signal)
        } finally {
          changes.end()
        }
      }
    }
  }
}

interface EventPage {
  readonly items?: readonly KubeEvent[] | null
  readonly metadata?: { readonly continue?: string }
}

async function readEvents (
  connection: Connection,
  namespace: string,
  next: string | undefined,
  signal: AbortSignal
): Promise<EventPage> {
  const path = withQuery(pathsIn(namespace).events, { limit: EVENT_PAGE, continue: next })
  try {
    return (await connection.send<EventPage>('GET', path, undefined, signal)).body
  } catch (error) {
    throw translateFailure(error, { verb: 'list', resource: 'events', namespace })
  }
}

function checkSelection (
  name: string,
  { revision, pod }: LogQuery,
  { revisions, pods }: Family
): void {
  if (revision !== undefined && !revisions.some(({ metadata }) => metadata.name === revision)) {
    throw revisionNotFound(name, revision)
  }
  if (pod !== undefined && !pods.some(({ metadata }) => metadata.name === pod)) {
    throw new DomainError(
      'pod-not-found',
      `${JSON.stringify(name)} has no pod ${JSON.stringify(pod)} now`
    )
  }
}

/** The newest ones, the oldest of them first. */
function choosePods ({ pods }: Family, { revision, pod }: LogQuery): Pod[] {
  const isChosen = (each: Pod) =>
    (revision ?? revisionOfPod(each)) === revisionOfPod(each) &&
    (pod ?? each.metadata.name) === each.metadata.name
  return sortByAge(pods.filter(isChosen)).slice(-LOG_PODS_MAX)
}

function sortByAge (pods: readonly Pod[]): Pod[] {
  const key = ({ metadata: { creationTimestamp = '', name } }: Pod) =>
    `${creationTimestamp} ${name}`
  return [...pods].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
