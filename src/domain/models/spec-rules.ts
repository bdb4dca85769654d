import { isDeepStrictEqual } from 'node:util'
import { invalidFields, type FieldFault } from '../errors.js'
import { secondsOf } from './duration.js'
import { type ImageAllowList, isImageReference } from './image-allow-list.js'
import type { ModelSpec, Resources, Scaling } from './model.js'
import { isLabelKey, isLabelValue, isModelName, isObjectName, suggestedName } from './names.js'
import { type GivenSpec, newSpec } from './new-spec.js'
import { amountOf } from './quantity.js'

export { imageAllowList, type ImageAllowList } from './image-allow-list.js'

/** @throws `request-invalid` for what is no name of a model, with one that would do */
export function checkName (name: string): void {
  const fault = nameFault(name)
  if (fault !== undefined) throw invalidFields([fault])
}

/**
 * The complete spec of what was given, checked. Fields that are as `current` has them are not checked again: a model that another tool
 * made must stay manageable whatever it says.
 * @throws `request-invalid` naming every field that breaks a rule
 */
export function checkedSpec (name: string, given: GivenSpec, allowList: ImageAllowList, current?: ModelSpec): ModelSpec {
  const spec = newSpec(name, given)
  const isNew = (field: keyof ModelSpec) => current === undefined || !isDeepStrictEqual(spec[field], current[field])
  const nameFaults = current === undefined ? [nameFault(name) ?? []].flat() : []
  const both = (given.env ?? []).flatMap((variable, i) => (variable.value === undefined) === (variable.secret === undefined)
    ? [{ field: `env.${i}`, detail: 'needs either value or secret', remedy: 'give one of the two' }]
    : [])
  const broken = [...nameFaults, ...both, ...FIELDS.filter(isNew).flatMap(field => RULES[field](spec, allowList))]
  if (broken.length > 0) throw invalidFields(broken)
  return spec
}

function nameFault (name: string): FieldFault | undefined {
  if (isModelName(name)) return undefined
  const suggestion = suggestedName(name)
  return {
    field: 'name',
    detail: `${JSON.stringify(name)} is not a name: 1 to 63 lower-case letters, digits and hyphens, a letter first, no hyphen last`,
    remedy: suggestion === undefined ? 'begin with a letter' : `use ${suggestion}`
  }
}

type Rule = (spec: ModelSpec, allowList: ImageAllowList) => FieldFault[]

const RULES: { readonly [Field in keyof ModelSpec]: Rule } = {
  image ({ image }, allowList) {
    if (!isImageReference(image)) return fault('image', `${JSON.stringify(image)} is not an image reference`, 'write it as registry/path:tag or registry/path@sha256:…')
    if (!allowList.allows(image)) return fault('image', `${image} is not allowed here`, `use an image that matches ${allowList.text}, or ask the platform engineer`)
    return []
  },
  description: ({ description }) => description.length > 2_000 ? fault('description', 'is longer than 2000 characters', 'shorten it') : [],
  labels: ({ labels }) => Object.entries(labels).flatMap(([key, value]) => labelFaults(key, value)),
  appPath ({ appPath }) {
    if (appPath === null || /^[\w.~-]+(\/[\w.~-]+)*$/.test(appPath)) return []
    return fault('appPath', `${JSON.stringify(appPath)} is not a path of letters, digits and . _ ~ -`, 'leave out slashes at its ends, spaces and other characters')
  },
  port: ({ port }) => within('port', port, 1, 65_535),
  env: envFaults,
  resources: ({ resources }) => resourceFaults(resources),
  scaling: ({ scaling }) => scalingFaults(scaling),
  containerConcurrency: ({ containerConcurrency }) => within('containerConcurrency', containerConcurrency, 0, 1_000),
  timeoutSeconds: ({ timeoutSeconds }) => within('timeoutSeconds', timeoutSeconds, 1, 600),
  imagePullSecrets: ({ imagePullSecrets }) => imagePullSecrets.flatMap((name, i) => isObjectName(name)
    ? []
    : fault(`imagePullSecrets.${i}`, `${JSON.stringify(name)} is not the name of a secret`, 'use lower-case letters, digits, hyphens and dots')),
  rolloutSeconds: ({ rolloutSeconds }) => within('rolloutSeconds', rolloutSeconds, 0, 3600),
  retrySafe: () => []
}

