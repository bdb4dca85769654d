import { DomainError } from '../errors.js'
import type { Json } from './json.js'
import { JsonFault, readJson } from './read-json.js'

/**
 * Reads JSON that a caller sent. `place` says in the message where it stood.
 * @throws DomainError `request-unreadable` for text that isn't JSON, `request-invalid` for JSON
 *   that can't be taken whole: a repeated name, values nested too deep, half a character
 */
export function readWithPlace (text: string, place: string, remedy?: string): Json {
  try {
    return readJson(text)
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    const details = { cause: error, ...(remedy === undefined ? {} : { remedy }) }
    if (error.kind === 'syntax' || error.kind === 'number') {
      throw new DomainError('request-unreadable', `${place} is not JSON: ${error.message}`, details)
    }
    throw new DomainError('request-invalid', `${place} can't be taken: ${error.message}`, {
      cause: error,
      remedy: REMEDIES[error.kind]
    })
  }
}

const REMEDIES = {
  duplicate: 'give each member of an object a name of its own',
  depth: 'send values that are nested less deep',
  text: 'write characters beyond U+FFFF as themselves, or as both halves: \\ud83d\\ude00'
}
