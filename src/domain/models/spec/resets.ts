import { isDeepStrictEqual } from 'node:util'
import type { EnvVar, ModelSpec } from '../model/model.js'
import type { GivenSpec } from './new-spec.js'

/**
 * Describes what a replacement resets because the request left it out: one sentence for each field
 * that goes back to its default. The values of variables are not shown, since they may be
 * confidential.
 */
export function describeResets (given: GivenSpec, stored: ModelSpec, next: ModelSpec): string[] {
  const fields = WHOLE.filter(field => given[field] === undefined).flatMap(field =>
    describeReset(field, stored[field], next[field])
  )
  const scaling = membersOf(stored.scaling)
    .filter(field => given.scaling?.[field] === undefined)
    .flatMap(field => describeReset(`scaling.${field}`, stored.scaling[field], next.scaling[field]))
  const resources = PARTS.flatMap(part =>
    AMOUNTS.filter(kind => given.resources?.[part]?.[kind] === undefined).flatMap(kind =>
      describeReset(
        `resources.${part}.${kind}`,
        stored.resources[part][kind],
        next.resources[part][kind]
      )
    )
  )
  const labels = Object.entries(stored.labels).flatMap(([key, value]) =>
    Object.hasOwn(next.labels, key) ? [] : describeRemoval(`labels.${key}=${value}`)
  )
  const env = stored.env.flatMap(variable =>
    next.env.some(({ name }) => name === variable.name) ? [] : describeRemoval(`env ${nameVariable(variable)}`)
  )
  return [...fields, ...scaling, ...resources, ...labels, ...env]
}

const LEFT_OUT = 'the request left it out; PATCH changes single fields'

function describeReset (field: string, stored: unknown, next: unknown): string[] {
  if (isDeepStrictEqual(stored, next)) return []
  return [`${field} goes from ${writeValue(stored)} back to ${writeValue(next)}: ${LEFT_OUT}`]
}

function describeRemoval (what: string): string[] {
  return [`${what} is taken away: ${LEFT_OUT}`]
}

function nameVariable (variable: EnvVar): string {
  return 'value' in variable
    ? variable.name
    : `${variable.name} (of secret ${variable.secret.name})`
}

function writeValue (value: unknown): string {
  if (value === undefined) return 'none'
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value)
}

/** These fields are compared as a whole; the others are described member by member. */
const WHOLE = [
  'description',
  'appPath',
  'port',
  'containerConcurrency',
  'timeoutSeconds',
  'imagePullSecrets',
  'rolloutSeconds',
  'retrySafe'
] as const satisfies ReadonlyArray<keyof ModelSpec>
const PARTS = ['requests', 'limits'] as const
const AMOUNTS = ['cpu', 'memory'] as const

function membersOf<T extends object> (object: T): Array<keyof T & string> {
  return Object.keys(object) as Array<keyof T & string>
}
