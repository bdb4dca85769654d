import { isDeepStrictEqual } from 'node:util'
import { ownTurn } from '../../async/breather.js'
import { DomainError, isFault } from '../../domain/errors.js'
import type { JsonObject } from '../../domain/json/json.js'
import type { Inputs } from '../../domain/scoring/scorer/scorer.js'
import type { BodyStyle } from './scr-protocol.js'

/** The outcome of a row in one form of body: its outputs, or a refusal. */
export type Outcome = { readonly outputs: JsonObject } | { readonly refusal: unknown }

/** Sends a row in one form; undefined when nothing takes rows there. @throws as Scorer.score */
export type Send = (inputs: Inputs, style: BodyStyle) => Promise<JsonObject | undefined>

/** The same for a probing call. */
type Tried = (inputs: Inputs, style: BodyStyle) => Promise<Outcome>

/** `style` is undefined when both forms, and a row of missing values, give the same answer. */
export interface Probed {
  readonly outcome: Outcome
  readonly style?: BodyStyle
  readonly blank?: Outcome
}

/**
 * Finds out by one row which form of body a model takes. An accepted form proves nothing: models
 * ignore a member that they do not know, and score a row of missing values. So this takes the form
 * whose outcome changes when all values of the row are missing. `blank` is the outcome of such a
 * row as `data`, where it is known. Returns undefined when nothing takes rows there.
 * @throws what sending the row throws; DomainError `row-answer-invalid` when the forms disagree and
 *   neither depends on the row
 */
export async function probeStyle (
  send: Send,
  inputs: Inputs,
  blank: Outcome | undefined,
  signal: AbortSignal
): Promise<Probed | undefined> {
  const byData = await outcomeOf(send, inputs, 'data')
  if (byData === undefined) return undefined
  const tryStyle = async (row: Inputs, style: BodyStyle) =>
    await outcomeOfTry(send, row, style, signal)
  if ('refusal' in byData) return await probeOtherStyles(byData, tryStyle, inputs)
  if (isBlank(inputs)) return { outcome: byData, blank: byData }

  const missing = blankOf(inputs)
  const blankData = blank ?? (await tryStyle(missing, 'data'))
  if (!isSame(byData, blankData)) return { outcome: byData, style: 'data', blank: blankData }
  const byInputs = await tryStyle(inputs, 'inputs')
  if (isSame(byData, byInputs)) return { outcome: byData, blank: blankData }
  const blankInputs = await tryStyle(missing, 'inputs')
  if (!isSame(byInputs, blankInputs)) return { outcome: byInputs, style: 'inputs' }
  if ('refusal' in byInputs) return { outcome: byData, style: 'data', blank: blankData }
  throw new DomainError(
    'row-answer-invalid',
    'the model answers {"data": …} and {"inputs": …} differently, and neither answer depends on the row',
    { remedy: 'correct the model: one of the two forms has to reach it' }
  )
}

/** A refusal may be about the row or about the form. */
async function probeOtherStyles (byData: Outcome, tried: Tried, inputs: Inputs): Promise<Probed> {
  const byInputs = await tried(inputs, 'inputs')
  if ('outputs' in byInputs) {
    const readsData = !isBlank(inputs) && 'outputs' in (await tried(blankOf(inputs), 'data'))
    return readsData ? { outcome: byData, style: 'data' } : { outcome: byInputs, style: 'inputs' }
  }
  const messages = [byData, byInputs].flatMap(outcome =>
    'refusal' in outcome ? (outcome.refusal as Error).message : []
  )
  return {
    outcome: {
      refusal: new DomainError(
        'row-refused',
        [...new Set(messages)].join('; with inputs instead of data: ')
      )
    }
  }
}

async function outcomeOf (
  send: Send,
  inputs: Inputs,
  style: BodyStyle
): Promise<Outcome | undefined> {
  try {
    const outputs = await send(inputs, style)
    return outputs === undefined ? undefined : { outputs }
  } catch (error) {
    if (isFault(error, 'row-refused')) return { refusal: error }
    throw error
  }
}

/**
 * For probing calls: whatever they fail with, the form is not one that scores.
 */
async function outcomeOfTry (
  send: Send,
  inputs: Inputs,
  style: BodyStyle,
  signal: AbortSignal
): Promise<Outcome> {
  try {
    const outcome = await outcomeOf(send, inputs, style)
    await ownTurn() // this turn has read the answer, and comparing it may take as long again
    return outcome ?? { refusal: new DomainError('row-refused', 'nothing takes rows there') }
  } catch (error) {
    signal.throwIfAborted()
    return { refusal: error }
  }
}

function isSame (a: Outcome, b: Outcome): boolean {
  return 'outputs' in a ? 'outputs' in b && isDeepStrictEqual(a.outputs, b.outputs) : 'refusal' in b
}

function isBlank (inputs: Inputs): boolean {
  return Object.values(inputs).every(value => value === null)
}

function blankOf (inputs: Inputs): Inputs {
  const blank = Object.create(null) as Record<string, null>
  for (const name of Object.keys(inputs)) blank[name] = null
  return blank
}
