import type { DesiredTarget, TrafficTarget } from '../../traffic/traffic.js'
import type { Observation } from './observation.js'

/**
 * Whether the traffic is as asked for. A row of 0 % without a tag asks for nothing. A latest row
 * must have reached the newest revision; until then an older one serves it.
 */
export function servesAsAsked ({ desired, traffic, latestCreatedRevision }: Observation): boolean {
  const wanted = desired
    .filter(asksForSomething)
    .map(row => writeRow(row, row.latest ? (latestCreatedRevision ?? '') : row.revision))
  const served = traffic.filter(asksForSomething).map(row => writeRow(row, row.revision))
  return wanted.sort().join() === served.sort().join()
}

function asksForSomething ({ percent, tag }: DesiredTarget | TrafficTarget): boolean {
  return percent > 0 || tag !== undefined
}

function writeRow ({ percent, tag = '' }: DesiredTarget | TrafficTarget, revision: string): string {
  return `${revision}=${percent}:${tag}`
}

/**
 * Whether the table asked for is not in force yet. A table takes effect as a whole, and the table
 * before stays in force until every named revision is ready.
 */
export function isHeldBack ({ desired, traffic }: Observation): boolean {
  return (
    traffic.length > 0 &&
    desired.some(
      row =>
        !row.latest &&
        asksForSomething(row) &&
        !traffic.some(({ revision }) => revision === row.revision)
    )
  )
}

export function listServingRevisions ({ traffic }: Observation): string {
  return [
    ...new Set(traffic.filter(({ percent }) => percent > 0).map(({ revision }) => revision))
  ].join(' and ')
}

export function describeShares (seen: Observation): string {
  const shares = seen.traffic
    .filter(({ percent }) => percent > 0)
    .map(({ revision, percent }) => `${revision} has ${percent} %`)
  return shares.length > 1 ? shares.join(', ') : `${listServingRevisions(seen) || 'nothing'} serves`
}
