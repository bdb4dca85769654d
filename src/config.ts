import { tmpdir } from 'node:os'
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { msOf } from './async/milliseconds.js'
import { type ImageAllowList, parseImageAllowList } from './domain/models/spec/image-allow-list.js'

/** Words of visible characters with commas between them. */
const NAMES = '^[!-+\\--~]+(,[!-+\\--~]+)*$'
/** Plain HTTP is allowed to this machine only, since anybody could send keys over it. */
const SAFE_URL = '^(https://[^/?#]+|http://(localhost|127\\.0\\.0\\.1)(:\\d+)?)(/[^?#]*)?$'

/** Nothing in it means something to a shell, Python or SAS: programs are made with it. */
const PUBLIC_URL =
  '^https?://([A-Za-z0-9][A-Za-z0-9._-]*|\\[[A-Fa-f0-9:.]+\\])(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$'

const bytes = (fallback: number) => Type.Integer({ minimum: 1, default: fallback })

/** host:port, with commas between; a host is a name or an address, an IPv6 one in brackets. */
const ADDRESS = '(\\[[0-9a-fA-F:]+\\]|[-.A-Za-z0-9]+):[0-9]{1,5}'

/** The name of a Kubernetes object. */
const SECRET = '[a-z0-9]([-.a-z0-9]*[a-z0-9])?'

/** The settings in the environment. Names carry their unit. */
const Environment = Type.Object({
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
  HOST: Type.String({ default: '0.0.0.0' }),
  LOG_LEVEL: Type.Union(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map(level =>
      Type.Literal(level)
    ),
    { default: 'info' }
  ),
  /** A file. Unset means the service account of the pod. */
  KUBECONFIG: Type.Optional(Type.String()),
  NAMESPACE: Type.String({
    pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
    maxLength: 63,
    default: 'sas-model-inference'
  }),
  /** The ingress, from outside the cluster: the model's host goes into the Host header. */
  SCORING_GATEWAY_URL: Type.Optional(Type.String({ pattern: '^https?://[^/]+/?$' })),
  /** The service's address for its callers; unset: as each of them calls it. */
  PUBLIC_URL: Type.Optional(Type.String({ pattern: PUBLIC_URL })),
  /** `revision`: each revision's own service, inside the cluster; `route`: the model's URL. */
  DATA_PATH: Type.Optional(Type.Union([Type.Literal('revision'), Type.Literal('route')])),
  /** There is no default, so that running without a login has to be said. */
  AUTH_MODE: Type.Union([Type.Literal('none'), Type.Literal('kubernetes'), Type.Literal('oidc')]),
  /**
   * Audiences that the cluster's tokens have to be made for, comma separated. Unset: the cluster's
   * own API.
   */
  TOKEN_AUDIENCES: Type.Optional(Type.String({ pattern: NAMES })),
  /** The issuer, as in the tokens' `iss`. */
  OIDC_ISSUER: Type.Optional(Type.String({ pattern: SAFE_URL })),
  /** Comma separated audiences, one of which has to be in the tokens' `aud`. */
  OIDC_AUDIENCE: Type.Optional(Type.String({ pattern: NAMES })),
  /** Address of the issuer's keys, for an issuer without a discovery document. */
  OIDC_JWKS_URL: Type.Optional(Type.String({ pattern: SAFE_URL })),
  OIDC_USER_CLAIM: Type.String({ default: 'sub' }),
  /** A text or a list of texts; a token may have none. */
  OIDC_GROUPS_CLAIM: Type.String({ default: 'groups' }),
  OIDC_CLOCK_SKEW_SECONDS: Type.Integer({ minimum: 0, maximum: 600, default: 30 }),
  /** Comma separated patterns with `*`; no default: `*` allows all and has to be said. */
  IMAGE_ALLOW_LIST: Type.String({ minLength: 1 }),
  /** Comma separated names of secrets in NAMESPACE, for models that name none. */
  IMAGE_PULL_SECRETS: Type.Optional(Type.String({ pattern: `^ *${SECRET}( *, *${SECRET})* *$` })),
  /**
   * host:port of the service's replicas, comma separated: each name stands for all addresses that
   * DNS has for it. Unset: scorings of this replica alone are known.
   */
  REPLICA_ADDRESSES: Type.Optional(Type.String({ pattern: `^${ADDRESS}(,${ADDRESS})*$` })),
  MAX_UPLOAD_BYTES: bytes(1024 ** 3),
  /** How long an upload may stand still. */
  UPLOAD_IDLE_SECONDS: Type.Integer({ minimum: 1, default: 60 }),
  SPOOL_DIR: Type.String({ default: path.join(tmpdir(), 'scr-modelops') }),
  SPOOL_MAX_BYTES: bytes(2 * 1024 ** 3),
  /** How long the status line is held after the upload's end, below the 60 s of common proxies. */
  HOLD_SECONDS: Type.Integer({ minimum: 0, default: 50 }),
  /** Rows in flight, over all requests. */
  MAX_CONCURRENCY: Type.Integer({ minimum: 1, maximum: 10_000, default: 256 }),
  /** For one row, its retries included; above the longest timeoutSeconds of a model. */
  ROW_TIMEOUT_SECONDS: Type.Integer({ minimum: 1, default: 610 }),
  /** How long running requests may go on after SIGTERM. */
  DRAIN_SECONDS: Type.Integer({ minimum: 0, default: 25 })
})

