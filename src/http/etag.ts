import { invalidFields } from '../domain/errors.js'

export function etagOf (version: string): string {
  return `"${version}"`
}

export interface Preconditions {
  /** The version of If-Match. */
  readonly ifMatch?: string
  /** If-Match: *. */
  readonly mustExist: boolean
  /** If-None-Match: *. */
  readonly mustBeNew: boolean
}

interface Headers { readonly 'if-match'?: string | undefined, readonly 'if-none-match'?: string | undefined }

/**
 * The preconditions of a write (RFC 9110 13.1). A weak tag counts like a strong one: proxies that compress weaken ours. Quotes may be
 * missing. @throws `request-invalid` for lists of tags, and for If-None-Match with a tag
 */
export function preconditions ({ 'if-match': ifMatch, 'if-none-match': ifNoneMatch }: Headers): Preconditions {
  const [, version] = /^\s*(?:W\/)?"?([^",\s]+)"?\s*$/.exec(ifMatch ?? '') ?? []
  if (ifMatch !== undefined && version === undefined) {
    throw invalidFields([{ field: 'header.If-Match', detail: 'is not one ETag', remedy: 'send the ETag of the last answer, or *' }])
  }
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw invalidFields([{ field: 'header.If-None-Match', detail: 'is understood as * only', remedy: 'send * to create and never replace, or leave it out' }])
  }
  return { ...(version === undefined || version === '*' ? {} : { ifMatch: version }), mustExist: version === '*', mustBeNew: ifNoneMatch !== undefined }
}
