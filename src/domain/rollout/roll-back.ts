import { DomainError } from '../errors.js'
import type { Change, Current, ModelStore } from '../models/model/model-store.js'
import type { Outcome } from '../models/wait-for-model.js'
import { revisionsIn } from '../traffic/traffic.js'
import { changeModel, type RolloutOptions } from './change-model.js'

/**
 * Goes back to exactly the table before the present one, with revisions by name. A second call goes
 * back to the table before that.
 * @throws `nothing-to-roll-back`
 */
export async function rollBack (
  models: ModelStore,
  name: string,
  options: RolloutOptions,
  signal: AbortSignal
): Promise<Outcome> {
  return await changeModel(models, name, takeLastTable, options, signal)
}

function takeLastTable ({ model: { name, history }, revisions }: Current): Change {
  const table = history.at(-1)
  if (table === undefined) {
    throw new DomainError('nothing-to-roll-back', `no earlier traffic table of ${name} is known`)
  }
  const gone = revisionsIn(table).filter(
    revision => !revisions.some(({ name }) => name === revision)
  )
  if (gone.length > 0) {
    throw new DomainError(
      'nothing-to-roll-back',
      `the earlier table names ${gone.join(' and ')}, which ${gone.length === 1 ? 'is' : 'are'} gone`
    )
  }
  return { table, history: history.slice(0, -1) }
}
