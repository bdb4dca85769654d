import { qualified, type Resource } from './resource.js'

/** A failure to be answered with Kubernetes' `Status` object. */
export class StatusError extends Error {
  constructor (
    readonly code: number,
    readonly body: object,
    readonly headers: Readonly<Record<string, string>> = {}
  ) {
    super(`${code}`)
  }
}

interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

interface Failure {
  readonly code: number
  readonly message: string
  readonly reason?: string
  readonly details?: object
  readonly metadata?: object
  readonly headers?: Readonly<Record<string, string>>
}

export function failure ({
  code,
  message,
  reason,
  details,
  metadata = {},
  headers = {}
}: Failure): StatusError {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    ...(reason !== undefined && { reason }),
    ...(details && { details }),
    code
  }
  return new StatusError(code, body, headers)
}

const details = (resource: Resource, name: string) => ({
  name,
  ...(resource.group !== '' && { group: resource.group }),
  kind: resource.plural
})

export const badRequest = (message: string): StatusError =>
  failure({ code: 400, reason: 'BadRequest', message })

export const notFound = (resource: Resource, name: string): StatusError =>
  failure({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(resource)} "${name}" not found`,
    details: details(resource, name)
  })

export const namespaceNotFound = (name: string): StatusError =>
  failure({
    code: 404,
    reason: 'NotFound',
    message: `namespaces "${name}" not found`,
    details: { name, kind: 'namespaces' }
  })

export const alreadyExists = (resource: Resource, name: string, deleting: boolean): StatusError =>
  failure({
    code: 409,
    reason: 'AlreadyExists',
    message: `${deleting ? 'object is being deleted: ' : ''}${qualified(resource)} "${name}" already exists`,
    details: details(resource, name)
  })

export const conflict = (resource: Resource, name: string, why?: string): StatusError =>
  failure({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${
      why ??
      'the object has been modified; please apply your changes to the latest version and try again'
    }`,
    details: details(resource, name)
  })

/** Makes a 422. The message calls kind and group invalid: `Service.serving.knative.dev`. */
export function invalid (
  kind: string,
  group: string,
  name: string,
  causes: readonly Cause[]
): StatusError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`)
  return failure({
    code: 422,
    reason: 'Invalid',
    message: `${kind}${group === '' ? '' : `.${group}`} "${name}" is invalid: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}`,
    details: { ...(name !== '' && { name }), ...(group !== '' && { group }), kind, causes }
  })
}

export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  failure({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  })

export const notAcceptable = (): StatusError =>
  failure({
    code: 406,
    reason: 'NotAcceptable',
    message:
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf'
  })

export const methodNotAllowed = (): StatusError =>
  failure({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {}
  })

/** Makes a 500 for a fault of the simulator itself. */
export const internalError = (error: unknown): StatusError =>
  failure({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${error instanceof Error ? error.stack : String(error)}`
  })

/** Makes a 410: the requested version has been compacted away. */
export const expired = (message: string, metadata: object = {}): StatusError =>
  failure({ code: 410, reason: 'Expired', message, metadata })

export const tooLargeVersion = (asked: number, current: number): StatusError =>
  failure({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1
    },
    headers: { 'Retry-After': '1' }
  })
