/**
 * Everything that can go wrong, in the terms of this service. The set is closed, so that the
 * compiler requires a status and advice for each fault in `http/problem.ts`.
 */
export type Fault =
  // who the caller is
  | 'unauthenticated' // no token, or one that is not accepted
  | 'forbidden' // the caller lacks the right
  | 'login-unavailable' // the caller's identity or rights can't be checked now
  // what the caller sent
  | 'request-unreadable' // the body can't be parsed
  | 'url-too-long'
  | 'headers-too-large'
  | 'expectation-unsupported' // the Expect header asks for something unknown
  | 'request-invalid' // the request was parsed but breaks a rule; `fields` says which
  | 'media-type-unsupported'
  | 'answer-type-unsupported'
  | 'upload-too-large'
  | 'upload-stalled'
  | 'upload-incomplete'
  | 'csv-invalid' // encoding, ragged row, duplicate or empty header …; the line is in the message
  | 'columns-missing'
  | 'row-invalid' // a cell that does not fit its variable's type
  | 'row-refused' // the model itself refused the row
  | 'row-answer-invalid' // the model's answer to the row is not what it declares, or has no score
  | 'row-answer-unreadable' // the model's answer to the row is not JSON
  // models and revisions
  | 'model-not-found'
  | 'model-exists'
  | 'model-being-deleted'
  | 'model-invalid' // the cluster's own validation refused it
  | 'model-changed' // If-Match names an older version
  | 'model-conflict' // others kept writing between our read and our write
  | 'model-pinned' // a new template would get no traffic
  | 'model-failed' // the caller waited for the model, and it failed for good
  | 'model-not-ready' // no revision of it can serve yet
  | 'revision-not-found'
  | 'pod-not-found'
  | 'revision-in-use' // the revision is routed, is the latest, or is needed by rollback
  | 'nothing-to-roll-back'
  | 'revision-not-addressable' // the revision has no address that this service can reach
  | 'signatures-conflict'
  // scorings
  | 'scoring-not-found'
  | 'scoring-stopped' // by somebody who may
  // the model servers
  | 'model-unreachable' // no connection was made, so nothing was sent
  | 'model-cut-off' // the connection ended early: the row may have been scored
  | 'model-overloaded' // the platform refused the row before the model saw it
  | 'model-unavailable' // the platform answered in the model's place (502, empty 500)
  | 'model-timeout'
  | 'model-answer-invalid'
  | 'signature-unknown'
  | 'signature-invalid' // rows can't be scored by the model's description: bad types, no variables
  // the cluster
  | 'cluster-forbidden'
  | 'cluster-busy'
  | 'cluster-unreachable'
  // this service
  | 'service-busy' // the service already has as many requests as it takes
  | 'deadline-passed' // the time that the caller gave for the whole request is over
  | 'spool-full'
  | 'spool-unusable' // the spool's folder can't be written any more
  | 'service-stopping'
  | 'replica-unreachable' // another one, which may have what is asked for
  | 'caller-gone'

/**
 * One field that breaks a rule. `field` is its path as the caller wrote it, e.g. `scaling.window`
 * or `query.wait`.
 */
export interface FieldFault {
  readonly field: string
  readonly detail: string
  readonly remedy?: string
}

export interface DomainErrorDetails {
  readonly cause?: unknown
  /** After how many whole seconds it makes sense to repeat the call. */
  readonly retryAfterSeconds?: number
  /** Replaces the fault's general advice where better advice is known. */
  readonly remedy?: string
  readonly fields?: readonly FieldFault[]
  /**
   * Further members of the problem document, e.g. the present ETag. They never hold secrets or cell
   * values of other rows.
   */
  readonly extra?: Readonly<Record<string, unknown>>
}

/**
 * A failure that the user can be told about. `message` says what happened to which model, row or
 * column.
 */
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

/** Makes one fault of all fields that break a rule; its message lists them all. */
export function invalidFields (fields: readonly FieldFault[], cause?: unknown): DomainError {
  const message = fields.map(({ field, detail }) => `${field}: ${detail}`).join('; ')
  const remedies = fields.flatMap(({ remedy }) => remedy ?? [])
  return new DomainError('request-invalid', message, {
    cause,
    fields,
    ...(remedies.length > 0 ? { remedy: remedies.join('; ') } : {})
  })
}

export function isFault (error: unknown, ...faults: readonly Fault[]): error is DomainError {
  return error instanceof DomainError && faults.includes(error.fault)
}
