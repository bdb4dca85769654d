/**
 * Everything that can go wrong in the terms of this service: a closed set, so that the compiler asks `http/problem.ts`
 * for the status and the advice of each.
 */
export type Fault =
  // who sent it
  | 'unauthenticated' // no token, or one that is not accepted
  | 'forbidden' // the caller lacks the right
  | 'login-unavailable' // nobody can tell who the caller is, or what they may do
  // what the caller sent
  | 'request-unreadable' // can't be parsed
  | 'request-invalid' // parsed, but breaks a rule; `fields` says which
  | 'media-type-unsupported'
  | 'answer-type-unsupported'
  | 'upload-too-large'
  | 'upload-stalled'
  | 'upload-incomplete'
  | 'csv-invalid' // encoding, ragged row, duplicate or empty header …; the line is in the message
  | 'columns-missing'
  | 'row-invalid' // a cell that does not fit its variable's type
  | 'row-refused' // the model itself refused the row
  // models and revisions
  | 'model-not-found'
  | 'model-exists'
  | 'model-being-deleted'
  | 'model-invalid' // the cluster's own validation refused it
  | 'model-changed' // If-Match names an older version
  | 'model-conflict' // others kept writing between our read and our write
  | 'model-pinned' // a new template would get no traffic
  | 'model-failed' // waited for, and it failed for good
  | 'model-not-ready' // nothing of it can serve yet
  | 'revision-not-found'
  | 'pod-not-found'
  | 'revision-in-use' // routed, the latest, or needed by rollback
  | 'nothing-to-roll-back'
  | 'revision-not-addressable' // exists, but has no address from where this service runs
  | 'signatures-conflict'
  // the model servers
  | 'model-unreachable' // nothing was sent
  | 'model-cut-off' // the connection ended early: the row may have been scored
  | 'model-overloaded' // refused before the model saw it
  | 'model-unavailable' // the platform in front of the model answered for it (502, empty 500)
  | 'model-timeout'
  | 'model-answer-invalid'
  | 'signature-unknown'
  // the cluster
  | 'cluster-forbidden'
  | 'cluster-busy'
  | 'cluster-unreachable'
  // this service
  | 'service-busy' // as many requests as it takes
  | 'deadline-passed' // the time that the caller gave for the whole request
  | 'spool-full'
  | 'service-stopping'
  | 'caller-gone'

/** One field that breaks a rule: `field` as a path the caller wrote, e.g. `scaling.window` or `query.wait`. */
export interface FieldFault { readonly field: string, readonly detail: string, readonly remedy?: string }

export interface DomainErrorDetails {
  readonly cause?: unknown
  /** When a repetition makes sense, whole seconds. */
  readonly retryAfterSeconds?: number
  /** Replaces the fault's general advice where a better one is known. */
  readonly remedy?: string
  readonly fields?: readonly FieldFault[]
  /** Further members of the problem document, e.g. the present ETag. Never secrets, never cell values of other rows. */
  readonly extra?: Readonly<Record<string, unknown>>
}

/** A failure the user can be told about: `message` says what happened, to which model, row or column. */
export class DomainError extends Error {
  override readonly name = 'DomainError'
  readonly fault: Fault
  readonly details: DomainErrorDetails

  constructor (fault: Fault, message: string, details: DomainErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.fault = fault
    this.details = details
  }
}

/** A rule broken by one or more fields; the message lists them all. */
export function invalidFields (fields: readonly FieldFault[]): DomainError {
  const message = fields.map(({ field, detail }) => `${field}: ${detail}`).join('; ')
  const remedies = fields.flatMap(({ remedy }) => remedy ?? [])
  return new DomainError('request-invalid', message, { fields, ...(remedies.length > 0 ? { remedy: remedies.join('; ') } : {}) })
}

export function isFault (error: unknown, ...faults: readonly Fault[]): error is DomainError {
  return error instanceof DomainError && faults.includes(error.fault)
}
