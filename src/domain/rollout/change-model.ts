import type { Change, Current, ModelStore, UpdateOptions } from '../models/model/model-store.js'
import { type Outcome, type WaitOptions, startWait, waitIfAsked } from '../models/wait-for-model.js'

/** The options of every change of revisions and traffic. */
export type RolloutOptions = UpdateOptions & WaitOptions

/** Reads the live model, writes once, waits if asked. @throws what `ModelStore.update` throws */
export async function changeModel<C extends Change> (
  models: ModelStore,
  name: string,
  change: (current: Current) => C,
  options: RolloutOptions,
  signal: AbortSignal
): Promise<Outcome & { readonly change: C }> {
  const wait = startWait(options)
  const { model, change: made } = await models.update(name, change, options, signal)
  return { ...(await waitIfAsked(models, model, options, wait, signal)), change: made }
}
