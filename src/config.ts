import { tmpdir } from 'node:os'
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'

/** Words of visible characters with commas between them. */
const NAMES = '^[!-+\\--~]+(,[!-+\\--~]+)*$'
/** Keys that come over plain HTTP can be anybody's: only from this machine itself. */
const SAFE_URL = '^(https://[^/?#]+|http://(localhost|127\\.0\\.0\\.1)(:\\d+)?)(/[^?#]*)?$'

const bytes = (fallback: number) => Type.Integer({ minimum: 1, default: fallback })

/** The name of a Kubernetes object. */
const SECRET = '[a-z0-9]([-.a-z0-9]*[a-z0-9])?'

/** What the environment may say. Names carry their unit. */
const Environment = Type.Object({
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
  HOST: Type.String({ default: '0.0.0.0' }),
  LOG_LEVEL: Type.Union(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map(level => Type.Literal(level)), { default: 'info' }),
  /** A file; unset: the service account of the pod. */
  KUBECONFIG: Type.Optional(Type.String()),
  NAMESPACE: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63, default: 'sas-model-inference' }),
  /** The ingress, from outside the cluster: the model's host goes into the Host header. */
  SCORING_GATEWAY_URL: Type.Optional(Type.String({ pattern: '^https?://[^/]+/?$' })),
  /** `revision`: each revision's own service, inside the cluster; `route`: the model's URL. */
  DATA_PATH: Type.Optional(Type.Union([Type.Literal('revision'), Type.Literal('route')])),
  /** No default: running without a login has to be said. */
  AUTH_MODE: Type.Union([Type.Literal('none'), Type.Literal('kubernetes'), Type.Literal('oidc')]),
  /** What the cluster's tokens have to be made for, comma separated; unset: for the cluster's own API. */
  TOKEN_AUDIENCES: Type.Optional(Type.String({ pattern: NAMES })),
  /** As in the tokens' `iss`. */
  OIDC_ISSUER: Type.Optional(Type.String({ pattern: SAFE_URL })),
  /** One of them has to be in the tokens' `aud`; comma separated. */
  OIDC_AUDIENCE: Type.Optional(Type.String({ pattern: NAMES })),
  /** Where the issuer's keys are, when it has no discovery document under its name. */
  OIDC_JWKS_URL: Type.Optional(Type.String({ pattern: SAFE_URL })),
  OIDC_USER_CLAIM: Type.String({ default: 'sub' }),
  /** A text or a list of texts; a token may have none. */
  OIDC_GROUPS_CLAIM: Type.String({ default: 'groups' }),
  OIDC_CLOCK_SKEW_SECONDS: Type.Integer({ minimum: 0, maximum: 600, default: 30 }),
  /** Comma separated patterns with `*`; no default: `*` allows all and has to be said. */
  IMAGE_ALLOW_LIST: Type.String({ minLength: 1 }),
  /** Comma separated names of secrets in NAMESPACE, for models that name none. */
  IMAGE_PULL_SECRETS: Type.Optional(Type.String({ pattern: `^ *${SECRET}( *, *${SECRET})* *$` })),
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

/** Not Value.Convert, which makes 1 of "1.5" and of "true". */
const WHOLE_NUMBERS = new Set(
  Object.entries(Environment.properties).filter(([, schema]) => 'type' in schema && schema.type === 'integer').map(([name]) => name)
)

export type Config = Readonly<Static<typeof Environment>> & { readonly DATA_PATH: 'revision' | 'route' }

/** Reads the environment once. Throws one error naming every bad variable, its value and what is allowed; `''` counts as unset. */
export function readConfig (env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, text]) => text !== ''))
  const isNumber = (name: string, text = '') => WHOLE_NUMBERS.has(name) && /^-?\d+$/.test(text)
  const typed = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, isNumber(name, text) ? Number(text) : text]))
  const config = Value.Clean(Environment, Value.Default(Environment, typed)) as Static<typeof Environment>
  // one by one: Value.Errors of the whole stops after eight errors, which a single union can fill
  const faults = Object.entries(Environment.properties).flatMap(([name, schema]) => {
    const value = (config as Readonly<Record<string, unknown>>)[name]
    if (value === undefined ? !(Environment.required as readonly string[]).includes(name) : Value.Check(schema, value)) return []
    return `${name}${given[name] === undefined ? ' is not set' : `=${given[name]}`}: ${ALLOWED[name] ?? Value.Errors(schema, value)[0]?.message}`
  })
  faults.push(...modeFaults(config))
  if (faults.length > 0) throw new Error(`bad configuration\n  ${faults.join('\n  ')}`)
  return Object.freeze({ ...config, DATA_PATH: config.DATA_PATH ?? (config.SCORING_GATEWAY_URL === undefined ? 'revision' : 'route') })
}

export function secretNames (text = ''): string[] {
  return text.split(',').map(name => name.trim()).filter(name => name !== '')
}

/** Settings without the mode they are for would be a login that somebody believes in and nobody has. */
function modeFaults (config: Static<typeof Environment>): string[] {
  const { AUTH_MODE: mode } = config
  const needed = mode === 'oidc' ? (['OIDC_ISSUER', 'OIDC_AUDIENCE'] as const).filter(name => config[name] === undefined) : []
  const useless = [
    ...(mode === 'oidc' ? [] : (['OIDC_ISSUER', 'OIDC_AUDIENCE', 'OIDC_JWKS_URL'] as const)), ...(mode === 'kubernetes' ? [] : ['TOKEN_AUDIENCES'] as const)
  ].filter(name => config[name] !== undefined)
  return [
    ...needed.map(name => `${name} is not set: AUTH_MODE=oidc needs it`),
    ...useless.map(name => `${name}=${config[name]}: has no effect with AUTH_MODE=${mode}`)
  ]
}

/** What is allowed, where the schema's own words would not tell. */
const ALLOWED: Readonly<Record<string, string>> = {
  AUTH_MODE: 'must be kubernetes (tokens of the cluster), oidc (tokens of an OpenID provider) or none (no login: whoever reaches the service may do everything)',
  DATA_PATH: 'must be revision or route',
  IMAGE_ALLOW_LIST: 'must list the images that may be deployed, e.g. registry.example.com/models/*; * allows all',
  IMAGE_PULL_SECRETS: 'must be names of secrets, separated by commas',
  LOG_LEVEL: 'must be trace, debug, info, warn, error, fatal or silent',
  OIDC_AUDIENCE: 'must be one or more audiences with commas between them',
  OIDC_ISSUER: 'must be an https URL as it stands in the tokens\' iss (http only for this machine itself)',
  OIDC_JWKS_URL: 'must be an https URL (http only for this machine itself)',
  TOKEN_AUDIENCES: 'must be one or more audiences with commas between them',
  NAMESPACE: 'must be a namespace\'s name',
  SCORING_GATEWAY_URL: 'must be an http or https URL without a path'
}
