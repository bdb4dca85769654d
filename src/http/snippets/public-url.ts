import type { IncomingHttpHeaders } from 'node:http'
import { invalidFields } from '../../domain/errors.js'

/**
 * A host name or address with an optional port. It holds no character that is special to a shell,
 * Python or SAS, because programs are made with it.
 */
const HOST = /^(?:[a-z\d][a-z\d._-]*|\[[a-f\d:.]+\])(?::\d{1,5})?$/i
const HOST_MAX = 260
const PROTOCOL = /^https?$/

/**
 * Returns the service's address for this caller, without a slash at its end. It is PUBLIC_URL where
 * that is set, else what a proxy forwarded (the first of a list), else Host.
 * @throws DomainError `request-invalid` when that is no address
 */
export function publicUrl (headers: IncomingHttpHeaders, setting: string | undefined): string {
  if (setting !== undefined) return setting
  const protocol = forwarded(headers, 'x-forwarded-proto')?.toLowerCase() ?? 'http'
  if (!PROTOCOL.test(protocol)) throw notAnAddress('X-Forwarded-Proto')
  const host = forwarded(headers, 'x-forwarded-host') ?? headers.host ?? ''
  if (host.length > HOST_MAX || !HOST.test(host)) {
    throw notAnAddress(headers['x-forwarded-host'] === undefined ? 'Host' : 'X-Forwarded-Host')
  }
  return `${protocol}://${host}`
}

function forwarded (headers: IncomingHttpHeaders, name: string): string | undefined {
  return headers[name]?.toString().split(',', 1)[0]!.trim()
}

function notAnAddress (header: string): Error {
  return invalidFields([
    {
      field: `header.${header}`,
      detail: 'is not what an address begins with',
      remedy:
        'call the service by its address; if a proxy changes it, ask the platform engineer to set PUBLIC_URL'
    }
  ])
}
