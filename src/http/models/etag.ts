import { invalidFields } from '../../domain/errors.js'
import type { Preconditions } from '../../domain/models/write-model.js'

export function etagOf (version: string): string {
  return `"${version}"`
}

interface Headers {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
}

/**
 * The preconditions of a write (RFC 9110 13.1). A weak tag counts like a strong one, because
 * proxies that compress weaken ours. Around a single tag the quotes may be missing.
 * @throws `request-invalid` for what is no list of tags, and for If-None-Match with a tag
 */
export function readPreconditions ({
  'if-match': ifMatch,
  'if-none-match': ifNoneMatch
}: Headers): Preconditions {
  const mustExist = ifMatch?.trim() === '*'
  const tags = ifMatch === undefined || mustExist ? undefined : readTags(ifMatch)
  if (ifMatch !== undefined && !mustExist && tags === undefined) {
    throw invalidFields([
      {
        field: 'header.If-Match',
        detail: 'is no ETag and no list of ETags',
        remedy: 'send the ETag of the last answer, several with commas between them, or *'
      }
    ])
  }
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw invalidFields([
      {
        field: 'header.If-None-Match',
        detail: 'is understood as * only',
        remedy: 'send * to create and never replace, or leave it out'
      }
    ])
  }
  return {
    ...(tags === undefined ? {} : { ifMatch: tags }),
    mustExist,
    mustBeNew: ifNoneMatch !== undefined
  }
}

/**
 * A tag may hold commas and blanks. Elements of a list may be empty; undefined when none is a tag,
 * or one is something else.
 */
function readTags (list: string): string[] | undefined {
  const [, bare] = /^[\t ]*(?:W\/)?([^"*,\s]+)[\t ]*$/.exec(list) ?? []
  if (bare !== undefined) return [bare]
  const tags: string[] = []
  const element = /[\t ]*(?:(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*)?(,|$)/y
  while (element.lastIndex < list.length) {
    const [, tag, end] = element.exec(list) ?? []
    if (end === undefined) return undefined
    if (tag !== undefined) tags.push(tag)
  }
  return tags.length === 0 ? undefined : tags
}
