import { isDeepStrictEqual } from 'node:util'
import { DomainError, invalidFields, type FieldFault } from '../errors.js'
import { mergePatch } from '../models/merge-patch.js'
import type { Model, ModelSpec, Revision } from '../models/model.js'
import type { Change, Current } from '../models/model-store.js'
import type { GivenSpec } from '../models/new-spec.js'
import { checkedSpec, type ImageAllowList } from '../models/spec-rules.js'
import { failedUnserved, pinnedTable, revisionsIn, tagFaults, withChallenger, type PinnedTable, type Table } from './traffic.js'

/** What is asked of a challenger. */
export interface Challenger {
  /** Fields of the model that it has otherwise; the rest is as the model has it now. */
  readonly given: Partial<GivenSpec>
  readonly tag?: string
  /** Its share, taken from the others in proportion; left out: 0 for a new one, what it has for one that is there. */
  readonly percent?: number
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
 * @throws DomainError `request-invalid`, `model-not-ready` without a champion, `revision-in-use` for a template that serves already,
 * `model-conflict` while the cluster has not named the revision of the template before
 */
export function challengerChange (
  { model, revisions }: Current, wanted: Challenger, allowList: ImageAllowList
): Change & { readonly revision: string } {
  const faults = [...tagFaults(wanted.tag, model.name), ...nameFaults(wanted.revision, model)]
  if (faults.length > 0) throw invalidFields(faults)
  const champions = championsOf(model, revisions)
  if (champions === undefined) throw noChampion(model)

  const spec = checkedSpec(model.name, mergePatch(model.spec, wanted.given) as GivenSpec, allowList, model.spec)
  const { latestCreatedRevision: latest } = model.status
  if (latest === undefined) throw notNamedYet(model)
  if (!wanted.redeploy && isSameTemplate(spec, model.spec)) {
    return { spec, table: tableAgain(model, champions, latest, wanted), revision: latest }
  }
  if (!revisions.some(({ name }) => name === latest)) throw notNamedYet(model)
  const revision = newName(wanted.revision, model, revisions)
  return { spec, table: withChallenger(champions, revision, wanted.percent ?? 0, wanted.tag), revisionName: revision, revision }
}

/** The rows that go on beside a challenger; undefined when none of them has traffic. */
function championsOf ({ desired, traffic, status }: Model, revisions: readonly Revision[]): PinnedTable | undefined {
  const failed = failedUnserved(traffic, revisions)
  const table = pinnedTable(desired, status.latestReadyRevision)?.filter(({ revision }) => !failed.includes(revision))
  return table?.some(({ percent }) => percent > 0) === true ? table : undefined
}

/** Fields that are the model's as a whole; all others are its template's. */
function isSameTemplate (a: ModelSpec, b: ModelSpec): boolean {
  const template = ({ description, labels, retrySafe, rolloutSeconds, ...template }: ModelSpec) => template
  return isDeepStrictEqual(template(a), template(b))
}

/** The table for the challenger that is the latest revision already; it has its row by its tag. Anything else is a champion. */
function tableAgain (model: Model, champions: PinnedTable, latest: string, { tag, percent, revision }: Challenger): Table {
  const rows = champions.filter(row => row.revision === latest)
  const own = rows.find(row => row.tag === tag)
  const follows = model.desired.some(row => row.latest && row.percent > 0)
  if (rows.length > 0 && (own === undefined || follows)) throw servesAlready(latest, rows.flatMap(({ tag }) => tag ?? []))
  if (revision !== undefined && revision !== latest) {
    throw invalidFields([{ field: 'revision', detail: `the revision ${latest} has this template already`, remedy: 'leave the name out, or repeat with redeploy=true' }])
  }
  if (own !== undefined && (percent ?? own.percent) === own.percent) return model.desired
  const others = champions.filter(row => row !== own)
  if (others.every(({ percent }) => percent === 0) && percent !== 100) {
    throw new DomainError('revision-in-use', `the revision ${latest} has all the traffic, and there is no other to give it to`, {
      remedy: `set the table you want with PUT /models/${model.name}/traffic, or go back with rollback`
    })
  }
  return withChallenger(others, latest, percent ?? 0, tag)
}

function servesAlready (revision: string, tags: readonly string[]): DomainError {
  return new DomainError('revision-in-use', `the revision ${revision} has this template already and is routed${tags.length > 0 ? ` as "${tags.join('", "')}"` : ''}`, {
    remedy: 'change a field of the challenger, or repeat with redeploy=true for another revision of the same template'
  })
}

function newName (wanted: string | undefined, { name }: Model, revisions: readonly Revision[]): string {
  const next = `${name}-${String(Math.max(0, ...revisions.map(({ number }) => number)) + 1).padStart(5, '0')}`
  const revision = wanted ?? next
  if (revision.length > NAME_MAX) {
    throw invalidFields([{ field: 'revision', detail: `no name can be made from ${name}: it is too long`, remedy: `give a name that begins with ${name}-` }])
  }
  if (revisions.some(other => other.name === revision)) {
    throw invalidFields([{ field: 'revision', detail: `there is a revision ${revision} already`, remedy: 'choose another name, or leave it out' }])
  }
  if (revision !== next && /^\d{5,}$/.test(revision.slice(name.length + 1))) { // a later template would need the name, and fail
    throw invalidFields([{ field: 'revision', detail: `${revision} is a name that the cluster gives by itself`, remedy: 'choose a name with a word, or leave it out' }])
  }
  return revision
}

function nameFaults (revision: string | undefined, { name }: Model): FieldFault[] {
  if (revision === undefined || (revision.startsWith(`${name}-`) && revision.length <= NAME_MAX && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(revision))) return []
  return [{ field: 'revision', detail: `"${revision}" can't be a revision of ${name}`, remedy: `begin it with ${name}-, use lower-case letters, digits and hyphens, at most ${NAME_MAX} characters` }]
}

function notNamedYet ({ name }: Model): DomainError {
  return new DomainError('model-conflict', `the cluster has not taken up the last change of ${name} yet`, { retryAfterSeconds: 1 })
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
