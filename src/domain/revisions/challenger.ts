import { isDeepStrictEqual } from 'node:util'
import { DomainError, invalidFields, type FieldFault } from '../errors.js'
import { mergePatch } from '../models/merge-patch.js'
import type { Model, ModelSpec, Revision } from '../models/model.js'
import type { Change, Current } from '../models/model-store.js'
import type { GivenSpec } from '../models/new-spec.js'
import { checkedSpec, type ImageAllowList } from '../models/spec-rules.js'
import { pinnedTable, revisionsIn, tagFaults, withChallenger, type PinnedTable } from './traffic.js'

/** What is asked of a challenger. */
export interface Challenger {
  /** Fields of the model that it has otherwise; the rest is as the model has it now. */
  readonly given: Partial<GivenSpec>
  readonly tag?: string
  /** Its share, taken from the others in proportion. */
  readonly percent: number
  /** Its name; otherwise the model's and the next number. */
  readonly revision?: string
  /** A new revision also of a template that is there already. */
  readonly redeploy: boolean
}

/** A revision's name is a DNS label. */
const NAME_MAX = 63

/**
 * The change that deploys a challenger: new template, the champion's pins and the challenger's row under its foretold name, all in one
 * write. Knative keeps the old routing whole until the challenger is ready, so nobody has to stay alive to shift traffic. The same
 * challenger asked for again changes nothing but its share.
 * @throws DomainError `request-invalid`, `model-not-ready` without a champion, `revision-in-use` for a template that serves already
 */
export function challengerChange (
  { model, revisions }: Current, wanted: Challenger, allowList: ImageAllowList
): Change & { readonly revision: string } {
  const faults = [...tagFaults(wanted.tag, model.name), ...nameFaults(wanted.revision, model, revisions)]
  if (faults.length > 0) throw invalidFields(faults)
  const champions = pinnedTable(model.desired, model.status.latestReadyRevision)
  if (champions === undefined) throw noChampion(model)

  const spec = checkedSpec(model.name, mergePatch(model.spec, wanted.given) as GivenSpec, allowList, model.spec)
  const { latestCreatedRevision: latest } = model.status
  if (latest !== undefined && !wanted.redeploy && isSameTemplate(spec, model.spec)) {
    refuseIfServing(champions, latest, wanted)
    return { spec, table: withChallenger(without(champions, latest), latest, wanted.percent, wanted.tag), revision: latest }
  }
  const revision = wanted.revision ?? nextName(model, revisions)
  return { spec, table: withChallenger(champions, revision, wanted.percent, wanted.tag), revisionName: revision, revision }
}

/** Fields that are the model's as a whole; all others are its template's. */
function isSameTemplate (a: ModelSpec, b: ModelSpec): boolean {
  const template = ({ description, labels, retrySafe, rolloutSeconds, ...template }: ModelSpec) => template
  return isDeepStrictEqual(template(a), template(b))
}

/** A challenger that was deployed before has its row, by its tag or by its share; anything else is a champion. */
function refuseIfServing (table: PinnedTable, latest: string, { tag }: Challenger): void {
  const row = table.find(({ revision }) => revision === latest)
  if (row === undefined || row.tag === tag) return
  throw new DomainError('revision-in-use', `the revision ${latest} has this template already and is routed${row.tag === undefined ? '' : ` as "${row.tag}"`}`, {
    remedy: 'change a field of the challenger, or repeat with redeploy=true for another revision of the same template'
  })
}

/** The table as it was before the challenger: its share goes back in proportion when it is given again. */
function without (table: PinnedTable, revision: string): PinnedTable {
  return table.filter(row => row.revision !== revision)
}

function nextName ({ name }: Model, revisions: readonly Revision[]): string {
  const next = Math.max(0, ...revisions.map(({ number }) => number)) + 1
  const revision = `${name}-${String(next).padStart(5, '0')}`
  if (revision.length <= NAME_MAX) return revision
  throw invalidFields([{ field: 'revision', detail: `no name can be made from ${name}: it is too long`, remedy: `give a name that begins with ${name}-` }])
}

function nameFaults (revision: string | undefined, { name }: Model, revisions: readonly Revision[]): FieldFault[] {
  if (revision === undefined) return []
  if (!revision.startsWith(`${name}-`) || revision.length > NAME_MAX || !/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(revision)) {
    return [{ field: 'revision', detail: `"${revision}" can't be a revision of ${name}`, remedy: `begin it with ${name}-, use lower-case letters, digits and hyphens, at most ${NAME_MAX} characters` }]
  }
  return revisions.some(other => other.name === revision)
    ? [{ field: 'revision', detail: `there is a revision ${revision} already`, remedy: 'choose another name, or leave it out' }]
    : []
}

function noChampion ({ name, status }: Model): DomainError {
  return new DomainError('model-not-ready', `${name} has no revision that serves, so there is nothing to challenge: ${status.explanation.summary}`, {
    remedy: `correct it by PUT or PATCH: ${status.explanation.remedy}`
  })
}

/** The tags that a revision has in a table. */
export function tagsOf (table: ReadonlyArray<{ readonly revision?: string, readonly tag?: string }>, revision: string): string[] {
  return table.flatMap(row => row.revision === revision ? row.tag ?? [] : [])
}

/**
 * Why a revision may not be deleted: Knative refuses neither the deletion of a routed one, which takes the whole model down, nor that of
 * the latest, which it makes again. undefined: it may.
 */
export function inUse ({ status, traffic, desired, history }: Model, revision: string): DomainError | undefined {
  if (revisionsIn(desired).includes(revision) || revisionsIn(traffic).includes(revision)) {
    return new DomainError('revision-in-use', `the revision ${revision} is in the traffic table`)
  }
  if (revision === status.latestCreatedRevision) {
    return new DomainError('revision-in-use', `the revision ${revision} is the latest: the cluster would make it again`, { remedy: 'deploy another revision first, or delete the model' })
  }
  if (history.some(table => revisionsIn(table).includes(revision))) {
    return new DomainError('revision-in-use', `rollback needs the revision ${revision}`, { remedy: 'repeat with forget=true: rollback then can\'t go back to the tables that name it' })
  }
  return undefined
}
