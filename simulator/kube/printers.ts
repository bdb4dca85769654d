import type { ContainerStatus, KubeEvent, KubeObject, Pod, Secret } from './objects.js'
import { CONFIGURATIONS, EVENTS, NAMESPACES, PODS, REVISIONS, ROUTES, SECRETS, SERVICES, type Resource } from './resources.js'

/** A column of `kubectl get`. `priority` 1: only in the wide table. */
export interface Column {
  readonly name: string
  readonly type?: 'string' | 'integer'
  readonly format?: 'name'
  readonly priority?: 0 | 1
  readonly description?: string
  readonly cell: (object: KubeObject) => string | number | null
}

interface WithStatus {
  readonly status?: {
    readonly conditions?: ReadonlyArray<{ readonly type: string, readonly status: string, readonly reason?: string }>
    readonly [field: string]: unknown
  }
}

/** Custom resources print what their definition names by JSONPath; a field that is missing is null. */
const path = (name: string, text: string, cell: Column['cell'], type: 'string' | 'integer' = 'string'): Column =>
  ({ name, type, description: `Custom resource definition column (in JSONPath format): ${text}`, cell })

const ofStatus = (name: string, field: string, type: 'string' | 'integer' = 'string') =>
  path(name, `.status.${field}`, object => ((object as WithStatus).status?.[field] ?? null) as string | number | null, type)

const ready = (field: 'status' | 'reason') => path(field === 'status' ? 'Ready' : 'Reason', `.status.conditions[?(@.type=='Ready')].${field}`, object =>
  (object as WithStatus).status?.conditions?.find(({ type }) => type === 'Ready')?.[field] ?? null)

const label = (name: string, key: string) => path(name, `.metadata.labels['serving\\.knative\\.dev/${key}']`, ({ metadata }) =>
  metadata.labels?.[`serving.knative.dev/${key}`] ?? null)

const NAME: Column = { name: 'Name', format: 'name', cell: ({ metadata }) => metadata.name }
const AGE: Column = { name: 'Age', cell: ({ metadata }) => age(metadata.creationTimestamp) }
const LATEST = [ofStatus('LatestCreated', 'latestCreatedRevisionName'), ofStatus('LatestReady', 'latestReadyRevisionName')]
const READY = [ready('status'), ready('reason')]

const COLUMNS = new Map<Resource, readonly Column[]>([
  [SERVICES, [NAME, ofStatus('URL', 'url'), ...LATEST, ...READY]],
  [CONFIGURATIONS, [NAME, ...LATEST, ...READY]],
  [ROUTES, [NAME, ofStatus('URL', 'url'), ...READY]],
  [REVISIONS, [NAME, label('Config Name', 'configuration'), label('Generation', 'configurationGeneration'), ...READY,
    ofStatus('Actual Replicas', 'actualReplicas', 'integer'), ofStatus('Desired Replicas', 'desiredReplicas', 'integer')]],
  [PODS, [NAME, { name: 'Ready', cell: pod => readyContainers(pod as Pod) }, { name: 'Status', cell: pod => podStatusWord(pod as Pod) },
    { name: 'Restarts', cell: pod => restarts(pod as Pod) }, AGE, { name: 'IP', priority: 1, cell: ip },
    { name: 'Node', priority: 1, cell: () => 'scr-node' }, { name: 'Nominated Node', priority: 1, cell: () => '<none>' },
    { name: 'Readiness Gates', priority: 1, cell: () => '<none>' }]],
  [EVENTS, [
    { name: 'Last Seen', cell: event => age((event as SeenEvent).lastTimestamp) },
    { name: 'Type', cell: event => (event as KubeEvent).type },
    { name: 'Reason', cell: event => (event as KubeEvent).reason },
    { name: 'Object', cell: event => `${(event as KubeEvent).involvedObject.kind.toLowerCase()}/${(event as KubeEvent).involvedObject.name}` },
    { name: 'Subobject', priority: 1, cell: event => (event as SeenEvent).involvedObject.fieldPath ?? '' },
    { name: 'Source', priority: 1, cell: event => (event as SeenEvent).source.component },
    { name: 'Message', cell: event => (event as KubeEvent).message.trim() },
    { name: 'First Seen', priority: 1, cell: event => age((event as SeenEvent).firstTimestamp) },
    { name: 'Count', priority: 1, cell: event => (event as KubeEvent).count ?? 1 },
    { ...NAME, priority: 1 }]],
  [SECRETS, [NAME, { name: 'Type', cell: secret => (secret as Secret).type ?? 'Opaque' },
    { name: 'Data', cell: secret => Object.keys((secret as Secret).data ?? {}).length }, AGE]],
  [NAMESPACES, [NAME, { name: 'Status', cell: () => 'Active' }, AGE]]
])

interface SeenEvent extends Omit<KubeEvent, 'involvedObject'> {
  readonly involvedObject: { readonly fieldPath?: string }
  readonly source: { readonly component: string }
  readonly firstTimestamp: string
  readonly lastTimestamp: string
}

export const columnsOf = (resource: Resource): readonly Column[] => COLUMNS.get(resource) ?? [NAME, AGE]

/** As kubectl writes a span: 59s, 3m20s, 3h20m, 2d3h. */
export function age (since: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000))
  if (seconds < 120) return `${seconds}s`
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)]
  const two = (first: string, rest: number, unit: string) => rest === 0 ? first : `${first}${rest}${unit}`
  if (minutes < 10) return two(`${minutes}m`, seconds % 60, 's')
  if (hours < 3) return `${minutes}m`
  if (hours < 8) return two(`${hours}h`, minutes % 60, 'm')
  if (days < 2) return `${hours}h`
  return days < 8 ? two(`${days}d`, hours % 24, 'h') : `${days}d`
}

const containers = ({ status }: Pod): readonly ContainerStatus[] => status.containerStatuses ?? []

const readyContainers = (pod: Pod) => `${containers(pod).filter(({ ready }) => ready).length}/${pod.spec.containers.length}`

/** The phase, or what a container waits for or ended with; the last container's word counts, and one that ends says so. */
function podStatusWord (pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating'
  const words = containers(pod).map(({ state }) => state.waiting?.reason ?? state.terminated?.reason).filter(word => word !== undefined)
  return words.at(-1) ?? pod.status.phase
}

function restarts (pod: Pod): string {
  const count = containers(pod).reduce((sum, { restartCount }) => sum + restartCount, 0)
  const last = containers(pod).map(({ lastState }) => lastState.terminated?.finishedAt ?? '').sort().at(-1)
  return count === 0 || last === undefined || last === '' ? String(count) : `${count} (${age(last)} ago)`
}

function ip (pod: KubeObject): string {
  return (pod as Pod & { readonly status: { readonly podIP?: string } }).status.podIP ?? '<none>'
}
