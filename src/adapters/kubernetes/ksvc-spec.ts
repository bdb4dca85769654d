import { isDeepStrictEqual } from 'node:util'
import type { EnvVar, ModelSpec, Resources, Scaling } from '../../domain/models/model.js'
import type { Table } from '../../domain/revisions/traffic.js'
import { historyText, type TrafficHistory } from '../../domain/revisions/traffic-history.js'
import { sameQuantity } from '../../domain/models/quantity.js'
import type { Amounts, Container, Env, Ksvc, RevisionSpec, Template } from './kube-objects.js'
import {
  APP_PATH_VARIABLE, CREATED_BY, DESCRIPTION, REDEPLOYED_AT, REQUESTED_BY, RETRY_SAFE, ROLLOUT_DURATION, SCALING_ANNOTATIONS, TRAFFIC_HISTORY,
  envVarOf, isKnatives,
  modelContainerIndex, specOf
} from './ksvc-reading.js'

/** A ksvc of this name with everything said, so that no default of the cluster can change what it means. */
export function newKsvc (name: string, namespace: string, spec: ModelSpec): Ksvc {
  const { image, port, containerConcurrency, timeoutSeconds, scaling } = spec
  const explicit = SCALING_FIELDS.filter(field => field !== 'metric') // which brings its autoscaler's class along
  const annotations = changed({}, Object.fromEntries(explicit.map(field => [SCALING_ANNOTATIONS[field][0], textOf(scaling[field])])))
  const container: Container = { image, ports: [{ containerPort: port }], securityContext: RESTRICTED }
  return ksvcWith({
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { template: { metadata: { annotations }, spec: { containers: [container], containerConcurrency, timeoutSeconds } } }
  }, spec)
}

/**
 * The ksvc as a model of this spec. Only the fields that differ are written: annotations (the server refuses a ksvc without its
 * creator's), fields that a spec has no words for and other containers stay as they are.
 */
export function ksvcWith (current: Ksvc, spec: ModelSpec): Ksvc {
  // Compared again at each field: what an absent scaling target means depends on the metric.
  const next = FIELDS.reduce((ksvc, field) => isDeepStrictEqual(specOf(ksvc)[field], spec[field]) ? ksvc : writeField(ksvc, field, spec), current)
  return withoutUsedName(current, next)
}

/** A new template: it makes a new revision of the same image reference. `at` is RFC 3339. */
export function redeployed (ksvc: Ksvc, at: string): Ksvc {
  return withoutUsedName(ksvc, withTemplateAnnotations(ksvc, { [REDEPLOYED_AT]: at }))
}

export function isSameTemplate (a: Ksvc, b: Ksvc): boolean {
  return isDeepStrictEqual(a.spec.template, b.spec.template)
}

export function requestedBy (ksvc: Ksvc, caller: string): Ksvc {
  return withAnnotations(ksvc, { [REQUESTED_BY]: caller })
}

export function createdBy (ksvc: Ksvc, caller: string): Ksvc {
  return withAnnotations(ksvc, { [CREATED_BY]: caller, [REQUESTED_BY]: caller })
}

export function withTable (ksvc: Ksvc, table: Table): Ksvc {
  const traffic = table.map(({ percent, tag, ...row }) => ({
    ...(row.latest ? { latestRevision: true } : { revisionName: row.revision, latestRevision: false }),
    percent,
    ...(tag === undefined ? {} : { tag })
  }))
  return { ...ksvc, spec: { ...ksvc.spec, traffic } }
}

/** The name of the revision that this template makes. */
export function withRevisionName (ksvc: Ksvc, name: string): Ksvc {
  return withTemplate(ksvc, template => ({ ...template, metadata: { ...template.metadata, name } }))
}

export function withHistory (ksvc: Ksvc, history: TrafficHistory): Ksvc {
  return withAnnotations(ksvc, { [TRAFFIC_HISTORY]: history.length === 0 ? undefined : historyText(history) })
}

