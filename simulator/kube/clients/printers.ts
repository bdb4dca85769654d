import type { Catalog, Column } from '../catalog.js'
import type { ContainerStatus, KubeEvent, KubeObject, Pod, Secret } from '../objects.js'
import type { Resource } from '../resource.js'
import { EVENTS, NAMESPACES, PODS, SECRETS } from '../resources.js'

/** The first column of nearly every kind. */
export const NAME: Column = { name: 'Name', format: 'name', cell: ({ metadata }) => metadata.name }
const AGE: Column = { name: 'Age', cell: ({ metadata }) => formatAge(metadata.creationTimestamp) }

/** The columns of Kubernetes' own kinds. */
const COLUMNS = new Map<Resource, readonly Column[]>([
  [
    PODS,
    [
      NAME,
      { name: 'Ready', cell: pod => countReady(pod as Pod) },
      { name: 'Status', cell: pod => describeStatus(pod as Pod) },
      { name: 'Restarts', cell: pod => describeRestarts(pod as Pod) },
      AGE,
      { name: 'IP', priority: 1, cell: ipOf },
      { name: 'Node', priority: 1, cell: () => 'scr-node' },
      { name: 'Nominated Node', priority: 1, cell: () => '<none>' },
      { name: 'Readiness Gates', priority: 1, cell: () => '<none>' }
    ]
  ],
  [
    EVENTS,
    [
      { name: 'Last Seen', cell: event => formatAge((event as SeenEvent).lastTimestamp) },
      { name: 'Type', cell: event => (event as KubeEvent).type },
      { name: 'Reason', cell: event => (event as KubeEvent).reason },
      {
        name: 'Object',
        cell: event =>
          `${(event as KubeEvent).involvedObject.kind.toLowerCase()}/${(event as KubeEvent).involvedObject.name}`
      },
      {
        name: 'Subobject',
        priority: 1,
        cell: event => (event as SeenEvent).involvedObject.fieldPath ?? ''
      },
      { name: 'Source', priority: 1, cell: event => (event as SeenEvent).source.component },
      { name: 'Message', cell: event => (event as KubeEvent).message.trim() },
      {
        name: 'First Seen',
        priority: 1,
        cell: event => formatAge((event as SeenEvent).firstTimestamp)
      },
      { name: 'Count', priority: 1, cell: event => (event as KubeEvent).count ?? 1 },
      { ...NAME, priority: 1 }
    ]
  ],
  [
    SECRETS,
    [
      NAME,
      { name: 'Type', cell: secret => (secret as Secret).type ?? 'Opaque' },
      { name: 'Data', cell: secret => Object.keys((secret as Secret).data ?? {}).length },
      AGE
    ]
  ],
  [NAMESPACES, [NAME, { name: 'Status', cell: () => 'Active' }, AGE]]
])

interface SeenEvent extends Omit<KubeEvent, 'involvedObject'> {
  readonly involvedObject: { readonly fieldPath?: string }
  readonly source: { readonly component: string }
  readonly firstTimestamp: string
  readonly lastTimestamp: string
}

export const columnsOf = (catalog: Catalog, resource: Resource): readonly Column[] =>
  catalog.kind(resource).columns ?? COLUMNS.get(resource) ?? [NAME, AGE]

/** Writes the time since a moment as kubectl does: 59s, 3m20s, 3h20m, 2d3h. */
export function formatAge (since: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000))
  if (seconds < 120) return `${seconds}s`
  const [minutes, hours, days] = [
    Math.floor(seconds / 60),
    Math.floor(seconds / 3600),
    Math.floor(seconds / 86_400)
  ]
  const joinUnits = (first: string, rest: number, unit: string) =>
    rest === 0 ? first : `${first}${rest}${unit}`
  if (minutes < 10) return joinUnits(`${minutes}m`, seconds % 60, 's')
  if (hours < 3) return `${minutes}m`
  if (hours < 8) return joinUnits(`${hours}h`, minutes % 60, 'm')
  if (days < 2) return `${hours}h`
  return days < 8 ? joinUnits(`${days}d`, hours % 24, 'h') : `${days}d`
}

const containersOf = ({ status }: Pod): readonly ContainerStatus[] => status.containerStatuses ?? []

const countReady = (pod: Pod) =>
  `${containersOf(pod).filter(({ ready }) => ready).length}/${pod.spec.containers.length}`

/**
 * Describes a pod's state in one word. A pod that is ending is `Terminating`. Otherwise the word is
 * the reason for which the last container waits or has ended, else the pod's phase.
 */
function describeStatus (pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating'
  const words = containersOf(pod)
    .map(({ state }) => state.waiting?.reason ?? state.terminated?.reason)
    .filter(word => word !== undefined)
  return words.at(-1) ?? pod.status.phase
}

function describeRestarts (pod: Pod): string {
  const count = containersOf(pod).reduce((sum, { restartCount }) => sum + restartCount, 0)
  const last = containersOf(pod)
    .map(({ lastState }) => lastState.terminated?.finishedAt ?? '')
    .sort()
    .at(-1)
  return count === 0 || last === undefined || last === ''
    ? String(count)
    : `${count} (${formatAge(last)} ago)`
}

function ipOf (pod: KubeObject): string {
  return (pod as Pod & { readonly status: { readonly podIP?: string } }).status.podIP ?? '<none>'
}
