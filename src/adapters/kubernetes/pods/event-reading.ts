import type { EventReport } from '../../../domain/models/model/model-runtime.js'
import type { Family } from '../api/family.js'
import type { KubeEvent } from '../api/kube-objects.js'

/** Every event of the family, among those of a whole namespace. The most recent first. */
export function reportEvents (family: Family, events: readonly KubeEvent[]): EventReport[] {
  return events
    .filter(event => isAbout(event, family))
    .map(reportEvent)
    .sort(compareRecentFirst)
}

export function compareRecentFirst (a: EventReport, b: EventReport): number {
  return a.time < b.time ? 1 : a.time > b.time ? -1 : 0
}

const OF_THE_MODEL = new Set(['Service', 'Configuration', 'Route', 'Ingress'])

/**
 * Objects between revision and pod are named after the revision; their events tell of quotas. Pods
 * that are gone still have events.
 */
const BELOW_A_REVISION: Readonly<Record<string, RegExp>> = {
  Deployment: /^-deployment$/,
  ReplicaSet: /^-deployment-[a-z0-9]+$/,
  Pod: /^-deployment-[a-z0-9]+-[a-z0-9]{5}$/
}

function isAbout (
  { involvedObject: { kind = '', name = '' } }: KubeEvent,
  { ksvc, revisions, pods }: Family
): boolean {
  if (OF_THE_MODEL.has(kind)) return name === ksvc.metadata.name
  const below = BELOW_A_REVISION[kind]
  // the name of a pod has a hash in place of a long name of its revision
  if (kind === 'Pod' && pods.some(({ metadata }) => metadata.name === name)) return true
  return revisions.some(({ metadata }) =>
    below === undefined
      ? name === metadata.name
      : name.startsWith(metadata.name) && below.test(name.slice(metadata.name.length))
  )
}

function reportEvent ({
  metadata,
  involvedObject,
  type,
  reason,
  message,
  count,
  series,
  ...times
}: KubeEvent): EventReport {
  const { lastTimestamp, eventTime, firstTimestamp } = times
  return {
    time:
      lastTimestamp ??
      series?.lastObservedTime ??
      eventTime ??
      firstTimestamp ??
      metadata.creationTimestamp ??
      '',
    type: type ?? '',
    reason: reason ?? '',
    message: message ?? '',
    object: `${involvedObject.kind ?? ''}/${involvedObject.name ?? ''}`,
    count: count ?? series?.count ?? 1
  }
}
