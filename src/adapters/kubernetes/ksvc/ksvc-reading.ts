import { createHash } from 'node:crypto'
import { withoutEnds } from '../../../domain/text-ends.js'
import { secondsOf } from '../../../domain/models/spec/duration.js'
import type {
  EnvVar,
  ModelSpec,
  Resources,
  Revision,
  Scaling
} from '../../../domain/models/model/model.js'
import type { DesiredTarget, TrafficTarget } from '../../../domain/traffic/traffic.js'
import { userImageOf } from './image-pin.js'
import type {
  Amounts,
  Container,
  Env,
  Ksvc,
  KnativeRevision,
  KsvcTraffic,
  RevisionSpec
} from '../api/kube-objects.js'

export const APP_PATH_VARIABLE = 'SAS_SCR_APP_PATH'
export const DESCRIPTION = 'scr-modelops/description'
export const RETRY_SAFE = 'scr-modelops/retry-safe'
export const REQUESTED_BY = 'scr-modelops/requested-by'
export const CREATED_BY = 'scr-modelops/created-by'
/**
 * Knative's annotation for moving traffic gradually from one latest revision to the next. It has no
 * effect between revisions that the table names.
 */
export const ROLLOUT_DURATION = 'serving.knative.dev/rollout-duration'
export const REDEPLOYED_AT = 'scr-modelops/redeployed-at'
export const TRAFFIC_HISTORY = 'scr-modelops/traffic-history'

/** Autoscaling annotations of the template, with the older spelling that Knative still takes. */
export const SCALING_ANNOTATIONS = {
  minScale: ['autoscaling.knative.dev/min-scale', 'autoscaling.knative.dev/minScale'],
  maxScale: ['autoscaling.knative.dev/max-scale', 'autoscaling.knative.dev/maxScale'],
  initialScale: ['autoscaling.knative.dev/initial-scale', 'autoscaling.knative.dev/initialScale'],
  metric: ['autoscaling.knative.dev/metric'],
  target: ['autoscaling.knative.dev/target'],
  window: ['autoscaling.knative.dev/window'],
  retention: [
    'autoscaling.knative.dev/scale-to-zero-pod-retention-period',
    'autoscaling.knative.dev/scaleToZeroPodRetentionPeriod'
  ],
  burstCapacity: [
    'autoscaling.knative.dev/target-burst-capacity',
    'autoscaling.knative.dev/targetBurstCapacity'
  ]
} as const satisfies Readonly<Record<keyof Scaling, readonly string[]>>

/**
 * Everything that a client can write of this ksvc. A field that another tool left out has the value
 * that Knative takes for it.
 */
export function specOf (ksvc: Ksvc): ModelSpec {
  const {
    metadata,
    spec: { template }
  } = ksvc
  const container = findContainer(template.spec)
  return {
    image: userImageOf(container, template.metadata),
    description: metadata.annotations?.[DESCRIPTION] ?? '',
    labels: Object.fromEntries(
      Object.entries(metadata.labels ?? {}).filter(([key]) => !isKnatives(key))
    ),
    appPath: appPathOf(container),
    port: container.ports?.[0]?.containerPort ?? 8080,
    env: (container.env ?? []).flatMap(entry =>
      entry.name === APP_PATH_VARIABLE ? [] : (envVarOf(entry) ?? [])
    ),
    resources: resourcesOf(container),
    scaling: scalingOf(template.metadata?.annotations ?? {}),
    containerConcurrency: template.spec.containerConcurrency ?? 0,
    timeoutSeconds: template.spec.timeoutSeconds ?? 300,
    imagePullSecrets: (template.spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []),
    rolloutSeconds: secondsOf(metadata.annotations?.[ROLLOUT_DURATION] ?? '') ?? 0,
    retrySafe: metadata.annotations?.[RETRY_SAFE] !== 'false'
  }
}

/** The container that listens; others are sidecars. */
export function findContainer (spec: RevisionSpec): Container {
  return spec.containers[findContainerIndex(spec)] ?? {}
}

export function findContainerIndex ({ containers }: RevisionSpec): number {
  return Math.max(
    0,
    containers.findIndex(({ ports }) => ports !== undefined && ports.length > 0)
  )
}

/** Labels and annotations that Knative sets and reads itself. */
export function isKnatives (key: string): boolean {
  return /^([a-z0-9-]+\.)*knative\.dev\//.test(key)
}

/** The last of several entries with one name counts, as in a container. */
function appPathOf ({ env = [] }: Container): string | null {
  const path = withoutEnds(env.findLast(({ name }) => name === APP_PATH_VARIABLE)?.value ?? '', '/')
  return path === '' ? null : path
}

/**
 * Undefined for entries that a model has no words for, such as configMapKeyRef and fieldRef. They
 * stay as they are.
 */
