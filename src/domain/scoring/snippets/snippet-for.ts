import { curlSnippet } from './curl.js'
import { pandasSnippet, pythonSnippet } from './python.js'
import { procHttpSnippet, sasSnippet } from './sas.js'
import type { ScoreCall } from './score-call.js'

const SNIPPETS = {
  curl: curlSnippet,
  python: pythonSnippet,
  pandas: pandasSnippet,
  sas: sasSnippet,
  'proc-http': procHttpSnippet
}

export type Language = keyof typeof SNIPPETS
export const LANGUAGES = Object.keys(SNIPPETS) as Language[]

/**
 * Writes a program that scores one row, ready to paste: it has the service's address, the model's
 * columns, and a value for each.
 * @throws DomainError `signature-unknown` when the model describes nothing; `request-invalid` when
 *   the language can't write the name of an input
 */
export function snippetFor (language: Language, call: ScoreCall): string {
  return SNIPPETS[language](call)
}
