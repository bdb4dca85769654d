import { isDeepStrictEqual } from 'node:util'
import { DomainError } from '../../domain/errors.js'
import type { Model } from '../../domain/models/model.js'
import type { Change, Current, UpdateOptions } from '../../domain/models/model-store.js'
import { type PinnedTable, failedUnserved, isSameTable, pinnedTable, revisionsIn } from '../../domain/revisions/traffic.js'
import { remembered } from '../../domain/revisions/traffic-history.js'
import { beingDeleted } from './errors.js'
import { isSameTemplate, ksvcWith, redeployed, trafficToLatest, withHistory, withRevisionName, withTable } from './ksvc-spec.js'
import type { Ksvc } from './kube-objects.js'
import { modelOf } from './model-reading.js'

/**
 * The live ksvc as asked for; itself, when nothing is to be changed.
 * @throws DomainError `model-being-deleted`, `model-changed`, `model-pinned`, and what `change` throws
 */
export function changedKsvc (live: Ksvc, current: Current, change: (current: Current) => Change, options: UpdateOptions): Ksvc {
  const { model } = current
  if (live.metadata.deletionTimestamp !== undefined) throw beingDeleted(model.name)
  mustMatch(model, options.ifMatch)
  const { spec = model.spec, table, revisionName, history } = change(current)
  const withSpec = ksvcWith(live, spec)
  const withTemplate = options.redeploy ? redeployed(withSpec, new Date().toISOString()) : withSpec
  const isNewTemplate = !isSameTemplate(live, withTemplate)
  if (isNewTemplate && table === undefined) mustFollowLatest(model, options)
  const named = isNewTemplate && revisionName !== undefined ? withRevisionName(withTemplate, revisionName) : withTemplate
  const routed = table !== undefined && !isSameTable(table, model.desired) ? withTable(named, table) : named
  const next = options.trafficToLatest ? trafficToLatest(routed) : routed
  if (!isNewTemplate && isDeepStrictEqual(next.spec.traffic, live.spec.traffic)) return history === undefined ? next : withHistory(next, history)
  return withHistory(next, history ?? remembered(model.history, tableLeftBehind(current)))
}

/** A table that never came into force is nothing to go back to. */
function tableLeftBehind ({ model: { desired, traffic, status }, revisions }: Current): PinnedTable | undefined {
  const table = pinnedTable(desired, status.latestReadyRevision)
  const failed = failedUnserved(traffic, revisions)
  return table === undefined || revisionsIn(table).some(revision => failed.includes(revision)) ? undefined : table
}

function mustFollowLatest ({ name, desired }: Model, { trafficToLatest }: UpdateOptions): void {
  if (trafficToLatest || desired.some(({ latest, percent }) => latest && percent > 0)) return
  throw new DomainError('model-pinned', `the traffic of ${JSON.stringify(name)} is pinned to revisions: a new one would get none of it`, {
    remedy: `deploy the change by POST /models/${name}/revisions and move traffic to it, or repeat the call with traffic=latest`
  })
}

/** What the table and rollback name: not to be collected as garbage, however long it gets no traffic. */
export function neededRevisions (ksvc: Ksvc): ReadonlySet<string> {
  const { desired, history } = modelOf({ ksvc, revisions: [], pods: [] })
  return new Set([desired, ...history].flatMap(revisionsIn))
}

export function mustMatch (current: Model, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === current.version) return
  throw new DomainError('model-changed', `${JSON.stringify(current.name)} has changed since it was read`, { extra: { etag: `"${current.version}"`, desired: current.desired } })
}