export function envVarOf ({ name, value, valueFrom }: Env): EnvVar | undefined {
  if (valueFrom === undefined) return { name, value: value ?? '' }
  const secret = valueFrom.secretKeyRef
  return secret?.name === undefined
    ? undefined
    : { name, secret: { name: secret.name, key: secret.key } }
}

function resourcesOf ({ resources = {} }: Container): Resources {
  const amounts = ({ cpu, memory }: Amounts = {}) => ({
    ...(cpu === undefined ? {} : { cpu: String(cpu) }),
    ...(memory === undefined ? {} : { memory: String(memory) })
  })
  return { requests: amounts(resources.requests), limits: amounts(resources.limits) }
}

export function scalingOf (annotations: Readonly<Record<string, string>>): Scaling {
  const text = (field: keyof Scaling) =>
    SCALING_ANNOTATIONS[field].map(key => annotations[key]).find(value => value !== undefined)
  const number = (field: keyof Scaling) => {
    const value = Number(text(field)?.trim() || NaN)
    return Number.isFinite(value) ? value : undefined
  }
  const metric = METRICS.find(metric => metric === text('metric')) ?? 'concurrency'
  return {
    minScale: number('minScale') ?? 0,
    maxScale: number('maxScale') ?? 0,
    initialScale: number('initialScale') ?? null,
    metric,
    target: number('target') ?? DEFAULT_TARGETS[metric],
    window: text('window') ?? '60s',
    retention: text('retention') ?? null,
    burstCapacity: number('burstCapacity') ?? 211
  }
}

const METRICS = ['concurrency', 'rps', 'cpu', 'memory'] as const

/** knative.dev/docs/serving/autoscaling; without a target the HPA takes 80 % of the request. */
const DEFAULT_TARGETS: Readonly<Record<Scaling['metric'], number>> = {
  concurrency: 100,
  rps: 200,
  cpu: 80,
  memory: 80
}

/** Rows per pod when another measure than concurrent rows decides about pods. */
const ROWS_PER_POD = 10

function rowsPerPodOf (
  { containerConcurrency = 0 }: RevisionSpec,
  { metric, target }: Scaling
): number {
  if (containerConcurrency > 0) return containerConcurrency
  return metric === 'concurrency' ? target : ROWS_PER_POD
}

/** What serves. Knative gives the revision's name on every row, a URL on tagged ones. */
export function trafficOf ({ status }: Ksvc): TrafficTarget[] {
  return (status?.traffic ?? []).map(
    ({ revisionName = '', latestRevision = false, percent = 0, tag, url }) => ({
      revision: revisionName,
      latest: latestRevision,
      percent,
      ...(tag === undefined || tag === '' ? {} : { tag }),
      ...(url === undefined ? {} : { url })
    })
  )
}

/** The table asked for. An empty table means all traffic to the latest revision. */
export function desiredOf ({ spec }: Ksvc): DesiredTarget[] {
  const rows = spec.traffic ?? []
  return rows.length === 0 ? [{ latest: true, percent: 100 }] : rows.map(desiredRowOf)
}

function desiredRowOf ({ revisionName, percent = 0, tag }: KsvcTraffic): DesiredTarget {
  const tagged = tag === undefined || tag === '' ? {} : { tag }
  return revisionName === undefined || revisionName === ''
    ? { latest: true, percent, ...tagged }
    : { latest: false, revision: revisionName, percent, ...tagged }
}

/** A hash of what clients can write, as 16 hexadecimal digits. */
export function versionOf (spec: ModelSpec, desired: readonly DesiredTarget[]): string {
  return createHash('sha256').update(writeStableJson({ spec, desired })).digest('hex').slice(0, 16)
}

/** JSON with sorted keys, since the server may give keys back in another order. */
function writeStableJson (value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part
  )
}

export function revisionOf (
  { metadata, spec, status }: KnativeRevision,
  replicas: number
): Revision {
  const container = findContainer(spec)
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status
  const digest = status?.containerStatuses?.[findContainerIndex(spec)]?.imageDigest
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    number: Number(metadata.labels?.['serving.knative.dev/configurationGeneration'] ?? 0),
    image: userImageOf(container, metadata),
    ...(digest === undefined || digest === '' ? {} : { imageDigest: digest }),
    ...(metadata.creationTimestamp === undefined ? {} : { createdAt: metadata.creationTimestamp }),
    appPath: appPathOf(container),
    ready: ready === 'True' ? true : ready === 'False' ? false : undefined,
    containerConcurrency: spec.containerConcurrency ?? 0,
    rowsPerPod: rowsPerPodOf(spec, scalingOf(metadata.annotations ?? {})),
    timeoutSeconds: spec.timeoutSeconds ?? 300,
    replicas,
    innerUrl: `http://${metadata.name}.${metadata.namespace ?? 'default'}.svc.cluster.local`
  }
}
