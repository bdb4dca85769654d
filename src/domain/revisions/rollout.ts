import { DomainError, invalidFields } from '../errors.js'
import type { Model } from '../models/model.js'
import type { Change, Current, ModelStore, UpdateOptions } from '../models/model-store.js'
import type { ImageAllowList } from '../models/spec-rules.js'
import { deadlineIn, untilServing, type Outcome } from '../models/wait-for-model.js'
import type { Waiting } from '../models/write-model.js'
import { challengerChange, inUse, type Challenger } from './challenger.js'
import { isSameTable, pinnedTable, promoted, revisionsIn, tableFaults, type Table } from './traffic.js'
import { forgotten } from './traffic-history.js'

/** Mutations of revisions and traffic. All read live, write once, and throw what `ModelStore.update` throws. */
export type RolloutOptions = UpdateOptions & Waiting

/** Which revision: by its name, or by the tag it has. */
export interface Chosen { readonly revision?: string, readonly tag?: string }

/** Deploys a challenger. @throws as `challengerChange`; `model-failed` when waited for and it failed: the champion serves on */
export async function deployChallenger (
  models: ModelStore, name: string, wanted: Challenger, allowList: ImageAllowList, options: RolloutOptions, signal: AbortSignal
): Promise<Outcome & { readonly revision: string, readonly isNew: boolean }> {
  let revision = ''
  let isNew = false
  const change = (current: Current): Change => {
    const { revision: challenger, ...change } = challengerChange(current, wanted, allowList)
    revision = challenger
    isNew = change.revisionName !== undefined
    return change
  }
  return { ...await changed(models, name, change, { ...options, redeploy: wanted.redeploy }, signal), revision, isNew }
}

/** Replaces the whole table. @throws `request-invalid` naming rows */
export async function setTraffic (models: ModelStore, name: string, table: Table, options: RolloutOptions, signal: AbortSignal): Promise<Outcome> {
  return await changed(models, name, ({ model, revisions }) => {
    const faults = tableFaults(table, name, revisions)
    if (faults.length > 0) throw invalidFields(faults)
    return isSameTable(table, model.desired) ? {} : { table }
  }, options, signal)
}

/** All traffic to one revision. @throws `revision-not-found` for a tag that is on none, `request-invalid` when there is none or it failed */
export async function promote (models: ModelStore, name: string, chosen: Chosen, options: RolloutOptions, signal: AbortSignal): Promise<Outcome> {
  return await changed(models, name, ({ model, revisions }) => {
    const revision = chosenRevision(model, chosen)
    const faults = tableFaults([{ latest: false, revision, percent: 100 }], name, revisions)
    if (faults.length > 0) throw invalidFields(faults.map(fault => ({ ...fault, field: chosen.tag === undefined ? 'revision' : 'tag' })))
    // a tag on a revision that is gone or failed would keep the whole table from coming into force
    const canServe = (revision: string) => revisions.some(({ name, ready }) => name === revision && ready !== false)
    const present = pinnedTable(model.desired, model.status.latestReadyRevision) ?? []
    return { table: promoted(present.filter(({ revision }) => canServe(revision)), revision) }
  }, options, signal)
}

/** Exactly the table before the present one, of revisions by name; again: the one before that. @throws `nothing-to-roll-back` */
export async function rollback (models: ModelStore, name: string, options: RolloutOptions, signal: AbortSignal): Promise<Outcome> {
  return await changed(models, name, ({ model, revisions }) => {
    const table = model.history.at(-1)
    if (table === undefined) throw new DomainError('nothing-to-roll-back', `no earlier traffic table of ${name} is known`)
    const gone = revisionsIn(table).filter(revision => !revisions.some(({ name }) => name === revision))
    if (gone.length > 0) throw new DomainError('nothing-to-roll-back', `the earlier table names ${gone.join(' and ')}, which ${gone.length === 1 ? 'is' : 'are'} gone`)
    return { table, history: model.history.slice(0, -1) }
  }, options, signal)
}

/** Deletes a revision that nothing uses; `forget`: also from what rollback could go back to. @throws `revision-not-found`, `revision-in-use` */
export async function deleteRevision (
  models: ModelStore, name: string, revision: string, forget: boolean, options: UpdateOptions, signal: AbortSignal
): Promise<void> {
  await models.update(name, ({ model, revisions }) => {
    if (!revisions.some(({ name }) => name === revision)) throw new DomainError('revision-not-found', `${name} has no revision "${revision}"`)
    const history = forget ? forgotten(model.history, revision) : model.history
    const reason = inUse({ ...model, history }, revision)
    if (reason !== undefined) throw reason
    return { history }
  }, options, signal)
  if (!options.dryRun) await models.deleteRevision(name, revision, signal)
}

function chosenRevision ({ name, desired, traffic, status }: Model, { revision, tag }: Chosen): string {
  if (revision !== undefined) return revision
  const row = desired.find(row => row.tag === tag)
  const latest = () => traffic.find(row => row.tag === tag)?.revision ?? status.latestReadyRevision
  const found = row === undefined ? undefined : row.latest ? latest() : row.revision
  if (found !== undefined) return found
  const tags = desired.flatMap(({ tag }) => tag ?? [])
  throw new DomainError('revision-not-found', `${name} has no tag "${tag}"; ${tags.length > 0 ? `it has ${tags.join(', ')}` : 'it has none'}`)
}

async function changed (
  models: ModelStore, name: string, change: (current: Current) => Change, options: RolloutOptions, signal: AbortSignal
): Promise<Outcome> {
  const deadline = deadlineIn(options.waitSeconds)
  const model = await models.update(name, change, options, signal)
  return options.dryRun || options.waitSeconds === 0 ? { model, done: true } : await untilServing(models, model, deadline, signal)
}
