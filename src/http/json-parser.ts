import type { FastifyBodyParser, FastifyInstance } from 'fastify'
import { DomainError } from '../domain/errors.js'
import { ExactNumber, isJsonObject, type Json } from '../domain/json/json.js'
import { DEPTH_MAX } from '../domain/json/read-json.js'
import { readWithPlace } from '../domain/json/read-with-place.js'

/** No model and no traffic table has more. A MiB of members takes long to take apart. */
const MEMBERS_MAX = 10_000

const [QUOTE, COMMA, BACKSLASH] = [34, 44, 92]
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [91, 93, 123, 125]

/**
 * Reads JSON bodies. It uses Fastify's own parser where that loses nothing and takes short time.
 * @throws DomainError, by `done`: `request-unreadable`; `request-invalid` for a name that is there
 *   twice, a number that no double can hold, and what is too deep or too much
 */
export function jsonParser (app: FastifyInstance): FastifyBodyParser<string> {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (request, body, done) => {
    try {
      if (body !== '') checkBody(body)
    } catch (error) {
      return done(error as DomainError)
    }
    return parse(request, body, (error, value) => {
      done(error !== null && body !== '' ? fault('has a name that no field can have') : error, value)
    })
  }
}

function checkBody (text: string): void {
  const tooMuch = faultIn(text)
  if (tooMuch !== undefined) throw fault(tooMuch)
  if (hasInfinite(readWithPlace(text, 'the body'))) {
    throw fault('has a number that is larger than a double can hold')
  }
}

function fault (what: string): DomainError {
  return new DomainError('request-invalid', `the body ${what}`, {
    remedy: 'send what the call takes, as /docs has it'
  })
}

/** The depth is bounded: `checkBody` has refused deeper bodies. */
function hasInfinite (value: Json): boolean {
  if (value instanceof ExactNumber) return !Number.isFinite(Number(value.text))
  if (isJsonObject(value)) return [...value.values()].some(hasInfinite)
  return Array.isArray(value) && (value as readonly Json[]).some(hasInfinite)
}

/** Counts brackets and commas outside of strings. The parser finds what is not JSON. */
function faultIn (text: string): string | undefined {
  let members = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfText(text, at)
        break
      case COMMA:
        if (++members > MEMBERS_MAX) return `has more than ${MEMBERS_MAX} members`
        break
      case OPEN_BRACKET:
      case OPEN_BRACE:
        if (++depth > DEPTH_MAX) return `is nested more than ${DEPTH_MAX} levels deep`
        break
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth--
    }
  }
  return undefined
}

/** The index of the string's closing quote. */
function endOfText (text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}
