import { DomainError, invalidFields } from '../errors.js'
import type { Model } from '../models/model/model.js'
import type { Current, ModelStore } from '../models/model/model-store.js'
import type { Outcome } from '../models/wait-for-model.js'
import { withPromoted } from '../traffic/table-changes.js'
import { findTableFaults } from '../traffic/table-rules.js'
import { pinTable, type PinnedTable } from '../traffic/traffic.js'
import { changeModel, type RolloutOptions } from './change-model.js'

/** Chooses a revision by its name or by its tag. */
export interface RevisionChoice {
  readonly revision?: string
  readonly tag?: string
}

/**
 * Gives all traffic to one revision.
 * @throws `revision-not-found` for a tag that no revision has, `request-invalid` when the revision
 *   does not exist or failed
 */
export async function promote (
  models: ModelStore,
  name: string,
  choice: RevisionChoice,
  options: RolloutOptions,
  signal: AbortSignal
): Promise<Outcome> {
  return await changeModel(
    models,
    name,
    current => ({ table: promoteIn(current, choice) }),
    options,
    signal
  )
}

/**
 * Makes the table of the promotion. Rows with revisions that are gone or failed are left out, since
 * one of them would keep the whole table from coming into force.
 */
function promoteIn ({ model, revisions }: Current, choice: RevisionChoice): PinnedTable {
  const revision = resolveChoice(model, choice)
  const faults = findTableFaults(
    [{ latest: false, revision, percent: 100 }],
    model.name,
    revisions
  )
  if (faults.length > 0) {
    const field = choice.tag === undefined ? 'revision' : 'tag'
    throw invalidFields(faults.map(fault => ({ ...fault, field })))
  }
  const canServe = ({ revision }: PinnedTable[number]) =>
    revisions.some(({ name, ready }) => name === revision && ready !== false)
  const present = pinTable(model.desired, model.status.latestReadyRevision) ?? []
  return withPromoted(present.filter(canServe), revision)
}

function resolveChoice (
  { name, desired, traffic, status }: Model,
  { revision, tag }: RevisionChoice
): string {
  if (revision !== undefined) return revision
  const row = desired.find(row => row.tag === tag)
  const latest = () => traffic.find(row => row.tag === tag)?.revision ?? status.latestReadyRevision
  const found = row === undefined ? undefined : row.latest ? latest() : row.revision
  if (found !== undefined) return found
  const tags = desired.flatMap(({ tag }) => tag ?? [])
  throw new DomainError(
    'revision-not-found',
    `${name} has no tag "${tag}"; ${tags.length > 0 ? `it has ${tags.join(', ')}` : 'it has none'}`
  )
}
