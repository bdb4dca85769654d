import type { Resource } from '../resource.js'
import { failure } from '../status-errors.js'
import { ADMIN } from './accounts.js'

/**
 * A rule by which the API server refuses requests, so that tests see how a client reacts. Without a
 * verb or a resource the rule matches all of them.
 */
export interface Refusal {
  /** one of get, list, watch, create, update, patch, delete */
  readonly verb?: string
  /** the plural name, e.g. `services` */
  readonly resource?: string
  /** the status of the answer: 403, 429, 500, 503 … */
  readonly status: number
  readonly reason?: string
  readonly message?: string
  /** the value of the header Retry-After */
  readonly retryAfterSeconds?: number
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  409: 'Conflict',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout'
}

/**
 * Refuses a request that matches the rule. A 403 names user, verb and resource as the recorded ones
 * do.
 */
export function refuseByRule (
  rule: Refusal | undefined,
  verb: string,
  target: {
    resource: Pick<Resource, 'group' | 'plural'>
    namespace: string | undefined
    name: string | undefined
    subresource: string | undefined
  }
): void {
  if (
    rule === undefined ||
    (rule.verb ?? verb) !== verb ||
    (rule.resource ?? target.resource.plural) !== target.resource.plural
  ) {
    return
  }
  const { group, plural } = target.resource
  const qualified = group === '' ? plural : `${plural}.${group}`
  const asked = target.subresource === undefined ? plural : `${plural}/${target.subresource}`
  const forbidden =
    `${qualified}${target.name === undefined ? '' : ` "${target.name}"`} is forbidden: User "${ADMIN.username}" cannot ${verb} resource ` +
    `"${asked}" in API group "${group}" in the namespace "${target.namespace ?? ''}"`
  const retry = rule.retryAfterSeconds
  throw failure({
    code: rule.status,
    reason: rule.reason ?? REASONS[rule.status] ?? 'Unknown',
    message:
      rule.message ?? (rule.status === 403 ? forbidden : (REASONS[rule.status] ?? 'refused')),
    details: {
      ...(target.name !== undefined && { name: target.name }),
      ...(group !== '' && { group }),
      kind: plural,
      ...(retry !== undefined && { retryAfterSeconds: retry })
    },
    headers: retry === undefined ? {} : { 'Retry-After': String(retry) }
  })
}
