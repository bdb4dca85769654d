import { isDeepStrictEqual } from 'node:util'
import { invalidFields, type FieldFault } from '../../errors.js'
import { secondsOf } from './duration.js'
import { type ImageAllowList, isImageReference } from './image-allow-list.js'
import type { ModelSpec, Scaling } from '../model/model.js'
import {
  isAppPath,
  isLabelKey,
  isLabelValue,
  isModelName,
  isObjectName,
  suggestName
} from './names.js'
import { type GivenSpec, completeSpec } from './new-spec.js'
import { findResourceFaults } from './resource-rules.js'

/** @throws `request-invalid` for a text that can't name a model, with a proposal */
export function checkName (name: string): void {
  const faultAt = findNameFault(name)
  if (faultAt !== undefined) throw invalidFields([faultAt])
}

/**
 * Completes the given spec and checks it. Fields that are equal in `current` are not checked again,
 * because a model that another tool made must stay manageable whatever its fields say.
 * @throws `request-invalid` naming every field that breaks a rule
 */
export function checkSpec (
  name: string,
  given: GivenSpec,
  allowList: ImageAllowList,
  current?: ModelSpec
): ModelSpec {
  const spec = completeSpec(name, given)
  const isChanged = (field: keyof ModelSpec) =>
    current === undefined || !isDeepStrictEqual(spec[field], current[field])
  const nameFaults = current === undefined ? [findNameFault(name) ?? []].flat() : []
  const both = (given.env ?? []).flatMap((variable, i) =>
    (variable.value === undefined) === (variable.secret === undefined)
      ? [
          {
            field: `env.${i}`,
            detail: 'needs either value or secret',
            remedy: 'give one of the two'
          }
        ]
      : []
  )
  const broken = [
    ...nameFaults,
    ...both,
    ...FIELDS.filter(isChanged).flatMap(field => RULES[field](spec, allowList))
  ]
  if (broken.length > 0) throw invalidFields(broken)
  return spec
}

function findNameFault (name: string): FieldFault | undefined {
  if (isModelName(name)) return undefined
  const suggestion = suggestName(name)
  return {
    field: 'name',
    detail: `${JSON.stringify(name)} is not a name: 1 to 63 lower-case letters, digits and hyphens, a letter first, no hyphen last`,
    remedy: suggestion === undefined ? 'begin with a letter' : `use ${suggestion}`
  }
}

type Rule = (spec: ModelSpec, allowList: ImageAllowList) => FieldFault[]

const RULES: { readonly [Field in keyof ModelSpec]: Rule } = {
  image ({ image }, allowList) {
    if (!isImageReference(image)) {
      return fault(
        'image',
        `${JSON.stringify(image)} is not an image reference`,
        'write it as registry/path:tag or registry/path@sha256:…'
      )
    }
    if (!allowList.allows(image)) {
      return fault(
        'image',
        `${image} is not allowed here`,
        `use an image that matches ${allowList.text}, or ask the platform engineer`
      )
    }
    return []
  },
  description: ({ description }) =>
    description.length > 2_000
      ? fault('description', 'is longer than 2000 characters', 'shorten it')
      : [],
  labels: ({ labels }) =>
    Object.entries(labels).flatMap(([key, value]) => findLabelFaults(key, value)),
  appPath ({ appPath }) {
    if (appPath === null || isAppPath(appPath)) return []
    const way = appPath.split('/').find(part => part === '.' || part === '..')
    if (way !== undefined) {
      return fault(
        'appPath',
        `${JSON.stringify(appPath)} leads to another path by its "${way}"`,
        `leave out the parts that are "${way}"`
      )
    }
    return fault(
      'appPath',
      `${JSON.stringify(appPath)} is not a path of letters, digits and . _ ~ -`,
      'leave out slashes at its ends, spaces and other characters'
    )
  },
  port: ({ port }) => checkRange('port', port, 1, 65_535),
  env: findEnvFaults,
  resources: ({ resources }) => findResourceFaults(resources),
  scaling: ({ scaling }) => findScalingFaults(scaling),
  containerConcurrency: ({ containerConcurrency }) =>
    checkRange('containerConcurrency', containerConcurrency, 0, 1_000),
  timeoutSeconds: ({ timeoutSeconds }) => checkRange('timeoutSeconds', timeoutSeconds, 1, 600),
  imagePullSecrets: ({ imagePullSecrets }) =>
    imagePullSecrets.flatMap((name, i) =>
      isObjectName(name)
        ? []
        : fault(
            `imagePullSecrets.${i}`,
            `${JSON.stringify(name)} is not the name of a secret`,
            'use lower-case letters, digits, hyphens and dots'
        )
    ),
  rolloutSeconds: ({ rolloutSeconds }) => checkRange('rolloutSeconds', rolloutSeconds, 0, 3600),
  retrySafe: () => []
}

