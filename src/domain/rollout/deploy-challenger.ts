import type { ModelStore } from '../models/model/model-store.js'
import type { ImageAllowList } from '../models/spec/image-allow-list.js'
import type { Outcome } from '../models/wait-for-model.js'
import { planChallenger, type Challenger } from './challenger.js'
import { changeModel, type RolloutOptions } from './change-model.js'

/**
 * Deploys a challenger.
 * @throws the faults of `planChallenger`; `model-failed` when the caller waited and the challenger
 *   failed, while the champion goes on serving
 */
export async function deployChallenger (
  models: ModelStore,
  name: string,
  wanted: Challenger,
  allowList: ImageAllowList,
  options: RolloutOptions,
  signal: AbortSignal
): Promise<Outcome & { readonly revision: string; readonly isNew: boolean }> {
  const { change, ...outcome } = await changeModel(
    models,
    name,
    current => planChallenger(current, wanted, allowList),
    { ...options, redeploy: wanted.redeploy },
    signal
  )
  return { ...outcome, revision: change.revision, isNew: change.revisionName !== undefined }
}
