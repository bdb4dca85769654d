import type { DesiredTarget, TrafficTarget } from '../revisions/traffic.js'
import type { Observation } from './observation.js'

/** A row of 0 % without a tag asks for nothing. A latest row must have reached the newest revision: before, an older one serves it. */
export function servesAsAsked ({ desired, traffic, latestCreatedRevision }: Observation): boolean {
  const wanted = desired.filter(asksForSomething).map(row => rowText(row, row.latest ? latestCreatedRevision ?? '' : row.revision))
  const served = traffic.filter(asksForSomething).map(row => rowText(row, row.revision))
  return wanted.sort().join() === served.sort().join()
}

function asksForSomething ({ percent, tag }: DesiredTarget | TrafficTarget): boolean {
  return percent > 0 || tag !== undefined
}

function rowText ({ percent, tag = '' }: DesiredTarget | TrafficTarget, revision: string): string {
  return `${revision}=${percent}:${tag}`
}

/** A table takes effect as a whole: until every revision that it names is ready, the one before is in force. */
export function isHeldBack ({ desired, traffic }: Observation): boolean {
  return traffic.length > 0 && desired.some(row => !row.latest && asksForSomething(row) && !traffic.some(({ revision }) => revision === row.revision))
}

export function servingRevisions ({ traffic }: Observation): string {
  return [...new Set(traffic.filter(({ percent }) => percent > 0).map(({ revision }) => revision))].join(' and ')
}

export function servingShares (seen: Observation): string {
  const shares = seen.traffic.filter(({ percent }) => percent > 0).map(({ revision, percent }) => `${revision} has ${percent} %`)
  return shares.length > 1 ? shares.join(', ') : `${servingRevisions(seen) || 'nothing'} serves`
}