/** All traffic follows the latest revision; tags stay reachable at 0 %. */
export function trafficToLatest (ksvc: Ksvc): Ksvc {
  const tagged = (ksvc.spec.traffic ?? []).filter(({ tag, revisionName }) => tag !== undefined && revisionName !== undefined)
  return { ...ksvc, spec: { ...ksvc.spec, traffic: [{ latestRevision: true, percent: 100 }, ...tagged.map(row => ({ ...row, percent: 0 }))] } }
}

const RESTRICTED = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } }

type Writers = { readonly [Field in keyof ModelSpec]: (ksvc: Ksvc, value: ModelSpec[Field]) => Ksvc }

const WRITERS: Writers = {
  image: (ksvc, image) => withContainer(ksvc, container => ({ ...container, image })),
  description: (ksvc, description) => withAnnotations(ksvc, { [DESCRIPTION]: description === '' ? undefined : description }),
  retrySafe: (ksvc, retrySafe) => withAnnotations(ksvc, { [RETRY_SAFE]: retrySafe ? undefined : 'false' }),
  rolloutSeconds: (ksvc, seconds) => withAnnotations(ksvc, { [ROLLOUT_DURATION]: seconds === 0 ? undefined : `${seconds}s` }),
  labels (ksvc, labels) {
    const kept = Object.entries(ksvc.metadata.labels ?? {}).filter(([key]) => isKnatives(key))
    return { ...ksvc, metadata: { ...ksvc.metadata, labels: { ...Object.fromEntries(kept), ...labels } } }
  },
  port: (ksvc, port) => withContainer(ksvc, container =>
    ({ ...container, ports: [{ ...container.ports?.[0], containerPort: port }, ...container.ports?.slice(1) ?? []] })),
  env: (ksvc, env) => withContainer(ksvc, container => ({ ...container, env: envWith(container.env ?? [], env) })),
  appPath: (ksvc, appPath) => withContainer(ksvc, container => ({ ...container, env: appPathWith(container.env ?? [], appPath) })),
  resources: (ksvc, resources) => withContainer(ksvc, container => ({ ...container, resources: resourcesWith(container.resources, resources) })),
  containerConcurrency: (ksvc, containerConcurrency) => withRevisionSpec(ksvc, spec => ({ ...spec, containerConcurrency })),
  timeoutSeconds: (ksvc, timeoutSeconds) => withRevisionSpec(ksvc, spec => ({ ...spec, timeoutSeconds })),
  imagePullSecrets: (ksvc, names) => withRevisionSpec(ksvc, spec => ({ ...spec, imagePullSecrets: names.map(name => ({ name })) })),
  scaling: (ksvc, scaling) => SCALING_FIELDS.reduce((ksvc, field) => withScaling(ksvc, field, scaling[field]), ksvc)
}

const FIELDS = Object.keys(WRITERS) as ReadonlyArray<keyof ModelSpec>

function writeField<Field extends keyof ModelSpec> (ksvc: Ksvc, field: Field, spec: ModelSpec): Ksvc {
  return WRITERS[field](ksvc, spec[field])
}

/** Entries without a name in a model (configMapKeyRef …) and the app path's keep their places; the others come in the order asked for. */
function envWith (current: readonly Env[], wanted: readonly EnvVar[]): Env[] {
  const isForeign = (entry: Env) => entry.name === APP_PATH_VARIABLE || envVarOf(entry) === undefined
  const left = wanted.map(variable => current.find(entry => !isForeign(entry) && isDeepStrictEqual(envVarOf(entry), variable)) ?? envOf(variable))
  const filled = current.flatMap(entry => isForeign(entry) ? [entry] : left.splice(0, 1))
  return [...filled, ...left]
}

function envOf (variable: EnvVar): Env {
  return 'value' in variable ? { ...variable } : { name: variable.name, valueFrom: { secretKeyRef: { ...variable.secret } } }
}

function appPathWith (current: readonly Env[], appPath: string | null): Env[] {
  const others = current.filter(({ name }) => name !== APP_PATH_VARIABLE)
  return appPath === null ? others : [...others, { name: APP_PATH_VARIABLE, value: appPath }]
}

