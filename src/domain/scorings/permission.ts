import type { Caller, Right, Rights } from '../access/access.js'
import type { NewScoring } from './scoring.js'

const SCORE: Right = { verb: 'create', subresource: 'score' }
const UPDATE: Right = { verb: 'update' }

/** The caller and their rights. Undefined without login, when everybody may do everything. */
export type Asker = { readonly caller: Caller, readonly rights: Rights } | undefined

/** Returns the scorings of models that the asker may score. @throws as Rights.has does */
export async function visibleTo<Item extends Pick<NewScoring, 'model'>> (
  asker: Asker,
  scorings: readonly Item[],
  signal: AbortSignal
): Promise<Item[]> {
  if (asker === undefined) return [...scorings]
  const { caller, rights } = asker
  if (await rights.has(caller, SCORE, undefined, signal)) return [...scorings]
  const models = new Set<string>()
  for (const model of new Set(scorings.map(({ model }) => model))) {
    if (await rights.has(caller, SCORE, model, signal)) models.add(model)
  }
  return scorings.filter(({ model }) => models.has(model))
}

/**
 * Returns whether the asker may stop the scoring: its own user may, and who may change its model.
 * @throws as Rights.has does
 */
export async function mayStop (
  asker: Asker,
  { model, user }: Pick<NewScoring, 'model' | 'user'>,
  signal: AbortSignal
): Promise<boolean> {
  if (asker === undefined || asker.caller.user === user) return true
  return await asker.rights.has(asker.caller, UPDATE, model, signal)
}