const FIELDS = Object.keys(RULES) as ReadonlyArray<keyof ModelSpec>

function fault (field: string, detail: string, remedy: string): FieldFault[] {
  return [{ field, detail, remedy }]
}

function within (field: string, value: number, least: number, most: number): FieldFault[] {
  return value >= least && value <= most ? [] : fault(field, `${value} is not within ${least} to ${most}`, `use a number from ${least} to ${most}`)
}

function labelFaults (key: string, value: string): FieldFault[] {
  const field = `labels.${key}`
  if (!isLabelKey(key)) return fault(field, 'is not a label\'s name', 'use letters, digits and - _ . with an optional prefix such as example.com/')
  if (/(^|\.)(knative\.dev|kubernetes\.io|k8s\.io)\//.test(key)) return fault(field, 'belongs to the platform', 'use another prefix')
  if (!isLabelValue(value)) return fault(field, `${JSON.stringify(value)} is not a label's value`, 'use at most 63 letters, digits and - _ .')
  return []
}

const RESERVED = new Set(['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION'])

function envFaults ({ env }: ModelSpec): FieldFault[] {
  return env.flatMap((variable, i) => {
    const { name } = variable
    const field = `env.${i}.name`
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) return fault(field, `${JSON.stringify(name)} is not a variable's name`, 'use letters, digits and _ - . with no digit first')
    if (name === 'SAS_SCR_APP_PATH') return fault(field, 'is set through appPath', 'leave it out and give appPath')
    if (RESERVED.has(name)) return fault(field, `${name} is set by the platform`, 'leave it out')
    if (env.findIndex(other => other.name === name) < i) return fault(field, `${name} is there twice`, 'leave one out')
    if ('value' in variable) return []
    const { secret } = variable
    if (!isObjectName(secret.name)) return fault(`env.${i}.secret.name`, `${JSON.stringify(secret.name)} is not the name of a secret`, 'use lower-case letters, digits, hyphens and dots')
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(secret.key)) return fault(`env.${i}.secret.key`, `${JSON.stringify(secret.key)} is not a key of a secret`, 'use letters, digits and - _ .')
    return []
  })
}

function resourceFaults ({ requests, limits }: Resources): FieldFault[] {
  return (['cpu', 'memory'] as const).flatMap(kind => {
    const faults = ([['requests', requests], ['limits', limits]] as const).flatMap(([part, amounts]) => {
      const amount = amounts[kind] === undefined ? 0 : amountOf(amounts[kind])
      return amount !== undefined && amount >= 0
        ? []
        : fault(`resources.${part}.${kind}`, `${JSON.stringify(amounts[kind])} is not a quantity`, kind === 'cpu' ? 'write it as 500m or 2' : 'write it as 512Mi or 2Gi')
    })
    if (faults.length > 0 || requests[kind] === undefined || limits[kind] === undefined) return faults
    return amountOf(requests[kind])! <= amountOf(limits[kind])!
      ? []
      : fault(`resources.requests.${kind}`, `${requests[kind]} is above the limit of ${limits[kind]}`, `raise resources.limits.${kind} or lower the request`)
  })
}

function scalingFaults ({ minScale, maxScale, target, window, retention, burstCapacity }: Scaling): FieldFault[] {
  return [
    ...(maxScale > 0 && minScale > maxScale ? fault('scaling.minScale', `${minScale} is above maxScale ${maxScale}`, 'lower it, or raise maxScale (0: no limit)') : []),
    ...(target >= 0.01 ? [] : fault('scaling.target', `${target} is below 0.01`, 'use a larger number')),
    ...(burstCapacity >= -1 ? [] : fault('scaling.burstCapacity', `${burstCapacity} is below -1`, 'use -1 (unlimited), 0 or more')),
    ...durationFaults('scaling.window', window, 6),
    ...(retention === null ? [] : durationFaults('scaling.retention', retention, 0))
  ]
}

function durationFaults (field: string, text: string, leastSeconds: number): FieldFault[] {
  const seconds = secondsOf(text)
  if (seconds === undefined) return fault(field, `${JSON.stringify(text)} is not a duration`, 'write it as 90s, 5m or 1h')
  return seconds >= leastSeconds && seconds <= 3_600 ? [] : fault(field, `${text} is not within ${leastSeconds}s to 1h`, `use a duration from ${leastSeconds}s to 1h`)
}