/** Value.Convert would make 1 of "1.5" and of "true". */
const WHOLE_NUMBERS = new Set(
  Object.entries(Environment.properties)
    .filter(([, schema]) => 'type' in schema && schema.type === 'integer')
    .map(([name]) => name)
)

type Variables = Static<typeof Environment>

/** The settings as the code needs them. */
export interface Config {
  readonly port: number
  readonly host: string
  readonly logLevel: string
  /** Undefined means the service account of the pod. */
  readonly kubeconfig: string | undefined
  readonly namespace: string
  readonly gatewayUrl: string | undefined
  /** Without a slash at its end. */
  readonly publicUrl: string | undefined
  readonly dataPath: 'revision' | 'route'
  readonly auth: AuthConfig
  readonly imageAllowList: ImageAllowList
  readonly imagePullSecrets: readonly string[]
  /** host:port of the replicas; none: this one is alone. */
  readonly replicaAddresses: readonly string[]
  readonly upload: { readonly maxBytes: number; readonly idleMs: number }
  readonly spool: { readonly folder: string; readonly maxBytes: number }
  readonly holdMs: number
  readonly maxConcurrency: number
  readonly rowTimeoutMs: number
  readonly drainMs: number
}

export type AuthConfig =
  | { readonly mode: 'none' }
  | { readonly mode: 'kubernetes'; readonly audiences: readonly string[] }
  | {
    readonly mode: 'oidc'
    readonly issuer: string
    readonly audiences: readonly string[]
    readonly jwksUrl: string | undefined
    readonly userClaim: string
    readonly groupsClaim: string
    readonly clockSkewSeconds: number
  }

/**
 * Reads the environment once. `''` counts as unset.
 * @throws one error naming every bad variable, its value and what is allowed
 */
export function readConfig (env: NodeJS.ProcessEnv): Config {
  const variables = readVariables(env)
  const { SCORING_GATEWAY_URL: gatewayUrl } = variables
  return Object.freeze({
    port: variables.PORT,
    host: variables.HOST,
    logLevel: variables.LOG_LEVEL,
    kubeconfig: variables.KUBECONFIG,
    namespace: variables.NAMESPACE,
    gatewayUrl,
    publicUrl: variables.PUBLIC_URL?.replace(/\/$/, ''),
    dataPath: variables.DATA_PATH ?? (gatewayUrl === undefined ? 'revision' : 'route'),
    auth: readAuth(variables),
    imageAllowList: parseImageAllowList(variables.IMAGE_ALLOW_LIST),
    imagePullSecrets: splitNames(variables.IMAGE_PULL_SECRETS),
    replicaAddresses: splitNames(variables.REPLICA_ADDRESSES),
    upload: {
      maxBytes: variables.MAX_UPLOAD_BYTES,
      idleMs: msOf(variables.UPLOAD_IDLE_SECONDS)
    },
    spool: { folder: variables.SPOOL_DIR, maxBytes: variables.SPOOL_MAX_BYTES },
    holdMs: msOf(variables.HOLD_SECONDS),
    maxConcurrency: variables.MAX_CONCURRENCY,
    rowTimeoutMs: msOf(variables.ROW_TIMEOUT_SECONDS),
    drainMs: msOf(variables.DRAIN_SECONDS)
  })
}

