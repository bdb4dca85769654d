import type { EnvVar, ModelSpec, Scaling } from '../model/model.js'

/** The fields of a spec that a caller gives; absent fields take their defaults. */
export interface GivenSpec {
  readonly image: string
  readonly description?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly appPath?: string | null
  readonly port?: number
  readonly env?: readonly GivenEnvVar[]
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts }
  readonly scaling?: Partial<Scaling>
  readonly containerConcurrency?: number
  readonly timeoutSeconds?: number
  readonly imagePullSecrets?: readonly string[]
  readonly rolloutSeconds?: number
  readonly retrySafe?: boolean
}

export interface GivenEnvVar {
  readonly name: string
  readonly value?: string
  readonly secret?: { readonly name: string; readonly key: string }
}

interface Amounts {
  readonly cpu?: string
  readonly memory?: string
}

/**
 * `target` 10 fits models, which answer within milliseconds, better than Knative's 100.
 * `burstCapacity` 0 lets calls bypass the activator while pods are warm.
 */
export const DEFAULT_SCALING: Scaling = {
  minScale: 0,
  maxScale: 0,
  initialScale: null,
  metric: 'concurrency',
  target: 10,
  window: '60s',
  retention: null,
  burstCapacity: 0
}

/**
 * Fills in defaults. They are the same on create and on replace, so that a request that is sent
 * again changes nothing.
 */
export function completeSpec (name: string, given: GivenSpec): ModelSpec {
  return {
    image: given.image,
    description: given.description ?? '',
    labels: given.labels ?? {},
    appPath: given.appPath === undefined ? name : given.appPath,
    port: given.port ?? 8080,
    env: (given.env ?? []).map(completeVariable),
    resources: { requests: given.resources?.requests ?? {}, limits: given.resources?.limits ?? {} },
    scaling: { ...DEFAULT_SCALING, ...given.scaling },
    containerConcurrency: given.containerConcurrency ?? 0,
    timeoutSeconds: given.timeoutSeconds ?? 300,
    imagePullSecrets: given.imagePullSecrets ?? [],
    rolloutSeconds: given.rolloutSeconds ?? 0,
    retrySafe: given.retrySafe ?? true
  }
}

function completeVariable ({ name, value, secret }: GivenEnvVar): EnvVar {
  return secret === undefined ? { name, value: value ?? '' } : { name, secret }
}
