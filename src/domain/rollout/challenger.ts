import { DomainError, invalidFields } from '../errors.js'
import { mergePatch } from '../models/spec/merge-patch.js'
import type { Model, Revision } from '../models/model/model.js'
import type { Change, Current } from '../models/model/model-store.js'
import type { GivenSpec } from '../models/spec/new-spec.js'
import type { ImageAllowList } from '../models/spec/image-allow-list.js'
import { isSameTemplate } from '../models/spec/spec-fields.js'
import { checkSpec } from '../models/spec/spec-rules.js'
import { withChallenger } from '../traffic/table-changes.js'
import { findTagFaults } from '../traffic/table-rules.js'
import {
  findFailedUnserved,
  pinTable,
  type PinnedTable,
  type TrafficTable
} from '../traffic/traffic.js'
import { chooseRevisionName, findRevisionNameFaults } from './revision-name.js'

/** A challenger as a caller asks for it. */
export interface Challenger {
  /** The fields in which it differs from the model. The others are as in the model now. */
  readonly given: Partial<GivenSpec>
  readonly tag?: string
  /**
   * Its share, taken from the others in proportion. Default: 0 for a new challenger, the present
   * share for an existing one.
   */
  readonly percent?: number
  /** Its name. Default: the model's name and the next number. */
  readonly revision?: string
  /** Makes a new revision even if the latest one has the same template. */
  readonly redeploy: boolean
}

/**
 * Plans the change that deploys a challenger. One write makes the new template, pins the champions
 * and adds the challenger's row under its future name. Knative keeps the old routing whole until
 * the challenger is ready, so no process has to stay alive to shift traffic. Asking for the same
 * challenger again changes only its share.
 * @throws DomainError `request-invalid`, `model-not-ready` without a champion, `revision-in-use`
 *   for a template that already serves, `model-conflict` while the cluster has not yet named the
 *   revision of the present template
 */
export function planChallenger (
  { model, revisions }: Current,
  wanted: Challenger,
  allowList: ImageAllowList
): Change & { readonly revision: string } {
  const faults = [
    ...findTagFaults(wanted.tag, model.name),
    ...findRevisionNameFaults(wanted.revision, model)
  ]
  if (faults.length > 0) throw invalidFields(faults)
  const champions = findChampions(model, revisions)
  if (champions === undefined) throw noChampion(model)

  const spec = checkSpec(
    model.name,
    mergePatch(model.spec, wanted.given) as GivenSpec,
    allowList,
    model.spec
  )
  const { latestCreatedRevision: latest } = model.status
  if (latest === undefined) throw notNamedYet(model)
  if (!wanted.redeploy && isSameTemplate(spec, model.spec)) {
    return { spec, table: giveShare(model, champions, latest, wanted), revision: latest }
  }
  if (!revisions.some(({ name }) => name === latest)) throw notNamedYet(model)
  const revision = chooseRevisionName(wanted.revision, model, revisions)
  return {
    spec,
    table: withChallenger(champions, revision, wanted.percent ?? 0, wanted.tag),
    revisionName: revision,
    revision
  }
}

/** Finds the rows that stay beside a challenger; undefined if none of them has traffic. */
function findChampions (
  { desired, traffic, status }: Model,
  revisions: readonly Revision[]
): PinnedTable | undefined {
  const failed = findFailedUnserved(traffic, revisions)
  const table = pinTable(desired, status.latestReadyRevision)?.filter(
    ({ revision }) => !failed.includes(revision)
  )
  return table?.some(({ percent }) => percent > 0) === true ? table : undefined
}

/**
 * Makes the table for a challenger that already is the latest revision. The row with its tag is the
 * challenger's; every other row is a champion.
 */
function giveShare (
  model: Model,
  champions: PinnedTable,
  latest: string,
  { tag, percent, revision }: Challenger
): TrafficTable {
  const rows = champions.filter(row => row.revision === latest)
  const own = rows.find(row => row.tag === tag)
  const follows = model.desired.some(row => row.latest && row.percent > 0)
  if (rows.length > 0 && (own === undefined || follows)) {
    throw alreadyServes(
      latest,
      rows.flatMap(({ tag }) => tag ?? [])
    )
  }
  if (revision !== undefined && revision !== latest) {
    throw invalidFields([
      {
        field: 'revision',
        detail: `the revision ${latest} has this template already`,
        remedy: 'leave the name out, or repeat with redeploy=true'
      }
    ])
  }
  if (own !== undefined && (percent ?? own.percent) === own.percent) return model.desired
  const others = champions.filter(row => row !== own)
  if (others.every(({ percent }) => percent === 0) && percent !== 100) {
    throw new DomainError(
      'revision-in-use',
      `the revision ${latest} has all the traffic, and there is no other to give it to`,
      {
        remedy: `set the table you want with PUT /models/${model.name}/traffic, or go back with rollback`
      }
    )
  }
  return withChallenger(others, latest, percent ?? 0, tag)
}

function alreadyServes (revision: string, tags: readonly string[]): DomainError {
  return new DomainError(
    'revision-in-use',
    `the revision ${revision} has this template already and is routed${tags.length > 0 ? ` as "${tags.join('", "')}"` : ''}`,
    {
      remedy:
        'change a field of the challenger, or repeat with redeploy=true for another revision of the same template'
    }
  )
}

function notNamedYet ({ name }: Model): DomainError {
  return new DomainError(
    'model-conflict',
    `the cluster has not taken up the last change of ${name} yet`,
    { retryAfterSeconds: 1 }
  )
}

function noChampion ({ name, status }: Model): DomainError {
  return new DomainError(
    'model-not-ready',
    `${name} has no revision that serves, so there is nothing to challenge: ${status.explanation.summary}`,
    { remedy: `correct it by PUT or PATCH: ${status.explanation.remedy}` }
  )
}