function readVariables (env: NodeJS.ProcessEnv): Variables {
  const given = Object.fromEntries(Object.entries(env).filter(([, text]) => text !== ''))
  const isNumber = (name: string, text = '') => WHOLE_NUMBERS.has(name) && /^-?\d+$/.test(text)
  const typed = Object.fromEntries(
    Object.entries(given).map(([name, text]) => [name, isNumber(name, text) ? Number(text) : text])
  )
  const variables = Value.Clean(Environment, Value.Default(Environment, typed)) as Variables
  // checked one by one, because Value.Errors of the whole stops after eight errors, which one union
  // can fill
  const faults = Object.entries(Environment.properties).flatMap(([name, schema]) => {
    const value = (variables as Readonly<Record<string, unknown>>)[name]
    const isFine =
      value === undefined
        ? !(Environment.required as readonly string[]).includes(name)
        : Value.Check(schema, value)
    if (isFine) return []
    const what = `${name}${given[name] === undefined ? ' is not set' : `=${given[name]}`}`
    return `${what}: ${ALLOWED[name] ?? Value.Errors(schema, value)[0]?.message}`
  })
  faults.push(...findModeFaults(variables), ...findAddressFaults(variables))
  if (faults.length > 0) throw new Error(`bad configuration\n  ${faults.join('\n  ')}`)
  return variables
}

function readAuth (variables: Variables): AuthConfig {
  const { AUTH_MODE: mode, OIDC_ISSUER: issuer } = variables
  if (mode === 'kubernetes') return { mode, audiences: splitNames(variables.TOKEN_AUDIENCES) }
  // the check above saw that the issuer is set
  if (mode === 'none' || issuer === undefined) return { mode: 'none' }
  return {
    mode,
    issuer,
    audiences: splitNames(variables.OIDC_AUDIENCE),
    jwksUrl: variables.OIDC_JWKS_URL,
    userClaim: variables.OIDC_USER_CLAIM,
    groupsClaim: variables.OIDC_GROUPS_CLAIM,
    clockSkewSeconds: variables.OIDC_CLOCK_SKEW_SECONDS
  }
}

function splitNames (list = ''): string[] {
  return list
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

/**
 * Refuses settings of another mode: somebody would believe in a login that is not there.
 */
function findModeFaults (variables: Variables): string[] {
  const { AUTH_MODE: mode } = variables
  const needed =
    mode === 'oidc'
      ? (['OIDC_ISSUER', 'OIDC_AUDIENCE'] as const).filter(name => variables[name] === undefined)
      : []
  const useless = [
    ...(mode === 'oidc' ? [] : (['OIDC_ISSUER', 'OIDC_AUDIENCE', 'OIDC_JWKS_URL'] as const)),
    ...(mode === 'kubernetes' ? [] : (['TOKEN_AUDIENCES'] as const))
  ].filter(name => variables[name] !== undefined)
  return [
    ...needed.map(name => `${name} is not set: AUTH_MODE=oidc needs it`),
    ...useless.map(name => `${name}=${variables[name]}: has no effect with AUTH_MODE=${mode}`)
  ]
}

/** Finds what the pattern lets through and no address can have: a port above 65535. */
function findAddressFaults ({ REPLICA_ADDRESSES: given = '' }: Variables): string[] {
  const isFine = splitNames(given).every(address => URL.canParse(`http://${address}`))
  return isFine ? [] : [`REPLICA_ADDRESSES=${given}: has a port that can't be`]
}

/** Words for what is allowed, where the schema has no clear ones. */
const ALLOWED: Readonly<Record<string, string>> = {
  AUTH_MODE:
    'must be kubernetes (tokens of the cluster), oidc (tokens of an OpenID provider) or none (no login: whoever reaches the service may do everything)',
  DATA_PATH: 'must be revision or route',
  IMAGE_ALLOW_LIST:
    'must list the images that may be deployed, e.g. registry.example.com/models/*; * allows all',
  IMAGE_PULL_SECRETS: 'must be names of secrets, separated by commas',
  LOG_LEVEL: 'must be trace, debug, info, warn, error, fatal or silent',
  OIDC_AUDIENCE: 'must be one or more audiences with commas between them',
  OIDC_ISSUER:
    "must be an https URL as it stands in the tokens' iss (http only for this machine itself)",
  OIDC_JWKS_URL: 'must be an https URL (http only for this machine itself)',
  REPLICA_ADDRESSES:
    'must be host:port with commas between them, e.g. scr-modelops-replicas:8080',
  TOKEN_AUDIENCES: 'must be one or more audiences with commas between them',
  NAMESPACE: "must be a namespace's name",
  PUBLIC_URL:
    'must be an http or https URL, perhaps with a path of letters, digits and ._~-, without a query',
  SCORING_GATEWAY_URL: 'must be an http or https URL without a path'
}