const FIELDS = Object.keys(RULES) as ReadonlyArray<keyof ModelSpec>

function fault (field: string, detail: string, remedy: string): FieldFault[] {
  return [{ field, detail, remedy }]
}

function checkRange (field: string, value: number, least: number, most: number): FieldFault[] {
  return value >= least && value <= most
    ? []
    : fault(
      field,
        `${value} is not within ${least} to ${most}`,
        `use a number from ${least} to ${most}`
    )
}

function findLabelFaults (key: string, value: string): FieldFault[] {
  const field = `labels.${key}`
  if (!isLabelKey(key)) {
    return fault(
      field,
      "is not a label's name",
      'use letters, digits and - _ . with an optional prefix such as example.com/'
    )
  }
  if (/(^|\.)(knative\.dev|kubernetes\.io|k8s\.io)\//.test(key)) {
    return fault(field, 'belongs to the platform', 'use another prefix')
  }
  if (!isLabelValue(value)) {
    return fault(
      field,
      `${JSON.stringify(value)} is not a label's value`,
      'use at most 63 letters, digits and - _ .'
    )
  }
  return []
}

/** The API's schema has the same limit. */
const VARIABLE_MAX = 253

const RESERVED = new Set(['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION'])

function findEnvFaults ({ env }: ModelSpec): FieldFault[] {
  const names = new Set<string>()
  return env.flatMap((variable, i) => {
    const { name } = variable
    const isTwice = names.has(name)
    names.add(name)
    const field = `env.${i}.name`
    if (name.length > VARIABLE_MAX || !/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) {
      return fault(
        field,
        `${JSON.stringify(name)} is not a variable's name`,
        'use letters, digits and _ - . with no digit first'
      )
    }
    if (name === 'SAS_SCR_APP_PATH') {
      return fault(field, 'is set through appPath', 'leave it out and give appPath')
    }
    if (RESERVED.has(name)) return fault(field, `${name} is set by the platform`, 'leave it out')
    if (isTwice) return fault(field, `${name} is there twice`, 'leave one out')
    if ('value' in variable) return []
    const { secret } = variable
    if (!isObjectName(secret.name)) {
      return fault(
        `env.${i}.secret.name`,
        `${JSON.stringify(secret.name)} is not the name of a secret`,
        'use lower-case letters, digits, hyphens and dots'
      )
    }
    if (secret.key.length > 253 || !/^[-._a-zA-Z0-9]+$/.test(secret.key)) {
      return fault(
        `env.${i}.secret.key`,
        `${JSON.stringify(secret.key)} is not a key of a secret`,
        'use letters, digits and - _ .'
      )
    }
    return []
  })
}

function findScalingFaults ({
  minScale,
  maxScale,
  target,
  window,
  retention,
  burstCapacity
}: Scaling): FieldFault[] {
  return [
    ...(maxScale > 0 && minScale > maxScale
      ? fault(
        'scaling.minScale',
          `${minScale} is above maxScale ${maxScale}`,
          'lower it, or raise maxScale (0: no limit)'
      )
      : []),
    ...(target >= 0.01
      ? []
      : fault('scaling.target', `${target} is below 0.01`, 'use a larger number')),
    ...(burstCapacity >= -1
      ? []
      : fault(
        'scaling.burstCapacity',
          `${burstCapacity} is below -1`,
          'use -1 (unlimited), 0 or more'
      )),
    ...findDurationFaults('scaling.window', window, 6),
    ...(retention === null ? [] : findDurationFaults('scaling.retention', retention, 0))
  ]
}

function findDurationFaults (field: string, text: string, leastSeconds: number): FieldFault[] {
  const seconds = secondsOf(text)
  if (seconds === undefined) {
    return fault(field, `${JSON.stringify(text)} is not a duration`, 'write it as 90s, 5m or 1h')
  }
  return seconds >= leastSeconds && seconds <= 3_600
    ? []
    : fault(
      field,
        `${text} is not within ${leastSeconds}s to 1h`,
        `use a duration from ${leastSeconds}s to 1h`
    )
}
