import { withAllOnLatest } from '../traffic/table-changes.js'
import {
  type PinnedTable,
  type TrafficTable,
  findFailedUnserved,
  isSameTable,
  pinTable,
  revisionsIn
} from '../traffic/traffic.js'
import { type TrafficHistory, rememberTable } from '../traffic/traffic-history.js'
import { checkVersion, modelBeingDeleted, modelPinned } from './model/model-faults.js'
import type { Model, ModelSpec, Revision } from './model/model.js'
import type { Change, Current, UpdateOptions } from './model/model-store.js'
import { isByDigest, isSameRepository } from './spec/image-reference.js'
import { isSameTemplate } from './spec/spec-fields.js'

/** What an update writes. A part that is undefined stays as it is. */
export interface UpdatePlan<C extends Change = Change> {
  /** The change that the caller's function made from the current state. */
  readonly change: C
  readonly spec: ModelSpec
  /**
   * The image in the template's container. It is `spec.image`, or the digest that `spec.image`
   * meant when it was deployed.
   */
  readonly image: string
  /** Makes a new template and looks its image up again, even if no field differs. */
  readonly redeploy: boolean
  /** The name of the revision that the new template makes; undefined: the cluster names it. */
  readonly revisionName?: string
  readonly table?: TrafficTable
  readonly history?: TrafficHistory
  /**
   * Revisions that the table and rollback need. They must not be collected as garbage, however long
   * they get no traffic.
   */
  readonly keep: ReadonlySet<string>
  /** Sentences that the writer should read. */
  readonly warnings: readonly string[]
}

const MAKES_REVISION =
  'the change makes a new revision: image, scaling, resources and the like belong to a revision'

/**
 * Decides what a change writes.
 * @throws DomainError `model-being-deleted`, `model-changed`, `model-pinned`, and what `change`
 *   throws
 */
export function planUpdate<C extends Change> (
  current: Current,
  change: (current: Current) => C,
  options: UpdateOptions
): UpdatePlan<C> {
  const { model } = current
  if (model.status.phase === 'Deleting') throw modelBeingDeleted(model.name)
  checkVersion(model, options.ifMatch)
  const made = change(current)
  const { spec = model.spec, revisionName } = made
  const makesRevision = options.redeploy || !isSameTemplate(spec, model.spec)
  if (makesRevision && made.table === undefined) checkFollowsLatest(model, options)
  const image = chooseImage(current, spec, makesRevision, options)
  const table = chooseTable(model, made.table, options)
  const history =
    made.history ??
    (makesRevision || table !== undefined ? rememberPresentTable(current) : undefined)
  return {
    change: made,
    spec,
    image,
    redeploy: options.redeploy,
    ...(makesRevision && revisionName !== undefined ? { revisionName } : {}),
    ...(table === undefined ? {} : { table }),
    ...(history === undefined ? {} : { history }),
    keep: new Set([table ?? model.desired, ...(history ?? model.history)].flatMap(revisionsIn)),
    warnings: makesRevision ? [MAKES_REVISION, ...warnOfKeptImage(spec, image)] : []
  }
}

/** A new template gets traffic by itself only if a row with a share follows the latest revision. */
function checkFollowsLatest ({ name, desired }: Model, { trafficToLatest }: UpdateOptions): void {
  if (trafficToLatest || desired.some(({ latest, percent }) => latest && percent > 0)) return
  throw modelPinned(name)
}

/**
 * Chooses the image of the template. A new template with the same tag keeps the digest that runs.
 * Otherwise a change of scaling would put a tag live that was published again. If the cluster
 * looked up no digest, the tag stays.
 */
function chooseImage (
  { model, revisions, templateImage }: Current,
  { image }: ModelSpec,
  makesRevision: boolean,
  { redeploy }: UpdateOptions
): string {
  if (redeploy || image !== model.spec.image) return image
  if (!makesRevision || isByDigest(templateImage)) return templateImage
  return findRunningDigest(image, revisions) ?? templateImage
}

/**
 * Finds the digest that a tag meant when the running revision was deployed; undefined if no running
 * revision has the tag. The newest revision that has not failed counts, even while it starts. So a
 * change of such a model goes on with the same image.
 */
function findRunningDigest (image: string, revisions: readonly Revision[]): string | undefined {
  const newest = revisions.find(({ ready }) => ready !== false)
  const digest = newest?.image === image ? newest.imageDigest : undefined
  return digest !== undefined && isByDigest(digest) && isSameRepository(digest, image)
    ? digest
    : undefined
}

function warnOfKeptImage (spec: ModelSpec, image: string): string[] {
  if (spec.image === image) return []
  const digest = image.slice(image.indexOf('@') + 1)
  return [
    `the image stays the one that ${spec.image} meant when it was deployed (${digest}); redeploy=true looks the tag up again`
  ]
}

/** Chooses the table to write; undefined if it means the same as the present one. */
function chooseTable (
  { desired }: Model,
  asked: TrafficTable | undefined,
  { trafficToLatest }: UpdateOptions
): TrafficTable | undefined {
  const table = trafficToLatest ? withAllOnLatest(asked ?? desired) : asked
  return table === undefined || isSameTable(table, desired) ? undefined : table
}

/** Returns the history with the present table added. */
function rememberPresentTable (current: Current): TrafficHistory {
  return rememberTable(current.model.history, presentTableOf(current))
}

/**
 * Returns the present table by names of revisions; undefined if it never came into force, since
 * rollback has no use for it then.
 */
function presentTableOf ({
  model: { desired, traffic, status },
  revisions
}: Current): PinnedTable | undefined {
  const table = pinTable(desired, status.latestReadyRevision)
  const failed = findFailedUnserved(traffic, revisions)
  return table === undefined || revisionsIn(table).some(revision => failed.includes(revision))
    ? undefined
    : table
}
