import type { EnvVar, Resources } from '../../../domain/models/model/model.js'
import { isSameQuantity } from '../../../domain/models/spec/quantity.js'
import type { Amounts, Container, Env } from '../api/kube-objects.js'
import { APP_PATH_VARIABLE, envVarOf } from './ksvc-reading.js'

/**
 * Entries that a model has no words for (configMapKeyRef …) and the app path's keep their places.
 * The others come in the order asked for.
 */
export function withVariables (current: readonly Env[], wanted: readonly EnvVar[]): Env[] {
  const isForeign = (entry: Env) =>
    entry.name === APP_PATH_VARIABLE || envVarOf(entry) === undefined
  const present = new Map(
    current
      .filter(entry => !isForeign(entry))
      .map(entry => [keyOf(envVarOf(entry)!), entry] as const)
      .reverse()
  )
  const left = wanted.map(variable => present.get(keyOf(variable)) ?? envOf(variable))
  const filled = current.flatMap(entry => (isForeign(entry) ? [entry] : left.splice(0, 1)))
  return [...filled, ...left]
}

/** The same text for variables that mean the same. */
function keyOf (variable: EnvVar): string {
  return JSON.stringify(
    'value' in variable
      ? [variable.name, variable.value]
      : [variable.name, variable.secret.name, variable.secret.key]
  )
}

function envOf (variable: EnvVar): Env {
  return 'value' in variable
    ? { ...variable }
    : { name: variable.name, valueFrom: { secretKeyRef: { ...variable.secret } } }
}

export function withAppPath (current: readonly Env[], appPath: string | null): Env[] {
  const others = current.filter(({ name }) => name !== APP_PATH_VARIABLE)
  return appPath === null ? others : [...others, { name: APP_PATH_VARIABLE, value: appPath }]
}

/**
 * Keeps other resources than cpu and memory. An amount that is only spelled differently stays, too.
 */
export function withAmounts (
  current: Container['resources'],
  wanted: Resources
): NonNullable<Container['resources']> {
  const part = (kind: 'requests' | 'limits') => {
    const amounts = amountsOf(current?.[kind], wanted[kind])
    return Object.keys(amounts).length === 0 ? {} : { [kind]: amounts }
  }
  const { requests: _, limits: __, ...others } = current ?? {}
  return { ...others, ...part('requests'), ...part('limits') }
}

function amountsOf (current: Amounts = {}, wanted: Resources['requests']): Amounts {
  const { cpu, memory, ...others } = current
  const keepSame = (was: string | number | undefined, want: string | undefined) =>
    was !== undefined && want !== undefined && isSameQuantity(String(was), want) ? was : want
  return Object.fromEntries(
    Object.entries({
      ...others,
      cpu: keepSame(cpu, wanted.cpu),
      memory: keepSame(memory, wanted.memory)
    }).flatMap(([name, amount]) => (amount === undefined ? [] : [[name, amount]]))
  )
}
