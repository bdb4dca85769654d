import { isDeepStrictEqual } from 'node:util'
import { autoscalingFaults } from './annotations.js'
import { fault, range, sortedText, type Fault } from './faults.js'
import type { Container, EnvVar, Ksvc, RevisionSpec, Template, TrafficTarget } from './objects.js'
import { badRequest } from '../kube/status-errors.js'

export const CREATOR = 'serving.knative.dev/creator'
export const MODIFIER = 'serving.knative.dev/lastModifier'
/** Everybody is this user: the simulator takes any token. */
export const USER = 'admin'
const DNS_1035 = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " +
  "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const RESERVED_ENV = ['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION']
const RESERVED_PORTS = [8012, 8013, 8022, 9090, 9091]
const GATED = ['nodeSelector', 'tolerations', 'affinity', 'initContainers']

/** Refuses a ksvc as Knative's validating webhook does: always 400, all faults in one message. Wordings are the recorded ones. */
export function validate (ksvc: Ksvc, old: Ksvc | undefined): void {
  const faults = [
    ...nameFaults(ksvc.metadata.name),
    ...annotationFaults(ksvc, old),
    ...templateFaults(ksvc.metadata.name, ksvc.spec.template, old?.spec.template),
    ...trafficFaults(ksvc.spec.traffic ?? [])
  ]
  if (faults.length > 0) throw badRequest(`admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ${sortedText(faults)}`)
}

/** What breaks the rule for a DNS 1035 label; undefined when nothing does. */
function labelFault (name: string): string | undefined {
  if (name.length > 63) return 'not a DNS 1035 label: [must be no more than 63 characters]'
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) ? undefined : `not a DNS 1035 label: [${DNS_1035}]`
}

function nameFaults (name: string): Fault[] {
  const why = labelFault(name)
  return why === undefined ? [] : [fault(why, 'metadata.name')]
}

function annotationFaults ({ metadata: { annotations = {} } }: Ksvc, old: Ksvc | undefined): Fault[] {
  const faults: Fault[] = []
  const misplaced = Object.keys(annotations).filter(key => key.startsWith('autoscaling.knative.dev/'))
  for (const key of misplaced) {
    faults.push(fault(`invalid key name "${key}"`, 'metadata.annotations', 'autoscaling annotations must be put under "spec.template.metadata.annotations" to work'))
  }
  if (old === undefined) return faults
  if (annotations[CREATOR] !== old.metadata.annotations?.[CREATOR]) faults.push(fault('annotation value is immutable', `metadata.annotations.${CREATOR}`))
  const modifier = annotations[MODIFIER]
  if (modifier !== undefined && modifier !== USER && modifier !== old.metadata.annotations?.[MODIFIER]) {
    faults.push(fault(`invalid value: ${modifier}`, `metadata.annotations.${MODIFIER}`))
  }
  return faults
}

function templateFaults (service: string, template: Template, old: Template | undefined): Fault[] {
  const faults = [...autoscalingFaults(template.metadata?.annotations ?? {}), ...revisionFaults(template.spec)]
  const name = template.metadata?.name
  if (name === undefined || name === '') return faults
  const path = 'spec.template.metadata.name'
  const why = labelFault(name)
  if (why !== undefined) return [...faults, fault(`invalid value: ${why}`, path)]
  if (!name.startsWith(`${service}-`)) faults.push(fault(`invalid value: "${name}" must have prefix "${service}-"`, path))
  if (old?.metadata?.name === name && !isDeepStrictEqual(old, template)) {
    faults.push(fault('Saw the following changes without a name change (-old +new)', path, templateDifference(old, template)))
  }
  return faults
}

/** Go prints a structural difference; this names the fields of the spec that differ, which is what a reader needs of it. */
function templateDifference (old: Template, template: Template): string {
  const [before, after] = [old.spec as object, template.spec as object].map(spec => spec as Record<string, unknown>)
  const keys = Object.keys(after ?? {}).filter(key => !isDeepStrictEqual(before?.[key], after?.[key]))
  const upper = (key: string) => key.slice(0, 1).toUpperCase() + key.slice(1)
  const text = (value: unknown) => typeof value === 'object' ? JSON.stringify(value) : `"${value}"`
  if (keys.length === 0) return '{*v1.RevisionTemplateSpec}.ObjectMeta:\n'
  return keys.map(key => `*{*v1.RevisionTemplateSpec}.Spec.${upper(key)}:\n\t-: ${text(before?.[key])}\n\t+: ${text(after?.[key])}\n`).join('')
}