/** Other resources than cpu and memory stay; an amount that is only spelled differently stays too. */
function resourcesWith (current: Container['resources'], wanted: Resources): NonNullable<Container['resources']> {
  const part = (kind: 'requests' | 'limits') => {
    const amounts = amountsWith(current?.[kind], wanted[kind])
    return Object.keys(amounts).length === 0 ? {} : { [kind]: amounts }
  }
  const { requests: _, limits: __, ...others } = current ?? {}
  return { ...others, ...part('requests'), ...part('limits') }
}

function amountsWith (current: Amounts = {}, wanted: Resources['requests']): Amounts {
  const { cpu, memory, ...others } = current
  const kept = (was: string | number | undefined, want: string | undefined) =>
    was !== undefined && want !== undefined && sameQuantity(String(was), want) ? was : want
  return Object.fromEntries(Object.entries({ ...others, cpu: kept(cpu, wanted.cpu), memory: kept(memory, wanted.memory) })
    .flatMap(([name, amount]) => amount === undefined ? [] : [[name, amount]]))
}

/** The metric comes before the target, whose default depends on it. */
const SCALING_FIELDS = Object.keys(SCALING_ANNOTATIONS) as ReadonlyArray<keyof Scaling>

const CLASS = 'autoscaling.knative.dev/class'
const HPA = 'hpa.autoscaling.knative.dev'

function withScaling (ksvc: Ksvc, field: keyof Scaling, value: Scaling[keyof Scaling]): Ksvc {
  if (specOf(ksvc).scaling[field] === value) return ksvc
  const [key, ...olderSpellings] = SCALING_ANNOTATIONS[field]
  const changes = { ...Object.fromEntries(olderSpellings.map(spelling => [spelling, undefined])), [key]: textOf(value) }
  if (field !== 'metric') return withTemplateAnnotations(ksvc, changes)
  // Knative's own autoscaler knows neither cpu nor memory.
  const byPods = value === 'cpu' || value === 'memory'
  const present = ksvc.spec.template.metadata?.annotations?.[CLASS]
  return withTemplateAnnotations(ksvc, { ...changes, [CLASS]: byPods ? HPA : present === HPA ? undefined : present })
}

function textOf (value: string | number | null): string | undefined {
  return value === null ? undefined : String(value)
}

function withAnnotations (ksvc: Ksvc, changes: Readonly<Record<string, string | undefined>>): Ksvc {
  return { ...ksvc, metadata: { ...ksvc.metadata, annotations: changed(ksvc.metadata.annotations, changes) } }
}

function withTemplateAnnotations (ksvc: Ksvc, changes: Readonly<Record<string, string | undefined>>): Ksvc {
  return withTemplate(ksvc, ({ metadata, ...template }) =>
    ({ ...template, metadata: { ...metadata, annotations: changed(metadata?.annotations, changes) } }))
}

function changed (current: Readonly<Record<string, string>> = {}, changes: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries({ ...current, ...changes })
  return Object.fromEntries(entries.flatMap(([key, value]) => value === undefined ? [] : [[key, value]]))
}

/** A tool may have named the revision; a changed template under the same name is refused. */
function withoutUsedName (current: Ksvc, next: Ksvc): Ksvc {
  if (next.spec.template.metadata?.name === undefined || isSameTemplate(current, next)) return next
  const { name: _, ...metadata } = next.spec.template.metadata
  return withTemplate(next, template => ({ ...template, metadata }))
}

function withTemplate (ksvc: Ksvc, change: (template: Template) => Template): Ksvc {
  return { ...ksvc, spec: { ...ksvc.spec, template: change(ksvc.spec.template) } }
}

function withRevisionSpec (ksvc: Ksvc, change: (spec: RevisionSpec) => RevisionSpec): Ksvc {
  return withTemplate(ksvc, template => ({ ...template, spec: change(template.spec) }))
}

function withContainer (ksvc: Ksvc, change: (container: Container) => Container): Ksvc {
  return withRevisionSpec(ksvc, spec => {
    const index = modelContainerIndex(spec)
    return { ...spec, containers: spec.containers.map((container, i) => i === index ? change(container) : container) }
  })
}
