import { DomainError, invalidFields } from '../../errors.js'
import { csvLine } from '../answer/csv-bytes.js'
import { shortName } from '../tables/columns.js'
import type { InputVariable, Signature } from '../scorer/signature.js'

/** The score call that a snippet makes. */
export interface ScoreCall {
  /** The service's address for its callers, without a slash at its end. */
  readonly url: string
  readonly model: string
  readonly signature: Signature
  /** Whether callers have to log in. */
  readonly needsToken: boolean
}

/** An input of the model, and an example value as in JSON. */
export interface ExampleCell extends InputVariable {
  readonly value: number | string
}

/** The environment variable with the caller's token, the same as for the Python package. */
export const TOKEN_VARIABLE = 'SCR_MODELOPS_TOKEN'

/** Control and other invisible characters, which mean more than a letter to a terminal or SAS. */
const UNSEEN = /\p{C}/u

/**
 * Makes a row with a value of the right type for each input. The values are invented, since a
 * description has no examples.
 * @throws DomainError `signature-unknown` when the model describes nothing
 */
export function exampleRow ({ model, signature: { inputs, inferred } }: ScoreCall): ExampleCell[] {
  if (inferred) {
    throw new DomainError(
      'signature-unknown',
      `${model} describes nothing of itself: its columns are not known`,
      { remedy: 'send a file that has the columns the model was made for; /docs shows the call' }
    )
  }
  return inputs.map(input => ({ ...input, value: exampleOf(input) }))
}

function exampleOf ({ type, format }: InputVariable): number | string {
  if (type === 'number') return 1
  return format === 'json' ? '[]' : 'A'
}

const csv = csvLine({ delimiter: ',' })

/** Writes the cells as a line of CSV, without the line end. */
export function csvText (cells: readonly unknown[]): string {
  return csv(cells).slice(0, -1)
}

export function scoreUrl ({ url, model }: ScoreCall): string {
  return `${url}/models/${encodeURIComponent(model)}/score`
}

/**
 * Refuses names with control characters, which could run something when pasted into a terminal.
 * @throws DomainError `request-invalid`
 */
export function refuseUnseen (row: readonly ExampleCell[], language: string): void {
  const odd = row.find(({ name }) => UNSEEN.test(name))
  if (odd !== undefined) throw nameRefused(odd.name, `can't be written in ${language}`)
}

/** The error for an input whose name the language can't write. */
export function nameRefused (name: string, why: string): DomainError {
  return invalidFields([
    {
      field: 'query.for',
      detail: `the input ${JSON.stringify(shortName(name))} ${why}`,
      remedy: 'ask for=python, which writes any name'
    }
  ])
}