function revisionFaults (spec: RevisionSpec): Fault[] {
  const path = 'spec.template.spec'
  const faults = GATED.filter(name => name in spec).map(name => fault('must not set the field(s)', `${path}.${name}`))
  faults.push(...range(spec.containerConcurrency ?? 0, 0, 1000, `${path}.containerConcurrency`))
  faults.push(...range(spec.timeoutSeconds ?? 0, 0, 600, `${path}.timeoutSeconds`))
  if (spec.containers.length === 0) return [...faults, fault('missing field(s)', `${path}.containers`)]
  if (spec.containers.flatMap(({ ports = [] }) => ports).length > 1) {
    faults.push(fault('more than one container port is set', `${path}.containers[*].ports`, 'Only a single port is allowed across all containers'))
  }
  return [...faults, ...spec.containers.flatMap((container, i) => containerFaults(container, `${path}.containers[${i}]`))]
}

function containerFaults ({ name, image, env = [], ports = [] }: Container, path: string): Fault[] {
  const faults: Fault[] = []
  if (name === 'queue-proxy') faults.push(fault('"queue-proxy" is a reserved container name', `${path}.name`))
  if (image === undefined || image === '') faults.push(fault('missing field(s)', `${path}.image`))
  else if (!isReference(image)) {
    faults.push(fault('Failed to parse image reference', `${path}.image`, `image: "${image}", error: could not parse reference: ${image}`))
  }
  faults.push(...env.flatMap((variable, i) => envFaults(variable, `${path}.env[${i}]`)))
  const [port, more] = ports
  if (port !== undefined && more === undefined) faults.push(...portFaults(port.containerPort ?? 0, port.name, `${path}.ports`))
  return faults
}

const REFERENCE = /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/
const isReference = (image: string): boolean => REFERENCE.test(image)

function envFaults ({ name, valueFrom = {} }: EnvVar, path: string): Fault[] {
  if (name === undefined || name === '') return [fault('missing field(s)', `${path}.name`)]
  if (RESERVED_ENV.includes(name)) return [fault(`"${name}" is a reserved environment variable`, `${path}.name`)]
  return ['fieldRef', 'resourceFieldRef'].filter(key => key in valueFrom).map(key => fault('must not set the field(s)', `${path}.valueFrom.${key}`))
}

function portFaults (port: number, name: string | undefined, path: string): Fault[] {
  const faults = range(port, 0, 65535, `${path}.containerPort`)
  if (RESERVED_PORTS.includes(port)) {
    faults.push(fault(`invalid value: ${port} is a reserved port`, `${path}.containerPort`, `${port} is a reserved port, please use a different value`))
  }
  if (name !== undefined && !['', 'h2c', 'http1'].includes(name)) {
    faults.push(fault(`Port name ${name} is not allowed`, path, "Name must be empty, or one of: 'h2c', 'http1'"))
  }
  return faults
}

function trafficFaults (traffic: readonly TrafficTarget[]): Fault[] {
  const faults = traffic.flatMap(targetFaults)
  const tags = new Map<string, number>()
  for (const [i, { tag }] of traffic.entries()) {
    if (tag === undefined || tag === '') continue
    const first = tags.get(tag)
    if (first === undefined) tags.set(tag, i)
    else faults.push(fault(`Multiple definitions for "${tag}"`, `spec.traffic[${first}].tag, spec.traffic[${i}].tag`))
  }
  const sum = traffic.reduce((total, { percent = 0 }) => total + percent, 0)
  if (sum !== 100) faults.push(fault(`Traffic targets sum to ${sum}, want 100`, 'spec.traffic'))
  return faults
}

function targetFaults ({ revisionName, configurationName, latestRevision, percent = 0, tag, url }: TrafficTarget, i: number): Fault[] {
  const path = `spec.traffic[${i}]`
  const faults = range(percent, 0, 100, `${path}.percent`)
  if (configurationName !== undefined) faults.push(fault('must not set the field(s)', `${path}.configurationName`))
  if (url !== undefined) faults.push(fault('must not set the field(s)', `${path}.url`))
  if (latestRevision === (revisionName !== undefined && revisionName !== '')) {
    faults.push(fault(`may not set revisionName "${revisionName ?? ''}" when latestRevision is ${latestRevision}`, `${path}.latestRevision`))
  }
  const why = tag === undefined || tag === '' ? undefined : labelFault(tag)
  if (why !== undefined) faults.push(fault(`invalid value: ${why}`, `spec.traffic.tag[${i}]`)) // the index stands there in Knative too
  return faults
}
