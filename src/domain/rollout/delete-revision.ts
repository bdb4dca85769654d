import { DomainError } from '../errors.js'
import type { Model } from '../models/model/model.js'
import type { ModelStore, UpdateOptions } from '../models/model/model-store.js'
import { forgetRevision } from '../traffic/traffic-history.js'
import { revisionsIn } from '../traffic/traffic.js'

/**
 * Deletes a revision that is not in use. With `forget`, tables that rollback could go back to no
 * longer count as use and are forgotten.
 * @throws `revision-not-found`, `revision-in-use`
 */
export async function deleteRevision (
  models: ModelStore,
  name: string,
  revision: string,
  forget: boolean,
  options: UpdateOptions,
  signal: AbortSignal
): Promise<void> {
  await models.update(
    name,
    ({ model, revisions }) => {
      if (!revisions.some(({ name }) => name === revision)) {
        throw new DomainError('revision-not-found', `${name} has no revision "${revision}"`)
      }
      const history = forget ? forgetRevision(model.history, revision) : model.history
      const reason = whyInUse({ ...model, history }, revision)
      if (reason !== undefined) throw reason
      return { history }
    },
    options,
    signal
  )
  if (!options.dryRun) await models.deleteRevision(name, revision, signal)
}

/**
 * Says why a revision may not be deleted; undefined if it may. Knative itself refuses neither the
 * deletion of a routed revision, which takes the whole model down, nor that of the latest one,
 * which it then makes again.
 */
export function whyInUse (
  { status, traffic, desired, history }: Model,
  revision: string
): DomainError | undefined {
  if (revisionsIn(desired).includes(revision) || revisionsIn(traffic).includes(revision)) {
    return new DomainError('revision-in-use', `the revision ${revision} is in the traffic table`)
  }
  if (revision === status.latestCreatedRevision) {
    return new DomainError(
      'revision-in-use',
      `the revision ${revision} is the latest: the cluster would make it again`,
      { remedy: 'deploy another revision first, or delete the model' }
    )
  }
  if (history.some(table => revisionsIn(table).includes(revision))) {
    return new DomainError('revision-in-use', `rollback needs the revision ${revision}`, {
      remedy: "repeat with forget=true: rollback then can't go back to the tables that name it"
    })
  }
  return undefined
}
