import type { Dispatcher } from 'undici'
import { DomainError } from '../../../domain/errors.js'
import {
  modelBeingDeleted,
  modelConflict,
  modelNotFound
} from '../../../domain/models/model/model-faults.js'

/**
 * An answer of the API server with a status of 400 or more. It holds no header and no body, since
 * these may carry credentials.
 */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  /** HTTP status; for the ERROR event of a watch, its `code`. */
  readonly status: number
  /** The machine-readable word of a Status object, e.g. `Conflict`; '' when there is none. */
  readonly reason: string
  readonly retryAfterSeconds: number | undefined

  constructor (status: number, reason: string, message: string, retryAfterSeconds?: number) {
    super(message)
    this.status = status
    this.reason = reason
    this.retryAfterSeconds = retryAfterSeconds
  }
}

interface StatusObject {
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly retryAfterSeconds?: number }
}

/** From a refusal's body: a Status object, or plain text as for unknown resources. */
export async function readFailure ({
  statusCode,
  headers,
  body
}: Dispatcher.ResponseData): Promise<ApiFailure> {
  const text = await body.text()
  const { reason = '', message = text.slice(0, 500), details } = parseStatus(text)
  const [retryAfter] = [headers['retry-after']].flat()
  const seconds =
    details?.retryAfterSeconds ?? (retryAfter === undefined ? undefined : Number(retryAfter))
  return new ApiFailure(
    statusCode,
    reason,
    message,
    Number.isFinite(seconds) ? seconds : undefined
  )
}

function parseStatus (body: string): StatusObject {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

export function isConflict (error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 409 && error.reason === 'Conflict'
}

export function isNotFound (error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 404
}

/** A resourceVersion or continue token that the API server has forgotten. */
export function isGone (error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 410
}

/** No answer: refused, reset, timed out, a certificate that does not fit. */
export function apiUnreachable (cause: unknown): DomainError {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown }
  return new DomainError(
    'cluster-unreachable',
    `the cluster's API did not answer (${typeof code === 'string' ? code : String(message)})`,
    { cause, retryAfterSeconds: 5 }
  )
}

/** What was tried, in words of RBAC. */
export interface Attempt {
  readonly verb: string
  readonly resource: string
  readonly namespace: string
  readonly name?: string
}

/**
 * The one place where an answer of the API server becomes a fault of the domain. Another error
 * comes back as it is.
 */
export function translateFailure (
  error: unknown,
  { verb, resource, namespace, name = '' }: Attempt
): unknown {
  if (!(error instanceof ApiFailure)) return error
  const cause = error
  switch (error.status) {
    case 400:
    case 413:
    case 422:
      return new DomainError('model-invalid', tidyMessage(error.message), { cause })
    case 401:
      return new DomainError(
        'cluster-forbidden',
        'the cluster does not accept the credentials of this service',
        { cause, remedy: 'ask the platform engineer to check the service account of this service' }
      )
    case 403:
      return forbiddenOrInvalid(error, { verb, resource, namespace })
    case 404:
      return modelNotFound(name, cause)
    case 409:
      if (error.message.startsWith('object is being deleted')) return modelBeingDeleted(name, cause)
      return error.reason === 'AlreadyExists'
        ? new DomainError('model-exists', `a model ${JSON.stringify(name)} exists already`, {
          cause
        })
        : modelConflict(name, cause)
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return new DomainError(
        'cluster-busy',
        `the cluster's API is overloaded or not in order (${error.status} ${error.reason})`,
        { cause, retryAfterSeconds: error.retryAfterSeconds ?? 5 }
      )
    default:
      return error
  }
}

/**
 * Quotas and admission policies answer 403, too. These refusals are about the model, not about the
 * rights of the service.
 */
function forbiddenOrInvalid (
  error: ApiFailure,
  { verb, resource, namespace }: Attempt
): DomainError {
  if (!error.message.includes(' cannot ')) {
    return new DomainError('model-invalid', tidyMessage(error.message), { cause: error })
  }
  return new DomainError(
    'cluster-forbidden',
    `the service account lacks the right to ${verb} ${resource} in ${namespace}`,
    {
      cause: error,
      remedy: `ask the platform engineer to add ${verb} on ${resource} to the Role of this service in ${namespace} (scr-modelops in deploy/base/role.yaml)`
    }
  )
}

const FIELDS: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /spec\.template\.metadata\.annotations\[?\.?autoscaling\.knative\.dev\/target-burst-capacity\]?/g,
    'scaling.burstCapacity'
  ],
  [
    /(?:spec\.template\.metadata\.annotations\.?\[?)?autoscaling\.knative\.dev\/min-?[sS]cale\]?/g,
    'scaling.minScale'
  ],
  [
    /(?:spec\.template\.metadata\.annotations\.?\[?)?autoscaling\.knative\.dev\/max-?[sS]cale\]?/g,
    'scaling.maxScale'
  ],
  [
    /(?:spec\.template\.metadata\.annotations\.?\[?)?autoscaling\.knative\.dev\/initial-?[sS]cale\]?/g,
    'scaling.initialScale'
  ],
  [
    /(?:spec\.template\.metadata\.annotations\.?\[?)?autoscaling\.knative\.dev\/scale-to-zero-pod-retention-period\]?/g,
    'scaling.retention'
  ],
  [
    /(?:spec\.template\.metadata\.annotations\.?\[?)?autoscaling\.knative\.dev\/(window|target|metric)\]?/g,
    'scaling.$1'
  ],
  [/spec\.template\.spec\.containers\[\d+\]\.ports\[\d+\]\.containerPort/g, 'port'],
  [/spec\.template\.spec\.containers\[\d+\]\.(image|env|resources)/g, '$1'],
  [/spec\.template\.spec\.(containerConcurrency|timeoutSeconds|imagePullSecrets)/g, '$1'],
  [/spec\.traffic/g, 'traffic']
]

/**
 * Leaves out the webhook's name, makes one line, and writes the paths of a ksvc as those of a
 * model.
 */
function tidyMessage (message: string): string {
  const text = message
    .replace(/^admission webhook "[^"]*" denied the request: /, '')
    .replace(/^validation failed: /, '')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .join('; ')
  return FIELDS.reduce((tidy, [path, field]) => tidy.replaceAll(path, field), text)
}
